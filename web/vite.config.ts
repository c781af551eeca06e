import { defineConfig } from "vite";

// The server embeds every file of dist/ and answers with `default-src 'self'`: so nothing may be
// inlined (no data: URLs, no preload polyfill), and names carry a hash so that they can be cached
// for ever. Hexadecimal hashes keep the names plain.
export default defineConfig({
  build: {
    target: "es2021",
    outDir: "dist",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    rollupOptions: {
      output: {
        hashCharacters: "hex",
        entryFileNames: "assets/page-[hash].js",
        chunkFileNames: "assets/part-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
});
