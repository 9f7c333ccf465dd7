"""Names that SQL and addresses can carry."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_LIMIT = 60


def storable(text: str) -> str:
    """``text`` without what no database column holds: NUL and halves of surrogate pairs.

    >>> storable("a\\0b\\ud800c")
    'abc'
    """
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")


def same_name(name: str) -> str:
    """The form in which two spellings of one name are equal: case and ``-`` against ``_`` do not matter.

    >>> same_name("Flight-Delays") == same_name("flight_delays")
    True
    """
    return unicodedata.normalize("NFC", name).casefold().replace("-", "_")


def table_name(file_name: str) -> str:
    """The table that a file of this name becomes: letters (Hangul too), digits and ``_``.

    >>> table_name("C:\\\\data\\\\Flights 2013.v2.csv"), table_name("버스 (노선).csv"), table_name("2013.csv")
    ('flights_2013_v2', '버스_노선', 't_2013')
    >>> table_name("....")
    'table'
    """
    stem = PurePosixPath(file_name.replace("\\", "/")).name
    stem = re.sub(r"\.(csv|tsv|txt|parquet|arrow|feather|ipc)$", "", stem, flags=re.IGNORECASE)
    text = unicodedata.normalize("NFC", stem).casefold()
    text = re.sub(r"[^\w]+", "_", text).strip("_")[:_LIMIT].strip("_")
    if not text:
        return "table"
    return f"t_{text}"[:_LIMIT] if text[0].isdigit() else text


def dataset_name(title: str) -> str:
    """An address for a dataset of this title: ASCII letters, digits and ``-``, or ``""`` if none is left.

    >>> dataset_name("Flights from New York, 2013"), dataset_name("뉴욕 항공편")
    ('flights-from-new-york-2013', '')
    """
    text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:_LIMIT].strip("-")
