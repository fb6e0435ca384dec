import { defineConfig } from 'vite';

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
  // While the page is worked on, the service answers behind it.
  server: { proxy: { '/v1': 'http://127.0.0.1:4100', '/health': 'http://127.0.0.1:4100' } },
});
