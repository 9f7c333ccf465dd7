"""Encodings, CSV rules, names and search words."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines import lake
from bitgoeul.kit.testing import examples


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)] or [b""]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
@pytest.mark.parametrize("encoding", ["utf-8", "cp949", "utf-16", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_an_encoding_is_found_whatever_the_size_of_the_pieces(encoding, size):
    text = "city,temperature,name,another column\n" * 4 + "광주,31,빛고을,x\n"
    data = text.encode(encoding)
    if size < 4 and encoding.startswith("utf-"):
        size = 4  # a mark is looked for in the first piece

    found = lake.detect_encoding(pieces(data, size))

    assert found == encoding
    assert "".join(lake.decoded_lines(pieces(data, size), found)) == text


def test_euc_kr_is_part_of_cp949_and_rare_syllables_too():
    assert lake.detect_encoding(["한글".encode("euc-kr")]) == "cp949"
    assert lake.detect_encoding(["뷁,똠".encode("cp949")]) == "cp949"


def test_what_is_no_text_is_refused_with_its_line():
    with pytest.raises(lake.EncodingProblem) as problem:
        lake.detect_encoding([b"a,b\n1,2\n", b"3,\xff\xfe\xfa\n"])

    assert problem.value.line == 3


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=5))
def test_no_bytes_get_anything_but_an_encoding_problem(chunks):
    try:
        found = lake.detect_encoding(chunks)
        list(lake.decoded_lines(chunks, found))
    except lake.EncodingProblem:
        return


CELL = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0\r\n\x85\u2028\u2029"), max_size=8)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.integers(1, 5).flatmap(
        lambda n: st.lists(st.lists(CELL, min_size=n, max_size=n), min_size=1, max_size=8)
    )
)
def test_what_a_csv_writer_wrote_is_a_sound_file(rows):
    header = [f"c{i}" for i in range(len(rows[0]))]
    file = io.StringIO()
    csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, *rows])

    shape = lake.inspect_csv(io.StringIO(file.getvalue(), newline=""))

    assert (shape.columns, shape.rows) == (tuple(header), len(rows))


@settings(max_examples=examples(200), deadline=None)
@given(st.text(alphabet='ab,;\t|"\n\r 1\0', max_size=60))
def test_no_text_gets_anything_but_a_csv_problem(text):
    try:
        shape = lake.inspect_csv(text.splitlines(keepends=True))
    except lake.CsvProblem:
        return
    assert shape.rows > 0


def test_only_the_first_ten_ragged_lines_are_named():
    with pytest.raises(lake.CsvProblem) as problem:
        lake.inspect_csv(["a,b\n", *["1\n"] * 30])

    assert problem.value.facts["count"] == 30
    assert problem.value.facts["lines"] == [[n, 1] for n in range(2, 12)]


def test_a_record_over_several_lines_is_counted_where_it_begins():
    with pytest.raises(lake.CsvProblem) as problem:
        lake.inspect_csv(["a,b\n", '"x\n', 'y"\n', "1,2\n"])

    assert problem.value.facts["lines"] == [[2, 1]]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_the_one_that_splits_the_header(delimiter):
    shape = lake.inspect_csv([delimiter.join(["a", "b", "c"]) + "\n", delimiter.join("123") + "\n"])

    assert (shape.delimiter, shape.columns) == (delimiter, ("a", "b", "c"))


def test_a_search_finds_korean_inside_words():
    title = lake.tokens("광주광역시 시내버스 운행기록")

    for query in ("광주", "버스", "운행", "시내버스", "기록"):
        assert all(word in title for word, _ in lake.query_tokens(query)), query
    assert ("지하", False) not in [(word, False) for word in title]


@settings(max_examples=examples(150), deadline=None)
@given(st.text(max_size=40))
def test_a_text_is_found_by_its_own_words(text):
    found = lake.tokens(text)

    for word, beginning in lake.query_tokens(text):
        assert any(token.startswith(word) if beginning else token == word for token in found)


@settings(max_examples=examples(150), deadline=None)
@given(st.text(max_size=80))
def test_every_file_name_gives_a_table_name_that_names_itself(name):
    made = lake.table_name(name)

    assert 0 < len(made) <= 60
    assert "/" not in made
    assert "." not in made
