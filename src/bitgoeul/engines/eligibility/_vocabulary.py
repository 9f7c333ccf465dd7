"""The facts a rule may speak of: their names, kinds and words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["text", "number", "truth", "texts"]
LANGUAGES = ("ko", "en")
PATH = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")

MOST_TEXT = 10_000  # characters in one text fact
MOST_ITEMS = 500  # items in one list fact
LARGEST = 2**63 - 1  # CEL integers are 64 bits wide


@dataclass(frozen=True)
class Term:
    """One fact by its path ``group.name``.

    ``choices`` maps each code the fact may have to its words; where it is given, a rule may not
    compare the fact with a code that does not exist (a typing error would otherwise never match).
    """

    path: str
    kind: Kind
    label: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not PATH.fullmatch(self.path):
            raise ValueError(f"{self.path!r} is not a path like group.name")
        if self.kind not in ("text", "number", "truth", "texts"):
            raise ValueError(f"{self.path} has the unknown kind {self.kind!r}")

    @property
    def group(self) -> str:
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        return self.path.partition(".")[2]

    def accepts(self, value: Any) -> bool:
        """Tell whether a value is a usable fact of this kind. None and blank text are no facts."""
        if self.kind == "truth":
            return isinstance(value, bool)
        if self.kind == "number":
            # A NaN fails the comparison; True is an int to Python, not to us.
            return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
        if self.kind == "text":
            return _is_text(value)
        return isinstance(value, list | tuple) and len(value) <= MOST_ITEMS and all(map(_is_text, value))

    def shown(self, value: Any, language: str) -> str:
        """Write a value in words of one language."""
        if isinstance(value, bool):
            return {"ko": ("아니요", "예"), "en": ("no", "yes")}[language][value]
        if isinstance(value, list | tuple):
            return ", ".join(self.shown(item, language) for item in value)
        words = self.choices.get(str(value))
        return words[language] if words else str(value)


class Vocabulary(Mapping[str, Term]):
    """Terms by path."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self._terms = {term.path: term for term in terms}

    def __getitem__(self, path: str) -> Term:
        return self._terms[path]

    def __iter__(self) -> Any:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    @property
    def groups(self) -> frozenset[str]:
        return frozenset(term.group for term in self._terms.values())

    def known(self, facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        """Return the usable facts by path; what is absent, blank or of another kind is left out."""
        found = {}
        for path, term in self._terms.items():
            value: Any = facts.get(term.group, {}).get(term.name)
            if term.accepts(value):
                found[path] = list(value) if term.kind == "texts" else value
        return found


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != "" and len(value) <= MOST_TEXT
