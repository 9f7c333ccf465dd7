"""Files that a storyboard uses.  They are stored first, then named; the studio alone opens them."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from bitgoeul.apps.shows import policies, queries, story
from bitgoeul.apps.shows.errors import AssetInUse, AssetTooLarge, AssetUnknown, TooManyAssets
from bitgoeul.apps.shows.events import AssetAdded, AssetRemoved
from bitgoeul.apps.shows.models import Asset
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import require
from bitgoeul.kit.store import StoredFile, store

MOST_ASSETS = 60
MIB = 1 << 20
KINDS = {
    "svg": (Asset.Kind.SVG, 2),
    "png": (Asset.Kind.PICTURE, 20),
    "jpg": (Asset.Kind.PICTURE, 20),
    "jpeg": (Asset.Kind.PICTURE, 20),
    "webp": (Asset.Kind.PICTURE, 20),
    "obj": (Asset.Kind.MESH, 20),
    "stl": (Asset.Kind.MESH, 20),
    "glb": (Asset.Kind.MESH, 20),
    "csv": (Asset.Kind.POINTS, 8),
    "mp3": (Asset.Kind.SOUND, 40),
    "ogg": (Asset.Kind.SOUND, 40),
    "otf": (Asset.Kind.FONT, 20),
    "ttf": (Asset.Kind.FONT, 20),
}
"""File name ending -> kind, and the most MiB."""


def plain_name(name: str) -> str:
    """The file's own name: no folders, no control characters, composed Hangul."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    stem, dot, ending = re.sub(r"[\x00-\x1f\x7f%]", "", name).strip().rpartition(".")
    return f"{stem[:70]}{dot}{ending[:8].lower()}"


def _kind_of(name: str) -> tuple[Asset.Kind, int]:
    ending = name.rpartition(".")[2]
    if "." not in name or ending not in KINDS:
        raise AssetUnknown(name=ending[:20] or name[:20])
    return KINDS[ending]


def add_asset(*, by: Actor, show: str, file_name: str, size: int, content: Any) -> Asset:
    """Store a file for a show; one of the same name is replaced."""
    row = find(queries.of_own(by), slug=show)
    require(policies.may_design(by, row.organisation_id))
    name = plain_name(file_name)
    _kind, most = _kind_of(name)
    if size > most * MIB:
        raise AssetTooLarge(limit_mib=most)
    stored = store().put(f"shows/incoming/{row.public_id}-{by.own_id}", content)
    try:
        if stored.size > most * MIB:
            raise AssetTooLarge(limit_mib=most)
        # Named by its content, so that a version that was made with it can be made again.
        with store().open(stored.name) as file:
            stored = store().put(f"shows/assets/{row.public_id}/{stored.sha256}", file)
        return keep_asset(by=by, show=show, name=name, stored=stored)
    finally:
        store().delete(f"shows/incoming/{row.public_id}-{by.own_id}")


@command
def keep_asset(*, by: Actor, show: str, name: str, stored: StoredFile) -> Asset:
    """Give a stored file its name in a show."""
    row = find(queries.of_own(by), slug=show)
    require(policies.may_design(by, row.organisation_id))
    kind, _most = _kind_of(name)
    earlier = Asset.objects.filter(show=row, name=name).first()
    if earlier is not None and earlier.sha256 == stored.sha256:
        unchanged()
        return earlier
    if earlier is None and Asset.objects.filter(show=row).count() >= MOST_ASSETS:
        raise TooManyAssets(most=MOST_ASSETS)
    asset, _new = Asset.objects.update_or_create(
        show=row,
        name=name,
        defaults={
            "kind": kind,
            "size": stored.size,
            "sha256": stored.sha256,
            "stored": stored.name,
            "added_at": clock.now(),
        },
    )
    record(
        AssetAdded(show=row.slug, asset=name, kind=kind, size=stored.size, sha256=stored.sha256),
        by=by,
        subject=f"show:{row.slug}",
        organisation=row.organisation,
    )
    return asset


@command
def remove_asset(*, by: Actor, show: str, name: str) -> None:
    """Take a file out of a show, unless its storyboard uses it.  Versions that were made keep theirs."""
    row = find(queries.of_own(by), slug=show)
    require(policies.may_design(by, row.organisation_id))
    asset = find(Asset.objects.filter(show=row), name=name)
    used = [where for where, used in story.assets_of(queries.draft_of(row).story) if used == name]
    if used:
        raise AssetInUse(where=", ".join(used))
    asset.delete()
    record(
        AssetRemoved(show=row.slug, asset=name),
        by=by,
        subject=f"show:{row.slug}",
        organisation=row.organisation,
    )
