# ruff: noqa: E501 - sentences for people stay whole
"""From Parquet files to the rows and columns that the model may see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from refusals import Refused

MAX_FEATURES = 200
RESERVED = {"probability", "label"}  # the outputs; a slash marks names inside the graph
# A text column with nearly as many values as rows names rows; it does not describe them.
IDENTIFIER_SHARE = 0.5
COMPARISONS = {">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less}


@dataclass(frozen=True)
class Source:
    dataset: str
    table: str
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Rows:
    """The known rows, ordered by time."""

    source: Source
    time: np.ndarray  # (n,) datetime64[us] or number
    late: np.ndarray  # (n,) bool: the answer is yes
    columns: pa.Table  # features only, same order
    rows_read: int
    rows_without_answer: int
    left_out: dict[str, str]  # column -> why it was not used


def find_source(inputs: Path, dataset: str | None, table: str | None) -> Source:
    """Return the one table to learn from; with several candidates the parameters must name it."""
    found = {
        (file.parent.parent.name, file.parent.name): sorted(file.parent.glob("*.parquet"))
        for file in sorted(inputs.glob("*/*/*.parquet"))
    }
    wanted = {
        key: files for key, files in found.items() if dataset in (None, key[0]) and table in (None, key[1])
    }
    if not wanted:
        raise Refused(
            "recipe.NoSuchTable",
            ko=f"입력에 표가 없습니다: 데이터셋 {dataset or '전체'}, 표 {table or '전체'}",
            en=f"The inputs hold no such table: dataset {dataset or 'any'}, table {table or 'any'}",
        )
    if len(wanted) > 1:
        names = ", ".join(f"{d}/{t}" for d, t in wanted)
        raise Refused(
            "recipe.SeveralTables",
            ko=f"표가 여럿입니다. dataset과 table로 하나를 고르십시오: {names}",
            en=f"There are several tables; choose one with dataset and table: {names}",
        )
    ((key, files),) = wanted.items()
    return Source(*key, tuple(files))


def read_rows(source: Source, parameters: dict[str, Any]) -> Rows:
    """Read the answer, the time and the allowed features; drop rows without an answer; order by time."""
    schema = pa.unify_schemas([pq.read_schema(file) for file in source.files], promote_options="permissive")
    target, time_column = parameters["target"], parameters["time_column"]
    for name in (target, time_column):
        _require_column(schema, name)
    features, left_out = _choose_features(schema, parameters)

    wanted = list(dict.fromkeys([target, time_column, *features]))
    table = pa.concat_tables(
        [pq.read_table(file, columns=wanted) for file in source.files], promote_options="permissive"
    )
    read = table.num_rows
    table = table.filter(pc.and_(pc.is_valid(table[target]), pc.is_valid(table[time_column])))
    table = table.take(pc.sort_indices(table, sort_keys=[(time_column, "ascending")]))
    late = _answers(table[target].combine_chunks(), parameters.get("positive", True))
    if not 0 < late.sum() < len(late):
        raise Refused(
            "recipe.OneAnswerOnly",
            ko=f"'{target}' 열의 답이 한 가지뿐이라 배울 것이 없습니다. positive 조건을 확인하십시오.",
            en=f"Column '{target}' has one answer only, so there is nothing to learn. Check the positive condition.",
        )
    kept = []
    for name in features:
        why = _unusable(name, table[name], listed=bool(parameters.get("features")))
        if why:
            left_out[name] = why
        else:
            kept.append(name)
    if not kept:
        raise Refused("recipe.NoFeatures", ko="쓸 수 있는 열이 없습니다.", en="No usable column is left.")
    return Rows(
        source=source,
        time=_moments(table[time_column].combine_chunks()),
        late=late,
        columns=table.select(kept),
        rows_read=read,
        rows_without_answer=read - table.num_rows,
        left_out=left_out,
    )


def _require_column(schema: pa.Schema, name: str) -> None:
    if name not in schema.names:
        raise Refused(
            "recipe.NoSuchColumn",
            ko=f"'{name}' 열이 표에 없습니다. 있는 열: {', '.join(schema.names)}",
            en=f"The table has no column '{name}'. It has: {', '.join(schema.names)}",
        )


def _choose_features(schema: pa.Schema, parameters: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    unknown_yet = set(parameters.get("not_known_beforehand") or ())
    for name in unknown_yet:
        _require_column(schema, name)
    forbidden = unknown_yet | {parameters["target"]}
    listed = list(dict.fromkeys(parameters.get("features") or ()))
    for name in listed:
        _require_column(schema, name)
    seen = [name for name in listed if name in forbidden]
    if seen:
        raise Refused(
            "recipe.Leakage",
            ko=f"예측 시점에 알 수 없는 열은 쓸 수 없습니다: {', '.join(seen)}",
            en=f"Columns that are not known at prediction time may not be used: {', '.join(seen)}",
        )
    left_out = dict.fromkeys(sorted(unknown_yet), "not known at prediction time")
    features = listed or [n for n in schema.names if n not in forbidden and n != parameters["time_column"]]
    taken = [name for name in features if name in RESERVED or "/" in name]
    if taken:
        raise Refused(
            "recipe.ReservedName",
            ko=f"이 열 이름은 모델이 씁니다. 다른 이름으로 바꾸십시오: {', '.join(taken)}",
            en=f"The model itself uses these names; rename the columns: {', '.join(taken)}",
        )
    if len(features) > MAX_FEATURES:
        raise Refused(
            "recipe.TooManyFeatures",
            ko=f"열이 {len(features)}개입니다. 최대 {MAX_FEATURES}개입니다.",
            en=f"There are {len(features)} columns; the most is {MAX_FEATURES}.",
        )
    return features, left_out


def _unusable(name: str, column: pa.ChunkedArray, *, listed: bool) -> str:
    """Say why a column cannot be a feature; a column that somebody listed by name is refused aloud."""
    kind = column.type
    if is_text(kind):
        distinct = pc.count_distinct(column).as_py()
        if not listed and distinct > max(50, IDENTIFIER_SHARE * len(column)):
            return "names rows instead of describing them"
        return ""
    if is_number(kind):
        return "" if column.null_count < len(column) else "always empty"
    if listed:
        raise Refused(
            "recipe.UnusableColumn",
            ko=f"'{name}' 열의 형식({kind})은 쓸 수 없습니다. 숫자나 글자로 바꾸십시오.",
            en=f"Column '{name}' has the type {kind}, which cannot be used. Turn it into numbers or text.",
        )
    return f"type {kind} is neither a number nor text"


def is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_decimal(kind)
    )


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    """(n,) float64 with NaN where the value is missing."""
    return np.asarray(
        pc.fill_null(column.cast(pa.float64()), float("nan")).to_numpy(zero_copy_only=False), dtype=np.float64
    )


def _answers(column: pa.Array, positive: object) -> np.ndarray:
    """(n,) bool: which rows answer yes under ``positive`` (a value, or a comparison such as '>15')."""
    if isinstance(positive, str):
        for sign, compare in COMPARISONS.items():
            if positive.strip().startswith(sign) and is_number(column.type):
                try:
                    bound = float(positive.strip()[len(sign) :])
                except ValueError:
                    break
                return np.asarray(compare(numbers(pa.chunked_array([column])), bound))
    if is_number(column.type) and not isinstance(positive, str):
        return np.asarray(numbers(pa.chunked_array([column])) == float(positive))  # type: ignore[arg-type]
    if is_text(column.type):
        wanted = str(positive)
        return np.asarray(pc.equal(column.cast(pa.string()), wanted).to_numpy(zero_copy_only=False), bool)
    raise Refused(
        "recipe.UnreadableCondition",
        ko=f"'{positive}' 조건을 {column.type} 형식의 열에 쓸 수 없습니다.",
        en=f"The condition '{positive}' does not fit a column of type {column.type}.",
    )


def _moments(column: pa.Array) -> np.ndarray:
    """(n,) values that sort by time: datetime64[us] for dates and times, float64 for numbers."""
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return np.asarray(column.cast(pa.timestamp("us", kind.tz if pa.types.is_timestamp(kind) else None)))
    if is_number(kind):
        return numbers(pa.chunked_array([column]))
    raise Refused(
        "recipe.NoTime",
        ko=f"시간 열의 형식({kind})을 시간으로 볼 수 없습니다.",
        en=f"The time column has the type {kind}, which is not a time.",
    )
