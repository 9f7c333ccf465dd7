"""What the lake knows without a database or a file system.

- ``read`` and ``Statement.rewrite``: the gate through which every SQL text passes.
- ``tokens`` and ``query_tokens``: words for a search in Korean and English.
- ``detect_encoding``, ``decoded_lines``, ``inspect_csv``: what a text file is, and what is wrong with it.
- ``table_name``, ``dataset_name``: names that SQL and addresses can carry.
"""

from bitgoeul.engines.lake._csv import CsvProblem, CsvShape, inspect_csv
from bitgoeul.engines.lake._encoding import EncodingProblem, decoded_lines, detect_encoding
from bitgoeul.engines.lake._functions import ALLOWED_FUNCTIONS, OPERATORS
from bitgoeul.engines.lake._gate import (
    LONGEST,
    AmbiguousTable,
    Catalogue,
    Column,
    FileRefused,
    FunctionRefused,
    Gated,
    GateError,
    NotASelect,
    NotOneStatement,
    NotSupported,
    Statement,
    Table,
    TableFunctionRefused,
    TooLong,
    UnknownTable,
    Unreadable,
    as_catalogue,
    find_word,
    read,
)
from bitgoeul.engines.lake._names import dataset_name, same_name, storable, table_name
from bitgoeul.engines.lake._search import query_tokens, tokens

__all__ = [
    "ALLOWED_FUNCTIONS",
    "LONGEST",
    "OPERATORS",
    "AmbiguousTable",
    "Catalogue",
    "Column",
    "CsvProblem",
    "CsvShape",
    "EncodingProblem",
    "FileRefused",
    "FunctionRefused",
    "GateError",
    "Gated",
    "NotASelect",
    "NotOneStatement",
    "NotSupported",
    "Statement",
    "Table",
    "TableFunctionRefused",
    "TooLong",
    "UnknownTable",
    "Unreadable",
    "as_catalogue",
    "dataset_name",
    "decoded_lines",
    "detect_encoding",
    "find_word",
    "inspect_csv",
    "query_tokens",
    "read",
    "same_name",
    "storable",
    "table_name",
    "tokens",
]
