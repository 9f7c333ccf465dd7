import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.eligibility import RulesInvalid, Term, Vocabulary, fingerprint, read_clauses
from bitgoeul.kit.testing import examples

WORDS = Vocabulary(
    [
        Term(
            "organisation.region",
            "text",
            {"ko": "지역", "en": "Region"},
            {"gwangju": {"ko": "광주", "en": "Gwangju"}, "seoul": {"ko": "서울", "en": "Seoul"}},
        ),
        Term("organisation.months", "number", {"ko": "업력", "en": "Age"}),
        Term("organisation.verified", "truth", {"ko": "확인", "en": "Verified"}),
        Term("answers.tags", "texts", {"ko": "분야", "en": "Fields"}),
        Term("answers.purpose", "text", {"ko": "목적", "en": "Purpose"}),
    ]
)


def clause(rule="organisation.verified", **changes):
    text = {"ko": "가", "en": "a"}
    return {"name": "one", "title": text, "rule": rule, "passes": text, "fails": text} | changes


def codes(*clauses):
    with pytest.raises(RulesInvalid) as refused:
        read_clauses(list(clauses), WORDS)
    return [problem.code for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("organisation.verified", ("organisation.verified",)),
        ('organisation.region == "gwangju"', ("organisation.region",)),
        ('organisation.region in ["gwangju", "seoul"]', ("organisation.region",)),
        ('"ai" in answers.tags || organisation.months <= 84', ("answers.tags", "organisation.months")),
        ('answers.tags.exists(x, x.startsWith("a"))', ("answers.tags",)),
        ("size(answers.purpose) >= 20 && size(answers.tags) > 0", ("answers.purpose", "answers.tags")),
        (
            "organisation.months / 12 >= 1 ? true : organisation.verified",
            ("organisation.months", "organisation.verified"),
        ),
        ("120 / (organisation.months - 1) > 2", ("organisation.months",)),
    ],
)
def test_a_rule_in_the_allowed_part_is_read_with_the_facts_it_needs(rule, facts):
    assert read_clauses([clause(rule)], WORDS)[0].facts == facts


L = "[" + ",".join(map(str, range(60))) + "]"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (f"{L}.all(a, {L}.all(b, {L}.all(c, {L}.all(d, a+b+c+d < 1000000))))", "too-long"),
        ("[1,2].all(a, [1,2].all(b, a + b > organisation.months))", "nested-loop"),
        ("[1].map(a, a)", "function"),
        ("(" * 5000 + "1" + ")" * 5000, "too-long"),
        ("(" * 50 + "organisation.verified" + ")" * 50, "too-deep"),
        ("!" * 200 + "organisation.verified", "too-many-parts"),
        ("1/0 == 1", "no-facts"),
        ("true", "no-facts"),
        ("nosuch > 1", "name"),
        ("organisation.salary > 1", "name"),
        ("organisation.__class__", "name"),
        ("organisation.region.__class__", "member"),
        ('answers.purpose.matches("(a+)+$")', "function"),
        ('organisation["region"] == "x"', "whole-group"),
        ("answers.purpose == 'a'", "sign"),
        ('answers.tags[0] == "a"', "index"),
        ("size(organisation) > 0", "whole-group"),
        ('organisation.exists(x, x == "region")', "name"),
        ("has(organisation.region)", "function"),
        ("organisation.region == null", "name"),
        ("type(organisation.months) == int", "function"),
        ("{1: 2}", "sign"),
        ("organisation.verified // comment", "sign"),
        ('r"a" == answers.purpose', "sign"),
        ("organisation.verified)", "brackets"),
        ("(organisation.verified", "brackets"),
        ("organisation.verified &&", "syntax"),
        ("", "empty"),
        ("organisation.months", "not-yes-or-no"),
        ("organisation.verified || true", "decides-without-facts"),
        ('organisation.months > "3"', "kind"),
        ("organisation.region != 3", "kind"),
        ("3 == organisation.region", "kind"),
        ('organisation.region == "gwanju"', "choice"),
        ('organisation.region in ["gwangju", "seuol"]', "choice"),
        ("organisation.months + answers.purpose == answers.purpose", "operands"),
        ("organisation.months.startsWith(answers.purpose)", "operands"),
        ("answers.tags.exists(organisation, true)", "loop-name"),
        ("answers.tags.exists(true, true)", "loop-name"),
        ("answers.tags.exists(x, x.y)", "member"),
    ],
)
def test_a_rule_outside_the_allowed_part_is_refused_by_its_code(rule, code):
    assert codes(clause(rule)) == [code]


def test_every_problem_is_named_not_only_the_first():
    broken = [
        clause(name="Not a name"),
        clause("nosuch"),
        clause(title={"ko": "가"}),
        clause(passes={"ko": "{organisation.salary}", "en": "a"}),
        clause(name="more", weight=3),
        "text",
    ]

    assert codes(*broken) == [
        "name",
        "name",
        "text",
        "name-twice",
        "gap",
        "name-twice",
        "key",
        "not-an-object",
    ]


@pytest.mark.parametrize("raw", [None, [], {}, "x"])
def test_no_clauses_at_all_are_refused(raw):
    with pytest.raises(RulesInvalid) as refused:
        read_clauses(raw, WORDS)

    assert refused.value.problems[0].code == "no-clauses"


def test_the_fingerprint_follows_rules_and_sentences():
    read = read_clauses([clause()], WORDS)

    assert fingerprint(read) == fingerprint(read_clauses([read[0].as_data()], WORDS))
    assert fingerprint(read) != fingerprint(read_clauses([clause("!organisation.verified")], WORDS))
    assert fingerprint(read) != fingerprint(read_clauses([clause(fails={"ko": "나", "en": "b"})], WORDS))


PARTS = st.sampled_from(
    [
        *(
            "organisation.region",
            "organisation.months",
            "answers.tags",
            "organisation",
            "answers",
            "x",
            "null",
        ),
        *(
            '"a"',
            '"',
            "1",
            "9223372036854775807",
            "1.5",
            "1u",
            "==",
            "!=",
            "<",
            "&&",
            "||",
            "!",
            "+",
            "*",
            "/",
            "%",
        ),
        *(
            "in",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            ":",
            "?",
            ",",
            ".",
            "size(",
            ".exists(x, ",
            ".all(x, ",
            ".map(x, ",
        ),
        *("has(", "true", "'", '"""', "r", "\\", "$", "@", "\t", "\x00", "가"),
    ]
)


@given(
    st.one_of(
        st.text(max_size=60),
        st.lists(PARTS, max_size=25).map(" ".join),
        st.lists(PARTS, max_size=25).map("".join),
    )
)
@settings(max_examples=examples(300), deadline=None)
def test_any_text_is_either_read_or_refused_and_never_runs_away(rule):
    started = time.process_time()
    with contextlib.suppress(RulesInvalid):
        read_clauses([clause(rule)], WORDS)
    assert time.process_time() - started < 2
