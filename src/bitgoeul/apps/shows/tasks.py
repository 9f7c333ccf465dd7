"""What the worker does for shows."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.shows import commands
from bitgoeul.apps.shows.models import Show, Version
from bitgoeul.apps.shows.problems import sentence
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.models import Fact
from bitgoeul.kit.text import LANGUAGES, Localised, translated

TOLD = {
    "shows.ShowCertified": (_("“%(show)s”: version %(number)s is certified"), "ok"),
    "shows.ShowNotCertified": (_("“%(show)s”: version %(number)s is not certified"), "stop"),
    "shows.MakingFailed": (_("“%(show)s”: version %(number)s could not be made"), "stop"),
}


def publish_example(fact: Fact) -> None:
    """Open the example show to everybody once it is certified."""
    if Show.objects.filter(slug=fact.data["show"], is_example=True, published=None).exists():
        commands.publish_show(by=SYSTEM, show=fact.data["show"], number=fact.data["version"])


def forget_crews() -> None:
    """Forget who flew when nobody needs to know any more."""
    for flight_id in commands.crews_to_forget():
        commands.forget_crew(by=SYSTEM, flight_id=flight_id)


def tell_designers(fact: Fact) -> None:
    """Put what became of a version into the inboxes of its organisation."""
    version = Version.objects.select_related("show__organisation").get(
        show__slug=fact.data["show"], number=fact.data["version"]
    )
    title, tone = TOLD[fact.name]
    reasons = {}
    for language in LANGUAGES:
        with override(language):
            reasons[language] = "; ".join(
                sentence(problem) for problem in version.problem.get("problems", [])[:3]
            )
    notify(
        by=SYSTEM,
        key=f"fact:{fact.pk}",
        kind="shows",
        title=translated(title, show=version.show.title, number=version.number),
        text=Localised(reasons),
        tone=tone,
        url=version.get_absolute_url(),
        organisation=version.show.organisation,
        mail=False,
    )
