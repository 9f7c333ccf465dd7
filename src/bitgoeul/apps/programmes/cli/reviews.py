from __future__ import annotations

import typer

from bitgoeul.apps.programmes.cli.app import JSON, WHO, actor_of, app, read, say


@app.command("assign")
def assign(slug: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Settle who reads what."""
    from bitgoeul.apps.programmes.commands.reviews import assign_reviews
    from bitgoeul.apps.programmes.queries import panels

    panel = assign_reviews(by=actor_of(who), call=slug)
    far = panels.progress(panel.call)
    numbers = {"applications": far.applications, "assigned": far.assigned} | panel.numbers()
    say(as_json, numbers, "  ".join(f"{name} {value}" for name, value in numbers.items()))


@app.command("decide-panel")
def decide_panel(
    slug: str,
    despite: str = typer.Option("{}", help="JSON: why an applicant has both, by number of the application."),
    who: str = WHO,
    as_json: bool = JSON,
) -> None:
    """Decide about every application in review, by the published procedure."""
    from bitgoeul.apps.programmes.commands import panels

    both = {name: {"ko": words, "en": words} for name, words in read(despite).items()}
    result = panels.decide_panel(by=actor_of(who), call=slug, despite=both).result
    told = {name: value for name, value in result.items() if name != "ranked"}
    say(as_json, told, "  ".join(f"{name} {value}" for name, value in told.items()))


@app.command("draw")
def hold_draw(
    slug: str,
    entries: bool = typer.Option(False, help="Only publish who takes part."),
    who: str = WHO,
    as_json: bool = JSON,
) -> None:
    """Publish the entries of a draw, or hold it."""
    from bitgoeul.apps.programmes.commands import draws

    do = draws.publish_entries if entries else draws.hold_draw
    draw = do(by=actor_of(who), call=slug)
    told = {"call": slug, "state": draw.state, "entries": len(draw.entries), "pool": draw.pool,
            "sheet_digest": draw.sheet_digest}  # fmt: skip
    say(as_json, told, "  ".join(f"{name} {value}" for name, value in told.items()))


@app.command("replay")
def replay(
    slug: str,
    changes: list[str] = typer.Option(
        [],
        "--set",
        help="weights.X=40, cut=65, places=10, budget=500, quota.X=30, prices.X=2000, band=0.9 or none, "
        "aggregate=mean or trimmed, calibrated=yes, floors=no. May be given again.",
    ),
    who: str = WHO,
    as_json: bool = JSON,
) -> None:
    """Decide a call again under other rules and see who would win; nothing is written."""
    from django.utils.translation import gettext as _

    from bitgoeul.apps.programmes import policies
    from bitgoeul.apps.programmes.queries import calls_visible_to, panels
    from bitgoeul.kit.doors import find
    from bitgoeul.kit.refusals import Invalid, require

    actor = actor_of(who)
    call = find(panels.with_a_panel(calls_visible_to(actor)), slug=slug)
    require(policies.may_see_all(actor))
    wrong = [change for change in changes if "=" not in change]
    if wrong:
        raise Invalid({"set": [_("Write what is set as NAME=VALUE.")]})
    named = dict(change.split("=", 1) for change in changes)
    told = panels.replayed(panels.board_or_404(call), named).as_data() | {"set": named}
    lines = [
        f"{slug}: {len(told['before']['winners'])} -> {len(told['after']['winners'])}",
        *(f"  + {name}" for name in told["gained"]),
        *(f"  - {name}" for name in told["lost"]),
    ]
    say(as_json, told, "\n".join(lines))
