"""The example show: the eve of the festival, made and proved on this hub like any other."""

from __future__ import annotations

import tomllib

from bitgoeul.apps.people.models import Organisation
from bitgoeul.apps.shows import commands, story
from bitgoeul.apps.shows.models import Show
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.text import Localised

SLUG = "eve-of-bitgoeul"
DESCRIPTION = Localised(
    ko="축제 전야의 하늘에 드론 300대가 빛고을을 씁니다. "
    "이 허브가 그리고 증명한 예시이며, 실제로 비행한 쇼가 아닙니다.",
    en="Three hundred drones write Bitgoeul into the sky on the eve of the festival. "
    "An example that this hub drew and proved; no show that was flown.",
)


def bring_example(*, by: Actor, organisation: Organisation) -> Show:
    """Hand the example to the studio; again changes nothing.  It opens to the public once it is certified."""
    if found := Show.objects.filter(slug=SLUG, is_example=True).first():
        return found
    drawn = tomllib.loads((story.EXAMPLE / "story.toml").read_text(encoding="utf-8"))
    show = commands.create_show(
        by=by,
        organisation=organisation,
        title=Localised(drawn["title"]),
        description=DESCRIPTION,
        story_data=drawn,
        slug=SLUG,
        is_example=True,
    )
    for name in sorted({name for _where, name in story.assets_of(drawn)}):
        path = story.EXAMPLE / name
        with path.open("rb") as file:
            commands.add_asset(by=by, show=show.slug, file_name=name, size=path.stat().st_size, content=file)
    commands.submit_version(by=by, show=show.slug)
    return show
