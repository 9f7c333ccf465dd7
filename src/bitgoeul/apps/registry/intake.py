"""The way of a model into the registry: check, store, then one command."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.registry.checking import check
from bitgoeul.apps.registry.commands import refuse_registration, register_model
from bitgoeul.apps.registry.errors import ModelRefused
from bitgoeul.apps.registry.models import ModelVersion
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.store import store


def take_in(
    *,
    by: Actor,
    organisation: Organisation,
    artefact: Path,
    document: bytes | dict[str, Any],
    reference: str,
    lineage: dict[str, Any],
    keep_refusal: bool,
) -> ModelVersion:
    """Check a model and register it.

    Raises: ModelRefused, after writing the reason down if ``keep_refusal``.

    The file's name in the store is its hash, so a repeat after a crash finds the same file.
    """
    try:
        checked = check(artefact, document)
    except ModelRefused as refusal:
        if keep_refusal:
            refuse_registration(
                by=by, organisation=organisation, reference=reference, code=refusal.code, facts=refusal.facts
            )
        raise
    name = f"registry/{checked.sha256[:2]}/{checked.sha256}.onnx"
    if not store().exists(name):
        with artefact.open("rb") as file:
            stored = store().put(name, file)
        if stored.sha256 != checked.sha256:
            store().delete(name)
            raise RuntimeError(f"{artefact} changed while it was checked")
    return register_model(
        by=by,
        organisation=organisation,
        checked=checked,
        artefact=name,
        reference=reference,
        lineage=lineage,
    )
