"""Clauses as data: read, guarded, fingerprinted."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bitgoeul.engines.eligibility import _cel, _guard
from bitgoeul.engines.eligibility._vocabulary import LANGUAGES, Term, Vocabulary

MOST_CLAUSES = 30
NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
GAP = re.compile(r"\{([^{}]*)\}")
KEYS = frozenset({"name", "title", "rule", "passes", "fails", "unknown"})

# Values on which a new rule is tried: two of each kind, so that both sides of most comparisons run.
SAMPLES: Mapping[str, Sequence[Any]] = {
    "text": ("a", "가나다"),
    "number": (1, 40),
    "truth": (True, False),
    "texts": (["a"], ["a", "가나다"]),
}


@dataclass(frozen=True)
class Clause:
    """One condition with its three sentences, each a mapping from language to text.

    ``{group.name}`` in a sentence stands for the value of that fact, ``{facts}`` in the unknown one
    for the names of the facts that are missing.
    """

    name: str
    title: Mapping[str, str]
    rule: str
    passes: Mapping[str, str]
    fails: Mapping[str, str]
    unknown: Mapping[str, str] | None = None
    facts: tuple[str, ...] = field(default=())

    def as_data(self) -> dict[str, Any]:
        """Return the clause as it was read."""
        texts = {"title": dict(self.title), "passes": dict(self.passes), "fails": dict(self.fails)}
        if self.unknown is not None:
            texts["unknown"] = dict(self.unknown)
        return {"name": self.name, "rule": self.rule, **texts}


@dataclass(frozen=True)
class Problem:
    """Why a clause cannot be saved: its name or number, a stable code, and facts for the sentence."""

    clause: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class RulesInvalid(ValueError):
    """The clauses cannot be saved; ``problems`` names each reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(f"{problem.clause}: {problem.code}" for problem in problems))
        self.problems = tuple(problems)


def read_clauses(raw: Any, vocabulary: Vocabulary) -> tuple[Clause, ...]:
    """Read clauses from JSON data and guard each rule.

    Raises: RulesInvalid with every problem found, not only the first.
    """
    if not isinstance(raw, list) or not raw:
        raise RulesInvalid([Problem("", "no-clauses")])
    if len(raw) > MOST_CLAUSES:
        raise RulesInvalid([Problem("", "too-many-clauses", {"most": MOST_CLAUSES})])
    clauses, problems, names = [], [], set()
    for number, item in enumerate(raw, start=1):
        found = list(_problems(item, number, vocabulary))
        name = item.get("name") if isinstance(item, Mapping) else None
        if isinstance(name, str) and name in names:
            found.append(Problem(name, "name-twice"))
        names.add(name if isinstance(name, str) else "")
        problems.extend(found)
        if not found:
            clauses.append(Clause(**item, facts=_guard.paths_in(item["rule"], vocabulary)))
    if problems:
        raise RulesInvalid(problems)
    return tuple(clauses)


def fingerprint(clauses: Iterable[Clause]) -> str:
    """Return 64 hexadecimal digits that change when any rule or sentence changes."""
    data = [clause.as_data() for clause in clauses]
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _problems(item: Any, number: int, vocabulary: Vocabulary) -> Iterator[Problem]:
    if not isinstance(item, Mapping):
        yield Problem(str(number), "not-an-object")
        return
    name = item.get("name")
    called = name if isinstance(name, str) and name else str(number)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield Problem(called, "name")
    for key in sorted(map(str, item.keys() - KEYS)):
        yield Problem(called, "key", {"key": key})
    for key in ("title", "passes", "fails", "unknown"):
        if key != "unknown" or item.get(key) is not None:
            yield from _text_problems(called, key, item.get(key), vocabulary)
    rule = item.get("rule")
    if not isinstance(rule, str):
        yield Problem(called, "empty")
    else:
        yield from _rule_problems(called, rule, vocabulary)


def _text_problems(called: str, key: str, text: Any, vocabulary: Vocabulary) -> Iterator[Problem]:
    if not isinstance(text, Mapping) or not all(
        isinstance(text.get(language), str) and text[language].strip() for language in LANGUAGES
    ):
        yield Problem(called, "text", {"key": key})
        return
    for language in LANGUAGES:
        for path in GAP.findall(text[language]):
            if path not in vocabulary and (key, path) != ("unknown", "facts"):
                yield Problem(called, "gap", {"key": key, "name": path})


def _rule_problems(called: str, rule: str, vocabulary: Vocabulary) -> Iterator[Problem]:
    try:
        paths = _guard.paths_in(rule, vocabulary)
        _cel.program(rule)
    except _guard.NotAllowed as breach:
        yield Problem(called, breach.code, breach.facts)
        return
    except _cel.Unparsable:
        yield Problem(called, "syntax")
        return
    if not paths:
        yield Problem(called, "no-facts")
        return
    try:
        answers = [_tried(rule, sample, vocabulary) for sample in _samples(paths, vocabulary)]
    except _cel.OperandsDiffer:
        yield Problem(called, "operands")
        return
    if not all(isinstance(answer, bool) for answer in answers):
        yield Problem(called, "not-yes-or-no")
        return
    try:
        _cel.execute(rule, {}, vocabulary.groups)
    except (_cel.FactMissing, _cel.Unanswerable):
        return
    yield Problem(called, "decides-without-facts")


def _tried(rule: str, sample: Mapping[str, Any], vocabulary: Vocabulary) -> Any:
    try:
        return _cel.execute(rule, sample, vocabulary.groups)
    except _cel.OperandsDiffer:
        raise
    except _cel.Unanswerable:  # a division by this sample's zero says nothing about the rule
        return False


def _samples(paths: Sequence[str], vocabulary: Vocabulary) -> Iterator[dict[str, Any]]:
    for turn in (0, 1):
        yield {path: _sample(vocabulary[path], turn) for path in paths}
        yield {path: _sample(vocabulary[path], turn + index) for index, path in enumerate(paths)}


def _sample(term: Term, turn: int) -> Any:
    values: Sequence[Any] = SAMPLES[term.kind]
    if term.choices:
        codes = sorted(term.choices)
        values = codes if term.kind == "text" else [codes[:1], codes]
    return values[turn % len(values)]
