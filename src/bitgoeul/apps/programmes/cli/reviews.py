from __future__ import annotations

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
