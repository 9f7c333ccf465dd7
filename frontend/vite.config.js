import { defineConfig } from "vite";

// Files carry a hash of their content in their name; manifest.json says which name holds which source
// (read by bitgoeul.kit.ui.assets). No data: URLs, so that "default-src 'self'" is the whole policy.
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  publicDir: false,
  build: {
    outDir: "../src/bitgoeul/kit/static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsDir: ".",
    assetsInlineLimit: 0,
    cssCodeSplit: true,
    modulePreload: false,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    rollupOptions: {
      input: {
        app: "src/app.js",
        hero: "src/islands/hero.js",
        styles: "src/styles/app.css",
        fonts: "src/styles/fonts.css",
        art: "src/art/art.js",
      },
    },
  },
});
