"""What a rule may be made of.

CEL has no loops but comprehensions, and these multiply: a few hundred characters of nested ``all``
over list literals run for minutes inside the library, where nothing can stop them. So rules are
read here first, token by token, and only a small part of CEL gets through: comparisons, logic,
arithmetic, texts, list literals, and one comprehension deep. The work of a rule is then at most
its tokens times the longest list.

Names are fenced as well. A rule reads facts as ``group.name`` and in no other way: a whole group, an
index, ``has()`` or ``null`` would let it see that a fact is missing and decide by that.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bitgoeul.engines.eligibility._vocabulary import Vocabulary

MOST_CHARACTERS = 600
MOST_TOKENS = 160
DEEPEST = 8

FUNCTIONS = frozenset({"size"})
METHODS = frozenset({"startsWith", "endsWith", "contains", "size", "exists", "all"})
COMPREHENSIONS = frozenset({"exists", "all"})
COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})

BOUND = re.compile(r"[a-z][a-z0-9]{0,19}")
TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<text>"(?:[^"\\\n]|\\["\\nt])*")
      | (?P<number>\d{1,18}(?:\.\d{1,9})?(?![\w.]))
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?!["']))
      | (?P<sign>==|!=|<=|>=|&&|\|\||[<>!+\-*%()\[\],.?:]|/(?!/))""",
    re.VERBOSE,
)


class NotAllowed(ValueError):
    """A rule uses something outside the part of CEL that is let through."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


@dataclass(frozen=True)
class Token:
    kind: str  # text, number, word or sign
    text: str


END = Token("end", "")


def paths_in(rule: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """Return the paths of the facts a rule reads, sorted; raise ``NotAllowed`` at the first breach."""
    reader = _Reader(_tokens(rule), vocabulary)
    reader.read()
    return tuple(sorted(reader.paths))


def _tokens(rule: str) -> list[Token]:
    if len(rule) > MOST_CHARACTERS:
        raise NotAllowed("too-long", most=MOST_CHARACTERS)
    tokens, at = [], 0
    while at < len(rule):
        match = TOKEN.match(rule, at)
        if not match:
            raise NotAllowed("sign", near=rule[at : at + 12])
        at = match.end()
        if match.lastgroup != "space":
            tokens.append(Token(str(match.lastgroup), match.group()))
    if not tokens:
        raise NotAllowed("empty")
    if len(tokens) > MOST_TOKENS:
        raise NotAllowed("too-many-parts", most=MOST_TOKENS)
    return tokens


class _Reader:
    """One pass over the tokens with the brackets that are open and the names they bind."""

    def __init__(self, tokens: list[Token], vocabulary: Vocabulary) -> None:
        self.tokens = tokens
        self.vocabulary = vocabulary
        self.paths: set[str] = set()
        self.open: list[tuple[str, str]] = []  # closing sign, bound name or ""

    def at(self, index: int) -> Token:
        return self.tokens[index] if 0 <= index < len(self.tokens) else END

    def read(self) -> None:
        for index, token in enumerate(self.tokens):
            if token.kind == "word":
                self.read_word(index)
            elif token.text in ("(", "["):
                self.read_opening(index)
            elif token.text in (")", "]") and (not self.open or self.open.pop()[0] != token.text):
                raise NotAllowed("brackets")
        if self.open:
            raise NotAllowed("brackets")

    def read_opening(self, index: int) -> None:
        before, sign = self.at(index - 1), self.at(index).text
        if sign == "[" and (
            (before.kind in ("word", "text") and before.text != "in") or before.text in (")", "]")
        ):
            raise NotAllowed("index")
        bound = ""
        if sign == "(" and before.text in COMPREHENSIONS and self.at(index - 2).text == ".":
            if any(name for _, name in self.open):
                raise NotAllowed("nested-loop")
            bound = self.at(index + 1).text
            if not BOUND.fullmatch(bound) or self.at(index + 2).text != "," or self.is_taken(bound):
                raise NotAllowed("loop-name", name=bound)
        self.open.append((")" if sign == "(" else "]", bound))
        if len(self.open) > DEEPEST:
            raise NotAllowed("too-deep", most=DEEPEST)

    def is_taken(self, name: str) -> bool:
        return name in self.vocabulary.groups or name in {"true", "false", "in", "null"} | FUNCTIONS | METHODS

    def read_word(self, index: int) -> None:
        word, before, after = self.at(index).text, self.at(index - 1).text, self.at(index + 1).text
        if before == ".":
            # The name after a group was read with it; any other dot must lead to a method.
            if not self.names_fact(index) and not (word in METHODS and after == "("):
                raise NotAllowed("function" if after == "(" else "member", name=word)
        elif word in ("true", "false", "in"):
            return
        elif after == "(":
            if word not in FUNCTIONS:
                raise NotAllowed("function", name=word)
        elif word in self.vocabulary.groups:
            self.read_path(index)
        elif word not in {name for _, name in self.open if name}:
            raise NotAllowed("name", name=word)

    def names_fact(self, index: int) -> bool:
        return self.at(index - 2).text in self.vocabulary.groups and self.at(index - 3).text != "."

    def read_path(self, index: int) -> None:
        group, name = self.at(index).text, self.at(index + 2)
        path = f"{group}.{name.text}"
        if self.at(index + 1).text != "." or name.kind != "word":
            raise NotAllowed("whole-group", name=group)
        if path not in self.vocabulary:
            raise NotAllowed("name", name=path)
        self.paths.add(path)
        self.check_comparison(path, index)

    def check_comparison(self, path: str, index: int) -> None:
        """Refuse ``path == literal`` that can never be true: another kind, or a code nobody has."""
        after, literal = self.at(index + 3).text, self.at(index + 4)
        if after in COMPARISONS:
            self.check_literal(path, literal)
        elif after == "in" and literal.text == "[":
            for at in range(index + 5, len(self.tokens)):
                if self.at(at).text == "]":
                    break
                self.check_literal(path, self.at(at))
        if self.at(index - 1).text in COMPARISONS:
            self.check_literal(path, self.at(index - 2))
        if self.at(index - 1).text == "in":
            self.check_choice(path, self.at(index - 2))

    def check_literal(self, path: str, literal: Token) -> None:
        term = self.vocabulary[path]
        kind = {"text": "text", "number": "number"}.get(literal.kind)
        if literal.text in ("true", "false"):
            kind = "truth"
        if kind is None:
            return
        if kind != term.kind:
            raise NotAllowed("kind", name=path, literal=literal.text)
        self.check_choice(path, literal)

    def check_choice(self, path: str, literal: Token) -> None:
        choices = self.vocabulary[path].choices
        if literal.kind == "text" and choices and json.loads(literal.text, strict=False) not in choices:
            raise NotAllowed("choice", name=path, literal=literal.text)
