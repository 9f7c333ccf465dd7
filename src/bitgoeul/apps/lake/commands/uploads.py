"""Files come in pieces: declared first, sent from any offset that was reached, then closed.

A piece goes to the store before its row is touched, so no transaction waits for a network.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import secrets
import unicodedata
from typing import Any, BinaryIO

from django.conf import settings
from django.utils.translation import gettext as _

from bitgoeul.apps.lake import policies, queries
from bitgoeul.apps.lake.errors import (
    ChecksumMismatch,
    NotATableFile,
    UploadIncomplete,
    UploadOffset,
    UploadOverflow,
    UploadTooLarge,
)
from bitgoeul.apps.lake.events import UploadAbandoned, UploadBegun, UploadFinished, UploadsSwept
from bitgoeul.apps.lake.models import Upload
from bitgoeul.apps.lake.warehouse.publishing import kind_of
from bitgoeul.apps.people.models import Organisation
from bitgoeul.engines import lake
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM, Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import Invalid, StateChanged, require
from bitgoeul.kit.store import store

PIECE = 8 << 20
LIVES = dt.timedelta(days=2)
FINISHED_LIVES = dt.timedelta(days=14)


def _plain_name(name: str) -> str:
    """The file's own name: no folders, no control characters, composed Hangul."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    return re.sub(r"[\x00-\x1f\x7f%]", "", lake.storable(name)).strip()[:200]


@command
def begin_upload(
    *, by: Actor, organisation: Organisation, file_name: str, size: int, sha256: str = ""
) -> Upload:
    """Declare a file.  One that is too large is refused here, before a byte of it is sent."""
    require(policies.may_publish_for(by, organisation))
    name = _plain_name(file_name)
    if not kind_of(name):
        raise NotATableFile(name=name)
    if size < 1:
        raise Invalid({"size": [_("The file is empty.")]})
    if size > settings.UPLOAD_LIMIT:
        raise UploadTooLarge(limit_mib=settings.UPLOAD_LIMIT >> 20, size=size)
    if sha256 and not re.fullmatch(r"[0-9a-f]{64}", sha256):
        raise Invalid({"sha256": [_("A SHA-256 is 64 hexadecimal digits in small letters.")]})
    upload = Upload.objects.create(organisation=organisation, file_name=name, size=size, sha256=sha256)
    record(
        UploadBegun(upload=upload.public_id, size=size),
        by=by,
        subject=f"upload:{upload.public_id}",
        organisation=organisation,
    )
    return upload


class _AtMost(io.RawIOBase):
    """Reads no more than ``limit`` bytes of a stream, and knows whether there was more."""

    def __init__(self, stream: Any, limit: int) -> None:
        self.stream, self.left = stream, limit

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        size = self.left if size < 0 else min(size, self.left)
        data: bytes = self.stream.read(size) if size else b""
        self.left -= len(data)
        return data


def receive_piece(
    *, by: Actor, upload: str, offset: int, stream: BinaryIO, length: int | None = None
) -> Upload:
    """Store what comes from ``stream`` at ``offset`` and return the upload with its new length.

    A connection that breaks loses nothing that was received before: the piece up to there is kept.
    """
    row = find(queries.uploads_visible_to(by), public_id=upload)
    require(policies.may_continue(by, row))
    if row.state != Upload.State.OPEN:
        raise StateChanged(now=str(row.get_state_display()))
    if offset != row.received:
        raise UploadOffset(received=row.received)
    room = row.size - row.received
    if length is not None and length > room:
        raise UploadOverflow(size=row.size)
    name = f"lake/uploads/{row.public_id}/{offset:015d}-{secrets.token_hex(4)}"
    stored = store().put(name, _AtMost(stream, room))  # type: ignore[arg-type]
    if not stored.size:
        store().delete(name)
        return row
    try:
        return keep_piece(by=by, upload=upload, offset=offset, name=name, size=stored.size)
    except BaseException:
        store().delete(name)
        raise


@command
def keep_piece(*, by: Actor, upload: str, offset: int, name: str, size: int) -> Upload:
    """Add a stored piece to its upload.  A piece is no news: the finished file will be."""
    row = find(queries.uploads_visible_to(by), public_id=upload)
    changed = Upload.objects.filter(pk=row.pk, state=Upload.State.OPEN, received=offset).update(
        received=offset + size, pieces=[*row.pieces, {"name": name, "size": size}], touched_at=clock.now()
    )
    if not changed or row.received != offset:
        raise UploadOffset(received=row.received)
    unchanged()
    row.refresh_from_db()
    return row


