"""Words for a search that finds Korean: Hangul in pairs of syllables, other scripts in words.

Korean writes particles and endings onto the word and often no space between two nouns, so whole words do not
match.  Pairs of neighbouring syllables do, without a dictionary.
"""

from __future__ import annotations

import re
import unicodedata

_RUNS = re.compile(r"[가-힣]+|[^\W_가-힣]+")
_LONGEST = 40
_PLURAL_FROM = 4


def _singular(word: str) -> str:
    """``flights`` and ``flight`` are one word; ``gas`` and ``class`` stay."""
    if len(word) >= _PLURAL_FROM and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def tokens(text: str) -> list[str]:
    """The tokens under which ``text`` is found, in order, with repeats.

    >>> tokens("광주 시내버스 Bus-stops 2024")
    ['광주', '시내', '내버', '버스', 'bus', 'stop', '2024']
    >>> tokens("빛"), tokens("!?")
    (['빛'], [])
    """
    found: list[str] = []
    for run in _RUNS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if "가" <= run[0] <= "힣":
            found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        else:
            found.append(_singular(run)[:_LONGEST])
    return found


def query_tokens(text: str) -> list[tuple[str, bool]]:
    """The tokens that a search asks for, each once, and whether its beginning is enough.

    One syllable alone, and the word that is still being typed, match whatever begins with them.

    >>> query_tokens("시내버스 fligh")
    [('시내', False), ('내버', False), ('버스', False), ('fligh', True)]
    >>> query_tokens("빛")
    [('빛', True)]
    """
    words = tokens(text)
    typing = not text[-1:].isspace()
    asked: dict[str, bool] = {}
    for place, word in enumerate(words):
        one_syllable = len(word) == 1 and "가" <= word <= "힣"
        latin_last = typing and place == len(words) - 1 and not "가" <= word[0] <= "힣"
        asked.setdefault(word, one_syllable or latin_last)
    return list(asked.items())
