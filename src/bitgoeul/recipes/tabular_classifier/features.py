"""Columns become numbers the same way in training and in the ONNX graph.

A number keeps its value; a missing one becomes the median of the training rows. A category becomes its share
of yes answers in the training rows, pulled towards the overall share when it was seen rarely. Rare, new and
missing categories all become the same "other" value.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from reading import is_text, numbers

MAX_CATEGORIES = 200
MIN_CATEGORY_ROWS = 20
SMOOTHING_ROWS = 20.0


@dataclass(frozen=True)
class Feature:
    """One input of the model and what training learnt about its values."""

    name: str
    datatype: str  # FP32, INT64 or BYTES, in Open Inference Protocol words
    middle: float = 0.0  # numbers: what a missing value becomes
    low: float = 0.0
    high: float = 0.0
    codes: dict[str, float] = field(default_factory=dict)  # categories, most frequent first
    other: float = 0.0

    @property
    def is_category(self) -> bool:
        return self.datatype == "BYTES"

    def encode(self, column: pa.ChunkedArray) -> np.ndarray:
        """(n,) float32, exactly what the ONNX graph computes from the raw column."""
        if self.is_category:
            text = column.cast(pa.string()).combine_chunks().dictionary_encode()
            values = [self.codes.get(word, self.other) for word in text.dictionary.to_pylist()]
            table = np.array([*values, self.other], dtype=np.float32)
            spots = pc.fill_null(text.indices, len(values)).to_numpy(zero_copy_only=False)
            return table[spots]
        values = numbers(column)
        return np.where(np.isnan(values), self.middle, values).astype(np.float32)

    def raw(self, column: pa.ChunkedArray) -> np.ndarray:
        """(n, 1) the tensor that a caller of the model sends for this column."""
        if self.is_category:
            words = pc.fill_null(column.cast(pa.string()), "").to_numpy(zero_copy_only=False)
            return np.asarray(words, dtype=object).reshape(-1, 1)
        kind = np.int64 if self.datatype == "INT64" else np.float32
        return numbers(column).astype(kind).reshape(-1, 1)


def learn_features(columns: pa.Table, late: np.ndarray) -> list[Feature]:
    """Learn every feature from the training rows alone."""
    return [_learn(name, columns[name], late) for name in columns.column_names]


def _learn(name: str, column: pa.ChunkedArray, late: np.ndarray) -> Feature:
    if is_text(column.type):
        return _learn_category(name, column, late)
    values = numbers(column)
    known = values[~np.isnan(values)]
    if not len(known):
        known = np.zeros(1)
    whole = pa.types.is_integer(column.type) or pa.types.is_boolean(column.type)
    return Feature(
        name=name,
        # A column with gaps must be able to say "missing", which an integer tensor cannot.
        datatype="INT64" if whole and column.null_count == 0 else "FP32",
        middle=float(np.float32(np.median(known))),
        low=float(known.min()),
        high=float(known.max()),
    )


def _learn_category(name: str, column: pa.ChunkedArray, late: np.ndarray) -> Feature:
    text = column.cast(pa.string()).combine_chunks().dictionary_encode()
    spots = pc.fill_null(text.indices, -1).to_numpy(zero_copy_only=False)
    known = spots >= 0
    size = max(1, len(text.dictionary))
    rows = np.bincount(spots[known], minlength=size)
    yes = np.bincount(spots[known], weights=late[known], minlength=size)
    base = float(late.mean())
    share = (yes + SMOOTHING_ROWS * base) / (rows + SMOOTHING_ROWS)

    words = text.dictionary.to_pylist()
    order = sorted(range(len(words)), key=lambda i: (-rows[i], words[i]))
    kept = [i for i in order if rows[i] >= MIN_CATEGORY_ROWS][:MAX_CATEGORIES]
    rest = np.ones(len(rows), bool)
    rest[kept] = False
    other = (yes[rest].sum() + SMOOTHING_ROWS * base) / (rows[rest].sum() + SMOOTHING_ROWS)
    return Feature(
        name=name,
        datatype="BYTES",
        codes={words[i]: float(np.float32(share[i])) for i in kept},
        other=float(np.float32(other)),
    )
