import { defineConfig } from 'vite';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: '../dist/console', emptyOutDir: true, target: 'es2022' },
  // While the page is worked on, the service answers behind it.
  server: { proxy: { '/v1': 'http://127.0.0.1:4100', '/health': 'http://127.0.0.1:4100' } },
});
