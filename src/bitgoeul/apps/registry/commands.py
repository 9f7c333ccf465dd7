"""Everything that writes in the registry.  Files are checked and stored before a command begins."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.registry import policies, queries
from bitgoeul.apps.registry.checking import Checked
from bitgoeul.apps.registry.events import (
    ModelRegistered,
    ModelShared,
    ModelUnshared,
    RegistrationRefused,
    VersionReinstated,
    VersionWithdrawn,
)
from bitgoeul.apps.registry.models import Model, ModelVersion, Registration
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.doors import find
from bitgoeul.kit.facts import record
from bitgoeul.kit.refusals import require


@command
def register_model(
    *,
    by: Actor,
    organisation: Organisation,
    checked: Checked,
    artefact: str,
    reference: str,
    lineage: dict[str, Any],
) -> ModelVersion:
    """Add a checked and stored model as the next version of its name.  The reference is used once."""
    require(policies.may_register(by, organisation.pk))
    earlier = Registration.objects.filter(reference=reference).select_related("version__model").first()
    if earlier is not None and earlier.version is not None:
        unchanged()
        return earlier.version
    model = _model_for(organisation, checked.document)
    # The row lock keeps two registrations of one name from taking the same number.
    model = Model.objects.select_for_update().get(pk=model.pk)
    last = model.versions.order_by("-number").first()
    version = ModelVersion.objects.create(
        model=model,
        number=last.number + 1 if last else 1,
        reference=reference,
        artefact=artefact,
        size=checked.size,
        sha256=checked.sha256,
        document=checked.document,
        graph=checked.graph,
        lineage=lineage,
        created_at=clock.now(),
    )
    Registration.objects.update_or_create(
        reference=reference,
        defaults={
            "organisation": organisation,
            "outcome": Registration.Outcome.ACCEPTED,
            "version": version,
            "code": "",
            "facts": {},
            "at": clock.now(),
        },
    )
    record(
        ModelRegistered(
            model=model.slug,
            version=version.number,
            sha256=version.sha256,
            size=version.size,
            job=str(lineage.get("job", "")),
            datasets=[str(ref) for ref in lineage.get("datasets", [])],
            code=str(lineage.get("code_sha256", "")),
        ),
        by=by,
        subject=f"model:{model.slug}",
        organisation=organisation,
    )
    return version


def _model_for(organisation: Organisation, document: dict[str, Any]) -> Model:
    """The organisation's model of this name; a name that another organisation holds gets ours as a suffix."""
    name = document["name"]
    own = f"{name}-{organisation.slug}"[:80]
    for slug in (name, own):
        model = Model.objects.filter(slug=slug).first()
        if model is None:
            with transaction.atomic():
                return Model.objects.create(
                    slug=slug,
                    organisation=organisation,
                    title=document["title"],
                    sector=document.get("sector") or organisation.sector,
                    task=document.get("task", ""),
                    created_at=clock.now(),
                )
        if model.organisation_id == organisation.pk:
            return model
    raise RuntimeError(f"both {name} and {own} belong to others")


@command
def refuse_registration(
    *, by: Actor, organisation: Organisation, reference: str, code: str, facts: dict[str, Any]
) -> Registration:
    """Write down why a model did not enter the registry, where its organisation sees it."""
    require(policies.may_register(by, organisation.pk))
    row, new = Registration.objects.get_or_create(
        reference=reference,
        defaults={
            "organisation": organisation,
            "outcome": Registration.Outcome.REFUSED,
            "code": code,
            "facts": facts,
            "at": clock.now(),
        },
    )
    if not new:
        unchanged()
        return row
    record(
        RegistrationRefused(reference=reference, reason=code),
        by=by,
        subject=reference,
        organisation=organisation,
    )
    return row


@command
def withdraw_version(*, by: Actor, model: str, number: int, reason: str) -> ModelVersion:
    """Take a version out of use: it stays to be read, but nothing new is deployed from it."""
    version = find(queries.versions_visible_to(by), model__slug=model, number=number)
    require(policies.may_manage(by, version.model.organisation_id))
    ModelVersion.FLOW.move(version, ModelVersion.State.WITHDRAWN)
    record(
        VersionWithdrawn(model=model, version=version.number, reason=reason[:400]),
        by=by,
        subject=f"model:{model}",
        organisation=version.model.organisation,
    )
    return version


@command
def reinstate_version(*, by: Actor, model: str, number: int) -> ModelVersion:
    """Make a withdrawn version available again."""
    version = find(queries.versions_visible_to(by), model__slug=model, number=number)
    require(policies.may_manage(by, version.model.organisation_id))
    ModelVersion.FLOW.move(version, ModelVersion.State.AVAILABLE)
    record(
        VersionReinstated(model=model, version=version.number),
        by=by,
        subject=f"model:{model}",
        organisation=version.model.organisation,
    )
    return version


@command
def share_model(*, by: Actor, model: str) -> Model:
    """Let everybody read the model card."""
    row = find(queries.visible_to(by), slug=model)
    require(policies.may_manage(by, row.organisation_id))
    if row.is_public:
        unchanged()
        return row
    row.is_public = True
    row.save(update_fields=["is_public"])
    record(ModelShared(model=model), by=by, subject=f"model:{model}", organisation=row.organisation)
    return row


@command
def unshare_model(*, by: Actor, model: str) -> Model:
    """Show the model card to its organisation only."""
    row = find(queries.visible_to(by), slug=model)
    require(policies.may_manage(by, row.organisation_id))
    if not row.is_public:
        unchanged()
        return row
    row.is_public = False
    row.save(update_fields=["is_public"])
    record(ModelUnshared(model=model), by=by, subject=f"model:{model}", organisation=row.organisation)
    return row
