from __future__ import annotations

import typer

from bitgoeul.apps.programmes.cli.app import JSON, WHO, actor_of, app, say


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
def decide_panel(slug: str, who: str = WHO, as_json: bool = JSON) -> None:
    """Decide about every application in review, by the published procedure."""
    from bitgoeul.apps.programmes.commands import panels

    result = panels.decide_panel(by=actor_of(who), call=slug).result
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
