"""Hangul in Latin letters, for addresses that people can read and type."""

import unicodedata

# In the order of Unicode's Hangul syllables; a silent initial and a missing final are empty.
INITIALS = [
    "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p",
    "h",
]  # fmt: skip
VOWELS = [
    "a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae", "oe", "yo", "u", "wo", "we",
    "wi", "yu", "eu", "ui", "i",
]  # fmt: skip
FINALS = [
    "", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l", "p", "l", "m", "p", "p",
    "t", "t", "ng", "t", "t", "k", "t", "p", "t",
]  # fmt: skip
FIRST, LAST = 0xAC00, 0xD7A3


def romanised(text: str) -> str:
    """Return ``text`` with every Hangul syllable in the letters of the Revised Romanisation.

    Syllable by syllable: the changes of sound between syllables are left out, as the rules
    allow for names. Everything else stays as it is.

    >>> romanised("빛고을 AI")
    'bitgoeul AI'
    """
    letters = []
    for char in unicodedata.normalize("NFC", text):
        if FIRST <= ord(char) <= LAST:
            initial, rest = divmod(ord(char) - FIRST, len(VOWELS) * len(FINALS))
            vowel, final = divmod(rest, len(FINALS))
            letters.append(INITIALS[initial] + VOWELS[vowel] + FINALS[final])
        else:
            letters.append(char)
    return "".join(letters)
