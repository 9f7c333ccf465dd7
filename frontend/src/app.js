// One small module for every page. Pages work without it: it only shortens the way.
import "htmx.org/dist/htmx.esm.min.js";
import "./islands/theme.js";
import "./islands/menus.js";
import "./islands/copy.js";
import "./islands/upload.js";
import "./islands/keys.js";
import "./islands/once.js";
import "./islands/keep.js";