class _Pieces(io.RawIOBase):
    """All pieces of an upload, one after the other."""

    def __init__(self, pieces: list[dict[str, Any]]) -> None:
        self.names = [piece["name"] for piece in pieces]
        self.open_file: BinaryIO | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while True:
            if self.open_file is None:
                if not self.names:
                    return b""
                self.open_file = store().open(self.names.pop(0))
            if data := self.open_file.read(size):
                return data
            self.open_file.close()
            self.open_file = None


def finish_upload(*, by: Actor, upload: str) -> Upload:
    """Join the pieces, check the declared checksum and close the upload."""
    row = find(queries.uploads_visible_to(by), public_id=upload)
    require(policies.may_continue(by, row))
    if row.state == Upload.State.FINISHED:
        return row
    if row.state != Upload.State.OPEN:
        raise StateChanged(now=str(row.get_state_display()))
    if row.received != row.size:
        raise UploadIncomplete(received=row.received, size=row.size)
    stored = store().put(row.file, _Pieces(row.pieces))  # type: ignore[arg-type]
    if row.sha256 and stored.sha256 != row.sha256:
        abandon_upload(by=by, upload=upload)
        raise ChecksumMismatch
    return close_upload(by=by, upload=upload, sha256=stored.sha256)


@command
def close_upload(*, by: Actor, upload: str, sha256: str) -> Upload:
    """Mark an upload as whole under the checksum that its bytes have."""
    row = find(queries.uploads_visible_to(by), public_id=upload)
    if row.state == Upload.State.FINISHED:
        unchanged()
        return row
    pieces = row.pieces
    Upload.FLOW.move(row, Upload.State.FINISHED, sha256=sha256, pieces=[], touched_at=clock.now())
    record(
        UploadFinished(upload=row.public_id, size=row.size, sha256=sha256),
        by=by,
        subject=f"upload:{row.public_id}",
        organisation=row.organisation,
    )
    _forget([piece["name"] for piece in pieces])
    return row


def _forget(names: list[str]) -> None:
    """Delete stored files once the change that made them useless is safe."""
    from django.db import transaction

    def delete() -> None:
        for name in names:
            store().delete(name)

    transaction.on_commit(delete)


def _files_of(upload: Upload) -> list[str]:
    folder = f"lake/uploads/{upload.public_id}"
    return list(store().list(folder)) if upload.received or upload.pieces else []


@command
def abandon_upload(*, by: Actor, upload: str) -> Upload:
    """Give an upload up and delete what arrived of it."""
    row = find(queries.uploads_visible_to(by), public_id=upload)
    require(policies.may_continue(by, row))
    if row.state == Upload.State.ABANDONED:
        unchanged()
        return row
    Upload.FLOW.move(row, Upload.State.ABANDONED, pieces=[])
    _forget(_files_of(row))
    record(
        UploadAbandoned(upload=row.public_id),
        by=by,
        subject=f"upload:{row.public_id}",
        organisation=row.organisation,
    )
    return row


@command
def sweep_uploads(*, by: Actor = SYSTEM) -> list[str]:
    """Give up what nobody continued for two days, and finished files nobody published for two weeks."""
    moment = clock.now()
    stale = [
        *Upload.objects.filter(state=Upload.State.OPEN, touched_at__lt=moment - LIVES)[:200],
        *Upload.objects.filter(state=Upload.State.FINISHED, touched_at__lt=moment - FINISHED_LIVES)[:200],
    ]
    if not stale:
        unchanged()
        return []
    for upload in stale:
        Upload.FLOW.move(upload, Upload.State.ABANDONED, pieces=[])
        _forget(_files_of(upload))
    swept = [upload.public_id for upload in stale]
    record(UploadsSwept(uploads=swept), by=by, subject="lake:uploads")
    return swept


def upload_file(
    *, by: Actor, organisation: Organisation, file_name: str, stream: BinaryIO, size: int
) -> Upload:
    """Bring one whole file in, as the form and the command line do; the pieces keep it out of memory."""
    upload = begin_upload(by=by, organisation=organisation, file_name=file_name, size=size)
    while upload.received < size:
        before = upload.received
        piece = _AtMost(stream, min(PIECE, size - before))
        upload = receive_piece(by=by, upload=upload.public_id, offset=before, stream=piece)  # type: ignore[arg-type]
        if upload.received == before:
            raise UploadIncomplete(received=before, size=size)
    return finish_upload(by=by, upload=upload.public_id)
