"""Shows that other tools made: stored as they come, then handed to the studio to be read and proved."""

from __future__ import annotations

from typing import Any

from bitgoeul.apps.shows import commands, policies
from bitgoeul.apps.shows.commands.assets import MIB, plain_name
from bitgoeul.apps.shows.errors import AssetTooLarge, AssetUnknown
from bitgoeul.apps.shows.models import Show, Version
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.refusals import require
from bitgoeul.kit.store import store

ENDINGS = {"skyc", "vviz", "zip"}
MOST_MIB = 400


def take_in(*, by: Actor, show: Show, file_name: str, size: int, content: Any) -> Version:
    """Store a file and ask for a version that proves it.  Raises: AssetUnknown, AssetTooLarge."""
    require(policies.may_design(by, show.organisation_id))
    name = plain_name(file_name)
    if name.rpartition(".")[2] not in ENDINGS:
        raise AssetUnknown(name=name.rpartition(".")[2][:20])
    if size > MOST_MIB * MIB:
        raise AssetTooLarge(limit_mib=MOST_MIB)
    stored = store().put(f"shows/incoming/{show.public_id}-{by.own_id}", content)
    try:
        if stored.size > MOST_MIB * MIB:
            raise AssetTooLarge(limit_mib=MOST_MIB)
        with store().open(stored.name) as file:
            kept = store().put(f"shows/assets/{show.public_id}/{stored.sha256}", file)
    finally:
        store().delete(stored.name)
    return commands.import_show(by=by, show=show.slug, stored=kept.name, file_name=name)
