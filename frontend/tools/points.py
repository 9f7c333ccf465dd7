"""Choose where 300 points of light stand for each picture of the home page.

Draws each picture in headless Chromium with the product's own font, spreads the points evenly over the drawn
area (farthest-point sampling), and pairs the points of neighbouring pictures so that the flights are short.
It is an illustration in two dimensions: no flight dynamics, no proof of distances.

    npm ci && python tools/points.py            # writes src/art/points.json, src/art/hero.svg
"""

import json
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from scipy.optimize import linear_sum_assignment

HERE = Path(__file__).resolve().parent.parent
FONT = HERE / "node_modules/pretendard/dist/web/variable/woff2/PretendardVariable.woff2"
WIDTH, HEIGHT, COUNT = 1100, 800, 300

DRAW = """async ([font, picture]) => {
  const face = new FontFace("P", Uint8Array.from(atob(font), c => c.charCodeAt(0)), {weight: "45 920"});
  document.fonts.add(await face.load());
  const c = document.createElement("canvas"); c.width = 1100; c.height = 800;
  const x = c.getContext("2d"); x.textAlign = "center"; x.textBaseline = "middle";
  if (picture === "name") { x.font = "800 352px P"; x.fillText("빛고을", 550, 400); }
  if (picture === "mark") {
    for (let r = 0; r < 3; r++) for (let k = 0; k < 3; k++) {
      x.beginPath(); x.arc(550 + (k - 1) * 225, 400 + (r - 1) * 225, r === 1 && k === 1 ? 120 : 52, 0, 7); x.fill();
    }
  }
  if (picture === "hill") {
    for (const [y, w] of [[0, 26], [95, 22], [190, 18]]) {
      x.beginPath(); x.lineWidth = w; x.lineJoin = "round";
      for (let i = 40; i <= 1060; i += 5) {
        const t = (i - 550) / 510;
        const h = 300 * Math.exp(-t * t * 3.2) + 46 * Math.sin(i / 62 + y) * Math.exp(-t * t) + 20 * Math.sin(i / 23);
        i === 40 ? x.moveTo(i, 560 + y - h * (1 - y / 330)) : x.lineTo(i, 560 + y - h * (1 - y / 330));
      }
      x.stroke();
    }
    x.beginPath(); x.arc(820, 150, 62, 0, 7); x.fill();
  }
  const d = x.getImageData(0, 0, 1100, 800).data, out = [];
  for (let j = 0; j < 800; j += 3) for (let i = 0; i < 1100; i += 3) if (d[(j * 1100 + i) * 4 + 3] > 128) out.push([i, j]);
  return out;
}"""


def spread(area: np.ndarray) -> np.ndarray:
    """COUNT points of ``area`` (n, 2), each next one farthest from those chosen."""
    chosen = [0]
    gap = np.full(len(area), np.inf)
    for _ in range(COUNT - 1):
        gap = np.minimum(gap, ((area - area[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(gap.argmax()))
    return area[chosen]


def field() -> np.ndarray:
    """The take-off field: 25 by 12, as drones stand before a show."""
    return np.array([[110 + 36.6 * i, 690 + (j - 6) * 13 + 0 * i] for j in range(12) for i in range(25)], float)


def main() -> None:
    import base64

    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        font = base64.b64encode(FONT.read_bytes()).decode()
        drawn = {name: spread(np.array(page.evaluate(DRAW, [font, name]), float)) for name in ("name", "mark", "hill")}
        browser.close()
    scenes = [field(), drawn["name"], drawn["mark"], drawn["hill"], drawn["name"]]
    for before, after in pairwise(range(len(scenes))):
        cost = ((scenes[before][:, None] - scenes[after][None]) ** 2).sum(2)
        scenes[after] = scenes[after][linear_sum_assignment(cost)[1]]
    rounded = [[[round(v) for v in point] for point in scene] for scene in scenes]
    art = HERE / "src/art"
    (art / "points.json").write_text(json.dumps(rounded, separators=(",", ":")) + "\n")

    tone = random.Random(7)  # noqa: S311  (which lamps are warm, which are white)
    warm, white = [], []
    for x, y in rounded[1]:
        (warm if tone.random() < 0.8 else white).append((x, y))
    use = lambda points, kind: "".join(f'<use href="#{kind}" x="{x}" y="{y}"/>' for x, y in points)  # noqa: E731
    (art / "hero.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"><defs>'
        '<radialGradient id="g"><stop offset="0" stop-color="#ffb547" stop-opacity=".95"/>'
        '<stop offset=".2" stop-color="#ffb547" stop-opacity=".5"/><stop offset="1" stop-color="#ffb547" stop-opacity="0"/></radialGradient>'
        '<radialGradient id="h"><stop offset="0" stop-color="#ffecc8" stop-opacity=".95"/>'
        '<stop offset=".2" stop-color="#ffecc8" stop-opacity=".5"/><stop offset="1" stop-color="#ffecc8" stop-opacity="0"/></radialGradient>'
        '<g id="w"><circle r="17" fill="url(#g)"/><circle r="2.6" fill="#fff"/></g>'
        '<g id="c"><circle r="17" fill="url(#h)"/><circle r="2.6" fill="#fff"/></g></defs>'
        + use(warm, "w") + use(white, "c") + "</svg>\n"
    )


if __name__ == "__main__":
    main()
