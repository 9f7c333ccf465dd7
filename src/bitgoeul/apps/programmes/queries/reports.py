"""Which files can prove something, and which reports are near."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from bitgoeul.apps.programmes.models import Evidence, Report
from bitgoeul.apps.programmes.queries.grants import grants_visible_to
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.doors import find

LARGEST_MIB = 20
MOST_FILES = 10
_ZIP = b"PK\x03\x04"
# Ending -> how such a file begins, and what it is called on its way out.
KINDS: dict[str, tuple[tuple[bytes, ...], str]] = {
    "pdf": ((b"%PDF-",), "application/pdf"),
    "png": ((b"\x89PNG\r\n\x1a\n",), "image/png"),
    "jpg": ((b"\xff\xd8\xff",), "image/jpeg"),
    "jpeg": ((b"\xff\xd8\xff",), "image/jpeg"),
    "docx": ((_ZIP,), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": ((_ZIP,), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "hwpx": ((_ZIP,), "application/hwp+zip"),
    "hwp": ((b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",), "application/x-hwp"),
}
# Days from the due day on which the organisation is reminded; before it, less than zero.
REMINDERS = (-30, -7, -1, 1, 7, 30)


def kind_of(name: str, content: bytes) -> str | None:
    """The media type of a file whose ending and beginning agree; None for anything else."""
    _stem, dot, ending = name.rpartition(".")
    starts, kind = KINDS.get(ending.lower(), ((), ""))
    return kind if dot and any(content.startswith(start) for start in starts) else None


def to_remind() -> Iterator[tuple[Report, int]]:
    """Open reports with the latest reminder that is due and was not given."""
    now = clock.now()
    ahead = now + dt.timedelta(days=-REMINDERS[0])
    for report in Report.objects.filter(state__in=Report.OPEN, due_at__lte=ahead):
        passed = [days for days in REMINDERS if now >= report.due_at + dt.timedelta(days=days)]
        if passed and (report.reminded is None or report.reminded < passed[-1]):
            yield report, passed[-1]


def evidence_visible_to(actor: Actor, grant: str, evidence_id: int) -> Evidence:
    """One file of a grant that the actor may see.  Raises: NotFound."""
    row = find(grants_visible_to(actor), application__public_id=grant)
    files = Evidence.objects.filter(report__grant=row) | Evidence.objects.filter(pledge__grant=row)
    return find(files, pk=evidence_id)
