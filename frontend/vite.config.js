import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { defineConfig } from "vite";

const OUT = join(import.meta.dirname, "../src/bitgoeul/kit/static/dist");

// The web server sends these as they lie: compressed once here instead of for each visitor.
const compressed = {
  name: "compressed",
  closeBundle() {
    for (const name of readdirSync(OUT).filter((file) => /\.(css|js|svg)$/.test(file))) {
      const bytes = readFileSync(join(OUT, name));
      if (bytes.length < 800) continue;
      writeFileSync(join(OUT, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      writeFileSync(join(OUT, `${name}.br`), brotliCompressSync(bytes));
    }
  },
};

// Documents on paper embed the parts of these that they use (read by bitgoeul.kit.ui.paper).
const paper = {
  name: "paper",
  closeBundle() {
    const from = join(import.meta.dirname, "node_modules/pretendard/dist/public/static/alternative");
    mkdirSync(join(OUT, "print"), { recursive: true });
    for (const name of ["Pretendard-Regular.ttf", "Pretendard-Bold.ttf"]) {
      copyFileSync(join(from, name), join(OUT, "print", name));
    }
  },
};

// Words in a drone show are drawn from the outlines of this font; it holds every Hangul syllable.
const letters = {
  name: "letters",
  closeBundle() {
    const from = join(import.meta.dirname, "node_modules/pretendard/dist/public/static");
    mkdirSync(join(OUT, "fonts"), { recursive: true });
    copyFileSync(join(from, "Pretendard-Bold.otf"), join(OUT, "fonts", "Pretendard-Bold.otf"));
  },
};

// Files carry a hash of their content in their name; manifest.json says which name holds which source
// (read by bitgoeul.kit.ui.assets). No data: URLs, so that "default-src 'self'" is the whole policy.
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  logLevel: "warn",
  publicDir: false,
  plugins: [compressed, paper, letters],
  build: {
    outDir: OUT,
    emptyOutDir: true,
    manifest: "manifest.json",
    assetsDir: ".",
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    // three.js, which only the pages that play a show load.
    chunkSizeWarningLimit: 800,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    rollupOptions: {
      checks: { pluginTimings: false },
      input: {
        app: "src/app.js",
        hero: "src/islands/hero.js",
        show: "src/islands/show.js",
        film: "src/islands/film.js",
        styles: "src/styles/app.css",
        fonts: "src/styles/fonts.css",
        art: "src/art/art.js",
      },
    },
  },
});
