"""Clauses against facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bitgoeul.engines.eligibility import _cel
from bitgoeul.engines.eligibility._clauses import GAP, Clause
from bitgoeul.engines.eligibility._vocabulary import LANGUAGES, Vocabulary

Result = Literal["pass", "fail", "unknown"]

NOT_KNOWN = {"ko": "아직 확인하지 못한 정보: {facts}", "en": "Not known yet: {facts}."}
NO_ANSWER = {
    "ko": "이 조건은 자동으로 확인할 수 없습니다. 담당자가 확인합니다.",
    "en": "This condition could not be checked automatically. A person will look at it.",
}


@dataclass(frozen=True)
class Outcome:
    """What one clause says about one applicant, with the reason in each language.

    ``missing`` holds the paths of the facts that were asked for and not there; it is empty when the
    rule had no answer for the facts it got.
    """

    clause: str
    title: Mapping[str, str]
    result: Result
    reason: Mapping[str, str]
    missing: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        return {
            "clause": self.clause,
            "title": dict(self.title),
            "result": self.result,
            "reason": dict(self.reason),
            "missing": list(self.missing),
        }


def assess(
    clauses: Iterable[Clause], facts: Mapping[str, Mapping[str, Any]], vocabulary: Vocabulary
) -> tuple[Outcome, ...]:
    """Assess each clause on facts given as ``{group: {name: value}}``.

    Pass and fail are final: with more facts they stay what they are. A value of another kind than the
    vocabulary says counts as missing.
    """
    known = vocabulary.known(facts)
    return tuple(_outcome(clause, known, vocabulary) for clause in clauses)


def verdict(outcomes: Iterable[Outcome]) -> Result:
    """Return ``fail`` if any clause fails, else ``unknown`` if any is unknown, else ``pass``.

    No outcomes at all are ``unknown``: somebody forgot to ask.

    >>> verdict([])
    'unknown'
    """
    results = {outcome.result for outcome in outcomes}
    if "fail" in results:
        return "fail"
    return "pass" if results == {"pass"} else "unknown"


def _outcome(clause: Clause, known: Mapping[str, Any], vocabulary: Vocabulary) -> Outcome:
    missing = tuple(path for path in clause.facts if path not in known)
    try:
        answer = _cel.execute(clause.rule, known, vocabulary.groups)
    except _cel.FactMissing:
        reason = _not_known(clause, missing, vocabulary)
        return Outcome(clause.name, clause.title, "unknown", reason, missing)
    except _cel.Unanswerable:
        answer = None
    if not isinstance(answer, bool):
        return Outcome(clause.name, clause.title, "unknown", NO_ANSWER)
    reason = {
        language: _filled((clause.passes if answer else clause.fails)[language], known, vocabulary, language)
        for language in LANGUAGES
    }
    return Outcome(clause.name, clause.title, "pass" if answer else "fail", reason)


def _not_known(clause: Clause, missing: tuple[str, ...], vocabulary: Vocabulary) -> dict[str, str]:
    sentences = {}
    for language in LANGUAGES:
        facts = ", ".join(vocabulary[path].label[language] for path in missing)
        text = (clause.unknown or NOT_KNOWN)[language]
        sentences[language] = _filled(text.replace("{facts}", facts), {}, vocabulary, language)
    return sentences


def _filled(text: str, known: Mapping[str, Any], vocabulary: Vocabulary, language: str) -> str:
    """Put facts into the gaps of a sentence; a fact that is not there shows as a dash."""
    return GAP.sub(
        lambda gap: vocabulary[gap[1]].shown(known[gap[1]], language) if gap[1] in known else "–", text
    )
