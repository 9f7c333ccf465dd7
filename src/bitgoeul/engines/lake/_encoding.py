"""Which encoding a text file is in, said with the reason, and its lines in Unicode."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class EncodingProblem(ValueError):
    """No encoding that we know fits.  ``line`` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line} is in no known encoding")
        self.line = line


def _fits(chunks: Iterable[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        for chunk in chunks:
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(head: bytes) -> str:
    """UTF-16 of mostly Latin text has a NUL in every other byte."""
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.05:
        return "utf-16-be"
    return ""


def detect_encoding(chunks: Iterable[bytes]) -> str:
    """Return ``utf-8``, ``utf-8-sig``, ``utf-16``, ``utf-16-le``, ``utf-16-be`` or ``cp949``.

    The whole content is looked at, once and in passing: a file is UTF-8 only if every byte is.  CP949
    contains EUC-KR.

    Args:
        chunks: the content in pieces, of any size, in order.
    Raises: EncodingProblem with the first line that fits neither UTF-8 nor CP949.

    >>> detect_encoding(["도시,기온\\n광주,31\\n".encode("cp949")]), detect_encoding([b"a,b\\n"])
    ('cp949', 'utf-8')
    """
    utf8 = codecs.getincrementaldecoder("utf-8")("strict")
    korean = codecs.getincrementaldecoder("cp949")("strict")
    is_utf8 = is_korean = True
    lines, head = 1, True
    for chunk in chunks:
        if head and chunk:
            for mark, name in _MARKS:
                if chunk.startswith(mark):
                    return name
            if guess := _utf16_without_mark(chunk[:4096]):
                return guess
            head = False
        if is_utf8:
            is_utf8 = _accepts(utf8, chunk)
        if is_korean:
            is_korean = _accepts(korean, chunk)
        if not (is_utf8 or is_korean):
            raise EncodingProblem(lines + _line_of_bad_byte(chunk))
        lines += chunk.count(b"\n")
    if is_utf8 and _accepts(utf8, b"", final=True):
        return "utf-8"
    if is_korean and _accepts(korean, b"", final=True):
        return "cp949"
    raise EncodingProblem(lines)


def _accepts(decoder: codecs.IncrementalDecoder, chunk: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _line_of_bad_byte(chunk: bytes) -> int:
    """How many lines into ``chunk`` the first line stands that fits neither encoding."""
    for number, line in enumerate(chunk.split(b"\n")):
        if not (_fits([line], "utf-8") or _fits([line], "cp949")):
            return number
    return chunk.count(b"\n")


def decoded_lines(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """The lines of the content, each with its line end, whatever the size of the pieces.

    Raises: EncodingProblem if the content is not in ``encoding`` after all.

    >>> list(decoded_lines([b"a,b\\r", b"\\n1,", b"2"], "utf-8"))
    ['a,b\\r\\n', '1,2']
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    rest, number = "", 1
    try:
        for chunk in chunks:
            text = rest + decoder.decode(chunk)
            lines = text.split("\n")
            rest = lines.pop()
            for line in lines:
                yield line + "\n"
            number += len(lines)
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise EncodingProblem(number) from error
    if rest:
        yield rest
