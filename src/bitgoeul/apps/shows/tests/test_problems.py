"""Every problem that the engine or the studio can find has a sentence in both languages."""

import ast
from pathlib import Path

import pytest
from django.utils.translation import override

import bitgoeul
from bitgoeul.apps.shows import story
from bitgoeul.apps.shows.problems import PROBLEMS, sentence
from bitgoeul.apps.shows.studio.telling import told
from bitgoeul.engines.shows import Problem

PACKAGE = Path(bitgoeul.__file__).parent
SOURCES = [
    path
    for folder in (PACKAGE / "engines" / "shows", PACKAGE / "apps" / "shows" / "studio")
    for path in sorted(folder.rglob("*.py"))
    if "tests" not in path.parts
]
KINDS = ("start", "goal")  # what `kind` in a code stands for


def raised():
    """(code, names of its facts) of every place that names a problem."""
    for path in SOURCES:
        for scope in ast.walk(ast.parse(path.read_text())):
            if isinstance(scope, ast.FunctionDef):
                yield from raised_in(scope)


def raised_in(scope):
    kept = [
        node
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    ]
    for call in (node for node in ast.walk(scope) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name == "refuse":
            yield from ((code, {word.arg for word in call.keywords}) for code in codes_of(call.args[0]))
        elif name == "Problem":
            facts = [word.value for word in call.keywords if word.arg == "facts"] + call.args[2:3]
            yield from ((code, names_of(facts, kept)) for code in codes_of(call.args[0]))
        elif name == "too_near":
            yield from ((code, {"other", "distance_m"}) for code in codes_of(call.args[3]))
        elif name == "outside":
            yield from ((code, {"x", "y"}) for code in codes_of(call.args[2]))


def codes_of(node):
    if isinstance(node, ast.Constant):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for kind in KINDS:
            yield "".join(part.value if isinstance(part, ast.Constant) else kind for part in node.values)


def names_of(facts, kept):
    found = [last_given(node, kept) if isinstance(node, ast.Name) else node for node in facts]
    return {key.value for node in found for key in node.keys if isinstance(key, ast.Constant)}


def last_given(name, kept):
    """What a name stood for in the line above."""
    before = [node for node in kept if node.targets[0].id == name.id and node.lineno < name.lineno]
    return max(before, key=lambda node: node.lineno).value


RAISED = sorted({(code, tuple(sorted(facts))) for code, facts in raised()})


def test_the_places_that_name_problems_are_found():
    codes = {code for code, _facts in RAISED}

    assert {"glyph-missing", "svg-refused", "drones-do-not-fit", "cannot-keep-apart"} <= codes
    assert {"goal-too-close", "start-outside-area", "pad-outside-area", "log-columns"} <= codes


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize(("code", "facts"), RAISED)
def test_every_problem_has_a_sentence_and_facts_enough_for_it(code, facts, language):
    with override(language):
        said = sentence({"code": code, "where": "", "facts": dict.fromkeys(facts, 7)})

    assert said != code
    assert "%(" not in said


def test_every_flaw_of_a_storyboard_has_a_sentence():
    drawn = story.blank(0, "") | {"more": 1}
    drawn["scenes"][0] |= {"hold_s": "long", "key": "A B"}
    del drawn["scenes"][0]["formation"]["text"]

    assert {flaw["code"] for flaw in story.flaws(drawn)} <= set(PROBLEMS)
    assert all(sentence(flaw) != flaw["code"] for flaw in story.flaws(drawn))


@pytest.mark.parametrize(
    ("problem", "english", "korean"),
    [
        (
            Problem("glyph-missing", "scenes.2", {"at": "text", "glyph": "빛"}),
            "Scene 2, Text: the font has no “빛”; write something else or add a font that has it",
            "장면 2, 글자: 글꼴에 “빛” 글자가 없습니다. 다른 글자를 쓰거나 그 글자가 있는 글꼴을 올리십시오",
        ),
        (
            Problem(
                "drones-do-not-fit",
                "scenes.1",
                {"at": "size_m", "fits": 120, "wanted": 300, "scale": 41.2349},
            ),
            "Scene 1, Size (m): 120 of 300 drones fit at this size; 41.3 m holds them all",
            "장면 1, 크기(m): 이 크기에는 드론 300대 가운데 120대만 들어갑니다. "
            "41.3 m로 키우면 모두 들어갑니다",
        ),
        (
            Problem(
                "cannot-keep-apart",
                "12",
                {"scene": "scenes.3", "other": "40", "distance_m": 3.0, "from": [0.0], "to": [1.0]},
            ),
            "Scene 3, Drone 12: cannot be kept 3 m away from drone 40 on the way; "
            "make the figure larger or move it",
            "장면 3, 드론 12번: 이동하는 동안 드론 40번과 3 m를 둘 수 없습니다. 그림을 키우거나 옮기십시오",
        ),
        (
            Problem("motion-too-fast", "scenes.1", {"limit": "velocity_xy", "factor": 1.2345}),
            "Scene 1: the motion is 1.23 times as fast as the limit allows (Horizontal velocity (m/s)); "
            "let the scene stay longer or move less",
            "장면 1: 움직임이 한계의 1.23배입니다(수평 속도(m/s)). 장면을 더 오래 두거나 덜 움직이십시오",
        ),
        (
            Problem("ring-crosses-itself", "audience.2", {"edges": [1, 3]}),
            "Audience 2: sides 1, 3 cross; list the corners in the order in which one walks around",
            "관람 구역 2: 변 1, 3번이 엇갈립니다. 둘레를 걷는 순서대로 모서리를 적으십시오",
        ),
        (
            Problem("archive-too-large", "show.json", {"bytes": 1 << 30}),
            "show.json: unpacked, the archive is larger than 1024 MiB, too large for a show",
            "show.json: 압축을 풀면 1024 MiB를 넘어 쇼로 보기에 너무 큽니다",
        ),
        (
            Problem("motion-too-close", "scenes.1", {"points": [0, 4]}),
            "Scene 1: while the figure moves, drones 1, 5 come too close; "
            "make the figure larger or the motion smaller",
            "장면 1: 움직이는 동안 드론 1, 5번이 너무 가까워집니다. 그림을 키우거나 움직임을 줄이십시오",
        ),
    ],
)
def test_a_sentence_says_where_and_counts_as_people_count(problem, english, korean):
    [data] = told([problem])

    with override("en"):
        assert sentence(data) == english
    with override("ko"):
        assert sentence(data) == korean


def test_many_that_differ_only_in_the_drone_are_told_once():
    pads = [Problem("pad-off-ground", str(n), {"z": 1.0}) for n in range(1, 14)]
    scenes = [Problem("motion-leaves-area", f"scenes.{n}") for n in (1, 2)]

    problems = told([*pads, *scenes])

    with override("en"):
        first, *others = map(sentence, problems)
    assert first == "Drone 1: the pad is at 1 m instead of on the ground (and 12 more like it)"
    assert [said.partition(":")[0] for said in others] == ["Scene 1", "Scene 2"]


def test_what_a_problem_does_not_know_it_does_not_say():
    assert told([Problem("drones-do-not-fit", "", {"scale": None, "fits": 1})])[0]["facts"] == {"fits": 1}
    assert sentence({"code": "unheard-of", "where": "", "facts": {}}) == "unheard-of"
    assert sentence({"code": "glyph-missing", "where": "", "facts": {}}) == "glyph-missing"
