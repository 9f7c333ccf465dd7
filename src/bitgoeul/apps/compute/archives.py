"""Code that people send: one Python file, or an archive of plain files.  Read with suspicion."""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from django.utils.translation import gettext as _

from bitgoeul.apps.compute.errors import BadCode

LARGEST_UPLOAD = 20 << 20
LARGEST_CONTENT = 64 << 20
MOST_FILES = 2_000
LONGEST_PATH = 200
DEEPEST_PATH = 20

Files = dict[str, bytes]


def read(name: str, data: bytes) -> Files:
    """Return path -> content of everything in the code.

    Raises: BadCode for links, devices, paths that lead outside, and anything too large.
    """
    if len(data) > LARGEST_UPLOAD:
        raise BadCode(reason=_("it is larger than %(size)s MiB") % {"size": LARGEST_UPLOAD >> 20})
    lower = name.lower()
    try:
        if lower.endswith(".py"):
            files = {"main.py": data}
        elif lower.endswith(".zip"):
            files = _from_zip(data)
        elif lower.endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")):
            files = _from_tar(data)
        else:
            raise BadCode(reason=_("its name does not end in .py, .zip or .tar"))
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        raise BadCode(reason=_("the archive is damaged")) from error
    except (NotImplementedError, RuntimeError) as error:  # an unknown compression, or encrypted
        raise BadCode(reason=_("the archive is encrypted or packed in an unknown way")) from error
    if not files:
        raise BadCode(reason=_("there is no file in it"))
    return files


def of_folder(folder: Path) -> Files:
    """Return the files of a recipe's folder, without tests and caches."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not {"tests", "__pycache__"} & set(path.relative_to(folder).parts)
    }


def packed(files: Files) -> bytes:
    """Return a zip archive that is the same, byte for byte, whenever the files are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            info.external_attr = 0o644 << 16
            archive.writestr(info, files[path], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def digest(files: Files) -> str:
    """Return one SHA-256 over every path and content, whatever they were packed in."""
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n".encode())
    return whole.hexdigest()


def unpack(data: bytes, folder: Path) -> None:
    """Write the files of a packed archive below ``folder``."""
    for path, content in read("code.zip", data).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _from_zip(data: bytes) -> Files:
    files: Files = {}
    size = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            kind = info.external_attr >> 28
            if info.is_dir():
                continue
            if kind not in {0, 0o10}:  # neither unsaid nor a regular file
                raise BadCode(reason=_("“%(path)s” is a link or a device") % {"path": info.filename})
            size = _counted(files, info.filename, size + info.file_size)
            files[info.filename] = archive.read(info)
    return files


def _from_tar(data: bytes) -> Files:
    files: Files = {}
    size = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
        for info in archive:
            if info.isdir():
                continue
            if not info.isreg():
                raise BadCode(reason=_("“%(path)s” is a link or a device") % {"path": info.name})
            path = info.name.removeprefix("./")
            size = _counted(files, path, size + info.size)
            content = archive.extractfile(info)
            files[path] = content.read() if content else b""
    return files


def _counted(files: Files, path: str, size: int) -> int:
    """Refuse the next file if its path or the whole goes too far; return the size so far."""
    pure = PurePosixPath(path)
    strange = not path or path != pure.as_posix() or not path.isprintable() or "\\" in path or ":" in path
    if strange or pure.is_absolute() or ".." in pure.parts:
        raise BadCode(reason=_("the path “%(path)s” leads outside") % {"path": path[:80]})
    if len(path) > LONGEST_PATH or len(pure.parts) > DEEPEST_PATH:
        raise BadCode(reason=_("the path “%(path)s” is too long") % {"path": path[:80] + "…"})
    if path in files or any(str(above) in files for above in pure.parents):
        raise BadCode(reason=_("the path “%(path)s” is there twice") % {"path": path})
    if len(files) >= MOST_FILES:
        raise BadCode(reason=_("it holds more than %(count)s files") % {"count": MOST_FILES})
    if size > LARGEST_CONTENT:
        raise BadCode(reason=_("unpacked it is larger than %(size)s MiB") % {"size": LARGEST_CONTENT >> 20})
    return size
