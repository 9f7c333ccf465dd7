"""CSV and VVIZ: what was sampled is read back at the samples."""

import io
import json
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitgoeul.engines.shows import Show, ShowInvalid, decoded, from_csv, from_vviz, to_csv, to_vviz

from .fleets import random_show
from .test_proof import calm


def lit(curves=None):
    curves = curves or random_show(3, together=False)
    return Show(
        title="밤",
        curves=curves,
        lights=(bytes([4, 255, 8, 0, 200, 1, 8, 0, 9, 255, 200, 1, 0]),) * curves.drones,
    )


@pytest.mark.parametrize(
    ("write", "read", "rate"), [(to_csv, from_csv, 10), (to_vviz, from_vviz, 5)], ids=["csv", "vviz"]
)
def test_what_was_sampled_is_read_back(write, read, rate):
    show = lit()

    back = read(write(show))

    assert back.curves.duration_ms == show.curves.duration_ms
    for moment in range(0, show.curves.duration_ms + 1, 1000 // rate):
        np.testing.assert_allclose(back.curves.at(moment), show.curves.at(moment), atol=1e-5)
    # Colours of files change at their samples: in the middle of one that stays they are the same.
    assert np.abs(decoded(back.lights[0], 190)[10:].astype(int) - [255, 8, 0]).max() <= 2
    assert write(show) == write(show)


def test_vviz_is_drawn_with_its_second_axis_up():
    data = json.loads(to_vviz(lit(calm())))

    drone = data["performances"][1]["agentDescription"]
    assert (drone["homeX"], drone["homeY"], drone["homeZ"]) == (5, 0, 0)
    top = np.sum([[s["dx"], s["dy"], s["dz"]] for s in drone["agentTraversal"][:51]], axis=0)
    np.testing.assert_allclose(top, [9, 12, -5])


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(f"{name}.csv", text)
    return out.getvalue()


HEAD = "Time [msec],x [m],y [m],z [m]\n"


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({}, "no-drones"),
        ({"a": HEAD}, "path-empty"),
        ({"a": HEAD + "0,0,0,0\n0,0,0,1\n"}, "times-not-increasing"),
        ({"a": HEAD + "0,0,0,0\n1000,nan,0,1\n"}, "number-not-finite"),
        ({"a": HEAD + "0,0,0,0\n1000,x,0,1\n"}, "csv-unreadable"),
        ({"a": HEAD + "0,0,0\n"}, "csv-columns"),
        ({"a": HEAD + "0,0,0,0\n1000,0,0,1e9\n"}, "coordinate-too-far"),
        ({"a": HEAD + "0,0,0,0,300,0,0\n"}, "colour-impossible"),
        ({"a": HEAD + "0,0,0,0\n1000,0,0,1\n", "b": HEAD + "0,0,0,0\n1000,0,0,1\n"}, "pad-shared"),
    ],
)
def test_a_table_that_is_no_path_is_refused(files, code):
    with pytest.raises(ShowInvalid) as refused:
        from_csv(zipped(**files))

    assert [problem.code for problem in refused.value.problems] == [code]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from([(to_csv, from_csv), (to_vviz, from_vviz)]))
def test_any_bytes_are_a_show_or_refused(data, how):
    write, read = how
    content = bytearray(write(lit(calm())))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))

    try:
        codes = ["read"] if read(bytes(content)).curves.drones else []
    except ShowInvalid as refusal:
        codes = [problem.code for problem in refusal.problems]
    assert codes
