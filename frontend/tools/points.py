"""Choose where 300 points of light stand for each picture of the home page.

Draws each picture in headless Chromium with the product's own font, spreads the points evenly over the drawn
area (farthest-point sampling), and pairs the points of neighbouring pictures so that the flights are short.
It is an illustration in two dimensions: no flight dynamics, no proof of distances.

    npm ci && python tools/points.py            # writes src/art/points.json and src/art/hero.svg
"""

import base64
import json
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright
from scipy.optimize import linear_sum_assignment

HERE = Path(__file__).resolve().parent.parent
ART = HERE / "src/art"
FONT = HERE / "node_modules/pretendard/dist/web/variable/woff2/PretendardVariable.woff2"
COUNT = 300
TONES = {"w": "#ffb547", "c": "#ffecc8"}


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
    return np.array([[110 + 36.6 * i, 612 + 13 * j] for j in range(12) for i in range(25)], float)


def drawn(names: list[str]) -> dict[str, np.ndarray]:
    draw = (HERE / "tools/pictures.js").read_text().split("\n", 1)[1].strip().removesuffix(";")
    font = base64.b64encode(FONT.read_bytes()).decode()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page()
        areas = {name: np.array(page.evaluate(draw, [font, name]), float) for name in names}
        chromium.close()
    return {name: spread(area) for name, area in areas.items()}


def poster(points: list[list[int]]) -> str:
    """The still picture: what everybody sees who runs no script, or asks for no motion."""
    shade = random.Random(7)  # noqa: S311  (which lamps are warm)
    glows, lamps = "", ""
    for name, colour in TONES.items():
        glows += (
            f'<radialGradient id="g{name}"><stop offset="0" stop-color="{colour}" stop-opacity=".95"/>'
            f'<stop offset=".2" stop-color="{colour}" stop-opacity=".5"/>'
            f'<stop offset="1" stop-color="{colour}" stop-opacity="0"/></radialGradient>'
            f'<g id="{name}"><circle r="17" fill="url(#g{name})"/><circle r="2.6" fill="#fff"/></g>'
        )
    for x, y in points:
        lamps += f'<use href="#{"w" if shade.random() < 0.8 else "c"}" x="{x}" y="{y}"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1100 800"><defs>{glows}</defs>{lamps}</svg>\n'
    )


def main() -> None:
    pictures = drawn(["name", "mark", "hill"])
    scenes = [field(), pictures["name"], pictures["mark"], pictures["hill"], pictures["name"]]
    for before, after in pairwise(range(len(scenes))):
        cost = ((scenes[before][:, None] - scenes[after][None]) ** 2).sum(2)
        scenes[after] = scenes[after][linear_sum_assignment(cost)[1]]
    rounded = [[[round(v) for v in point] for point in scene] for scene in scenes]
    (ART / "points.json").write_text(json.dumps(rounded, separators=(",", ":")) + "\n")
    (ART / "hero.svg").write_text(poster(rounded[1]))


if __name__ == "__main__":
    main()
