"""What somebody may see of the registry."""

from __future__ import annotations

from django.db.models import Count, Max, Q, QuerySet

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.registry import policies
from bitgoeul.apps.registry.models import Model, ModelVersion, Registration
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.doors import find
from bitgoeul.kit.refusals import NotFound
from bitgoeul.kit.text import containing


def visible_to(actor: Actor) -> QuerySet[Model]:
    """Public models, those of one's own organisations, and everything for operators and auditors."""
    rows = Model.objects.select_related("organisation")
    if policies.may_see_all(actor):
        return rows
    return rows.filter(Q(is_public=True) | Q(organisation__in=_mine(actor)))


def _mine(actor: Actor) -> list[int]:
    return list(actor.memberships) if policies.may_read(actor) else []


def listed(actor: Actor, *, sector: str = "", text: str = "", mine: bool = False) -> QuerySet[Model]:
    """The catalogue, newest first, with the newest version's number and the count of versions."""
    rows = visible_to(actor).annotate(newest=Max("versions__number"), version_count=Count("versions"))
    rows = rows.order_by("-id")
    if sector:
        rows = rows.filter(sector=sector)
    if mine:
        rows = rows.filter(organisation__in=_mine(actor))
    if text := text.strip()[:100]:
        rows = rows.filter(Q(slug__icontains=text) | containing(text, "title"))
    return rows


def versions_visible_to(actor: Actor) -> QuerySet[ModelVersion]:
    return ModelVersion.objects.select_related("model__organisation").filter(model__in=visible_to(actor))


def version_of(actor: Actor, reference: str) -> ModelVersion:
    """The version that ``slug`` (the newest available) or ``slug@number`` names."""
    slug, _at, number = reference.partition("@")
    rows = versions_visible_to(actor).filter(model__slug=slug)
    if not number:
        row = rows.filter(state=ModelVersion.State.AVAILABLE).order_by("-number").first()
        if row is None:
            raise NotFound
        return row
    return find(rows, number=number)


def registrations_visible_to(actor: Actor) -> QuerySet[Registration]:
    """Outcomes for one's own organisations; reasons are nobody else's business."""
    rows = Registration.objects.select_related("organisation", "version__model")
    if policies.may_see_all(actor):
        return rows
    return rows.filter(organisation__in=_mine(actor))


def organisations_for(actor: Actor) -> QuerySet[Organisation]:
    """The organisations in whose name the actor may register a model."""
    mine = [pk for pk in actor.memberships if policies.may_register(actor, pk)]
    return Organisation.objects.filter(pk__in=mine)
