"""Whatever is written as TOML is read back as it was."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from bitgoeul.kit import toml

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30)
SCALARS = st.one_of(TEXTS, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(TEXTS, VALUES, max_size=6))
def test_every_table_is_read_back_as_it_was(table):
    assert tomllib.loads(toml.written(table)) == table


def test_what_is_not_there_is_left_out_and_headings_come_after_plain_values():
    table = {"form": {"type": "object", "required": ["a"], "a": {"b": {"c": 1}}}, "cut": None, "days": 3}

    assert toml.written(table) == (
        'days = 3\n\n[form]\ntype = "object"\nrequired = ["a"]\n\n[form.a]\nb = { c = 1 }\n'
    )
