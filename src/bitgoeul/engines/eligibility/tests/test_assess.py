import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from bitgoeul.engines.eligibility import RulesInvalid, assess, read_clauses, verdict
from bitgoeul.engines.eligibility.tests.test_clauses import WORDS, clause
from bitgoeul.kit.testing import examples

LOCAL = clause(
    'organisation.region == "gwangju"',
    passes={"ko": "{organisation.region} 기관입니다.", "en": "You are in {organisation.region}."},
    fails={"ko": "{organisation.region} 기관은 안 됩니다.", "en": "Not for {organisation.region}."},
)


def outcome(facts, raw=LOCAL):
    return assess(read_clauses([raw], WORDS), facts, WORDS)[0]


def test_a_clause_that_holds_passes_with_its_reason_in_words():
    found = outcome({"organisation": {"region": "gwangju"}})

    assert (found.result, found.reason) == ("pass", {"ko": "광주 기관입니다.", "en": "You are in Gwangju."})


def test_a_clause_that_does_not_hold_fails_with_its_reason():
    found = outcome({"organisation": {"region": "seoul"}})

    assert (found.result, found.reason["ko"]) == ("fail", "서울 기관은 안 됩니다.")


@pytest.mark.parametrize("value", [None, "", "  ", 3, True, ["gwangju"], "x" * 10_001])
def test_a_missing_blank_or_mistyped_fact_is_unknown(value):
    found = outcome({"organisation": {"region": value}})

    assert (found.result, found.missing) == ("unknown", ("organisation.region",))
    assert found.reason == {"ko": "아직 확인하지 못한 정보: 지역", "en": "Not known yet: Region."}


@pytest.mark.parametrize("rule", ['organisation.region != "seoul"', '!(organisation.region == "seoul")'])
def test_a_negation_does_not_turn_a_missing_fact_into_a_pass(rule):
    assert outcome({}, clause(rule)).result == "unknown"


def test_a_missing_fact_that_cannot_matter_does_not_hold_things_up():
    either = clause("organisation.verified || organisation.months < 84")

    assert outcome({"organisation": {"verified": True}}, either).result == "pass"
    assert outcome({"organisation": {"verified": False}}, either).missing == ("organisation.months",)


def test_a_rule_without_an_answer_goes_to_a_person():
    found = outcome({"organisation": {"months": 1}}, clause("120 / (organisation.months - 1) > 2"))

    assert (found.result, found.missing) == ("unknown", ())
    assert "A person" in found.reason["en"]


def test_facts_are_put_into_sentences_as_text_and_never_read_as_gaps():
    raw = clause('answers.purpose != "x"', passes={"ko": "{answers.purpose}", "en": "{answers.purpose}"})

    assert (
        outcome({"answers": {"purpose": "{organisation.region}"}}, raw).reason["en"]
        == "{organisation.region}"
    )


def test_the_unknown_sentence_may_be_the_callers_own():
    raw = LOCAL | {"unknown": {"ko": "기관 정보에 {facts} 입력", "en": "Add {facts} to your company file."}}

    assert outcome({}, raw).reason["en"] == "Add Region to your company file."


@pytest.mark.parametrize(
    ("results", "expected"),
    [("", "unknown"), ("p", "pass"), ("pu", "unknown"), ("puf", "fail"), ("pf", "fail"), ("pp", "pass")],
)
def test_the_verdict_is_the_worst_outcome(results, expected):
    read = {"p": {"verified": True}, "f": {"verified": False}, "u": {}}
    outcomes = [outcome({"organisation": read[letter]}, clause()) for letter in results]

    assert verdict(outcomes) == expected


FACTS = {
    "organisation.region": st.sampled_from(["gwangju", "seoul"]),
    "organisation.months": st.integers(-3, 200),
    "organisation.verified": st.booleans(),
    "answers.tags": st.lists(st.sampled_from(["a", "b", ""]), max_size=3),
    "answers.purpose": st.sampled_from(["a", "b", "ab"]),
}
TERMS = st.sampled_from(
    [
        *('organisation.region == "gwangju"', 'organisation.region != "seoul"', "organisation.verified"),
        *("organisation.months < 84", "120 / organisation.months > 2", 'answers.purpose.contains("a")'),
        *('answers.tags.exists(x, x == "a")', 'answers.tags.all(x, x != "b")', '"a" in answers.tags'),
        *("size(answers.tags) == 0", "answers.purpose in answers.tags", 'answers.purpose != "a"'),
    ]
)
RULES = st.recursive(
    TERMS,
    lambda inner: st.one_of(
        inner.map("!({})".format),
        st.tuples(inner, inner).map("({0[0]}) && ({0[1]})".format),
        st.tuples(inner, inner).map("({0[0]}) || ({0[1]})".format),
        st.tuples(inner, inner, inner).map("(({0[0]}) ? ({0[1]}) : ({0[2]}))".format),
    ),
    max_leaves=5,
)


@given(RULES, st.fixed_dictionaries(FACTS), st.sets(st.sampled_from(sorted(FACTS))))
@settings(max_examples=examples(400), deadline=None)
def test_what_is_decided_on_few_facts_stays_decided_on_all(rule, values, known):
    """The law of the missing fact: unknown may become pass or fail, but these never change."""
    try:
        clauses = read_clauses([clause(rule)], WORDS)
    except RulesInvalid:
        reject()

    partly = assess(clauses, nested(values, known), WORDS)[0]
    fully = assess(clauses, nested(values, FACTS), WORDS)[0]

    assert partly.result in ("unknown", fully.result)
    if partly.result == "unknown" and fully.result != "unknown":
        assert partly.missing


def nested(values, known):
    facts = {}
    for path in known:
        group, _, name = path.partition(".")
        facts.setdefault(group, {})[name] = values[path]
    return facts
