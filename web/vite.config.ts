// The build writes `dist/`, which is committed and embedded in the binary: the same input must give the same bytes.
import { defineConfig } from 'vite';
import vue from '@vitejs/plugin-vue';

const server = process.env.WANGGE_URL ?? 'http://127.0.0.1:8080';
const proxied = ['/api', '/tiles', '/styles', '/healthz'];

export default defineConfig({
  plugins: [vue()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the page's policy allows no `data:` scripts or styles
    chunkSizeWarningLimit: 1200, // MapLibre
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.txt' },
  },
  worker: { format: 'es' },
  server: { proxy: Object.fromEntries(proxied.map((path) => [path, server])) },
});
