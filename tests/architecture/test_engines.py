"""Engines take the time and the chance from their callers."""

import ast

import pytest

from tests.architecture.tree import PACKAGE

CLOCKS = {
    ("time", "time"),
    ("time", "monotonic"),
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
}
SEEDED = {"Random", "default_rng", "Generator", "SeedSequence", "PCG64"}
SOURCES = [
    path
    for path in sorted((PACKAGE / "engines").rglob("*.py"))
    if "tests" not in path.relative_to(PACKAGE).parts
]


def impure(tree):
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner = node.func.value
        name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
        if (name, node.func.attr) in CLOCKS:
            yield f"line {node.lineno}: {name}.{node.func.attr}()"
        if name == "random" and node.func.attr not in {
            "Random",
            "default_rng",
            "Generator",
            "SeedSequence",
            "PCG64",
        }:
            yield f"line {node.lineno}: random.{node.func.attr}()"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_an_engine_asks_no_clock_and_rolls_no_global_dice(path):
    assert list(impure(ast.parse(path.read_text()))) == []


def test_the_fence_itself_sees_a_breach():
    breach = ast.parse("import random, time\nrandom.random()\ntime.time()\nrandom.Random(1).random()")

    assert list(impure(breach)) == ["line 2: random.random()", "line 3: time.time()"]
