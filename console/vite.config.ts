import { defineConfig } from 'vite';

const service = { target: 'http://127.0.0.1:4100', changeOrigin: false };

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    target: 'es2022',
    // Browsers that know light-dark(): it is left as it is written.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // Inline scripts and styles are refused by the policy of the page.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // While the page is worked on, the service answers behind it. It refuses pages of other hosts: the host stays as the browser has it.
  server: { proxy: { '/v1': service, '/health': service } },
});
