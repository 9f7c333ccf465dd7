"""Archives that mean harm, and those that do not."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from bitgoeul.apps.compute import archives
from bitgoeul.apps.compute.errors import BadCode


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(*infos: tarfile.TarInfo, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for info in infos:
            info.size = len(content) if info.isreg() else 0
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def tar_entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def link(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def test_plain_files_are_read_from_every_kind():
    assert archives.read("a.py", b"1") == {"main.py": b"1"}
    assert archives.read("a.zip", zipped(("d/", b""), ("d/a.py", b"1"))) == {"d/a.py": b"1"}
    assert archives.read("a.tar.gz", tarred(tar_entry("./d/가.py"))) == {"d/가.py": b"x"}


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc/x", "a/../../x", "a\\b", "C:x", "a//b", "./../x", "a\nb", "x" * 300, "/".join("a" * 30)],
)
def test_paths_that_lead_elsewhere_are_refused(path):
    with pytest.raises(BadCode):
        archives.read("a.zip", zipped((path, b"1")))
    with pytest.raises(BadCode):
        archives.read("a.tar", tarred(tar_entry(path)))


@pytest.mark.parametrize(
    "data",
    [
        ("a.zip", zipped((link("l"), b"/etc/passwd"))),
        ("a.tar", tarred(tar_entry("l", tarfile.SYMTYPE, "/etc/passwd"))),
        ("a.tar", tarred(tar_entry("l", tarfile.LNKTYPE, "other"))),
        ("a.tar", tarred(tar_entry("l", tarfile.CHRTYPE))),
        ("a.tar", tarred(tar_entry("l", tarfile.FIFOTYPE))),
        ("a.zip", zipped(("a", b"1"), ("a/b", b"2"))),
        ("a.zip", b"PK not a zip"),
        ("a.tar.gz", b"\x1f\x8b broken"),
        ("a.zip", zipped()),
        ("a.exe", b"MZ"),
        ("a.py", b"#" * (21 << 20)),
        ("a.zip", lambda: zipped(("bomb", bytes(65 << 20)))),  # it takes a while to pack
        ("a.zip", zipped(*((f"f{n}", b"") for n in range(2_001)))),
    ],
    ids=lambda data: data[0],
)
def test_what_is_no_plain_small_archive_is_refused(data):
    name, content = data
    with pytest.raises(BadCode):
        archives.read(name, content() if callable(content) else content)


def test_the_same_files_have_the_same_digest_however_they_were_packed(tmp_path):
    files = {"b.py": b"2", "a/c.py": b"1"}
    packed = archives.packed(files)

    assert archives.packed(dict(reversed(files.items()))) == packed
    assert archives.digest(archives.read("x.zip", packed)) == archives.digest(files)
    archives.unpack(packed, tmp_path)
    assert (tmp_path / "a/c.py").read_bytes() == b"1"
