"""What somebody may see of the registry."""

from __future__ import annotations

from django.db.models import BigIntegerField, Count, Max, Q, QuerySet, SlugField

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.registry import policies
from bitgoeul.apps.registry.models import Model, ModelVersion, Registration
from bitgoeul.kit.actor import ANONYMOUS, Actor
from bitgoeul.kit.doors import find, found
from bitgoeul.kit.refusals import NotFound
from bitgoeul.kit.standing import StandingQuery
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


LISTED = 20
DRAWN_ONCE = ("document", "graph", "lineage")  # large, never edited, and read only to draw the page
_listed_to_all: StandingQuery[Model] = StandingQuery(lambda: listed(ANONYMOUS)[: LISTED + 1])
_open_to_all: StandingQuery[Model] = StandingQuery(
    lambda slug: visible_to(ANONYMOUS).filter(slug=slug), slug=SlugField()
)
_newest_of: StandingQuery[ModelVersion] = StandingQuery(
    # "available" sorts before "withdrawn"
    lambda model: (
        ModelVersion.objects.filter(model=model).defer(*DRAWN_ONCE).order_by("state", "-number")[:1]
    ),
    model=BigIntegerField(),
)
_versions_of: StandingQuery[ModelVersion] = StandingQuery(
    lambda model: ModelVersion.objects.filter(model=model).only("number", "state", "created_at", "model")[
        :50
    ],
    model=BigIntegerField(),
)


def first_listed(actor: Actor, *, sector: str = "", text: str = "") -> list[Model]:
    """The beginning of ``listed``: one page, and one row more if there is one."""
    if actor.is_visitor and not sector and not text.strip():
        return _listed_to_all()
    return list(listed(actor, sector=sector, text=text)[: LISTED + 1])


def model_of(actor: Actor, slug: str) -> Model:
    """The model with this address.  Raises: NotFound."""
    if actor.is_visitor:
        return found(_open_to_all.first(slug=slug))
    return find(visible_to(actor), slug=slug)


def newest_version(model: Model) -> ModelVersion | None:
    """The newest that is available; if none is, the newest."""
    version = _newest_of.first(model=model.pk)
    if version is not None:
        version.model = model
    return version


def versions_of(model: Model) -> list[ModelVersion]:
    """The latest versions, newest first, as a list shows them."""
    versions = _versions_of(model=model.pk)
    for version in versions:
        version.model = model
    return versions


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
