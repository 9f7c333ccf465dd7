"""`bench`: every performance figure that the project states, measured again on this machine.

A benchmark is ``benchmarks/NAME.py`` with ``run() -> dict``: name, value, unit, bar, holds, detail.  It
compares two ways in one run; no test asserts a time.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from django.utils.translation import gettext_lazy as _

from bitgoeul.kit import clock
from bitgoeul.kit.refusals import NotFound

KEYS = {"name", "value", "unit", "bar", "holds", "detail"}
ORDER = [
    "gate-groupby",
    "executor-overhead",
    "service-throughput",
    "capacity-claims",
    "claim-cpu",
    "page-cpu",
    "programmes-scale",
    "shows",
    "chaos",
]


class NoSuchBenchmark(NotFound):
    title = _("There is no benchmark “%(name)s”")
    remedy = _("Choose one of: %(known)s.")


def folder() -> Path:
    return Path(__file__).resolve().parents[4] / "benchmarks"


def known() -> list[str]:
    """The names of all benchmarks, in the order in which they are told."""
    names = {path.stem.replace("_", "-") for path in folder().glob("*.py") if not path.name.startswith("_")}
    return [name for name in ORDER if name in names] + sorted(names - set(ORDER))


def measure(name: str) -> dict[str, Any]:
    """Run one benchmark.

    Raises: NoSuchBenchmark.
    """
    if name not in known():
        raise NoSuchBenchmark(name=name, known=", ".join(known()))
    stem = name.replace("-", "_")
    candidates = [folder() / f"{stem}.py", folder() / f"{name}.py"]
    path = next(path for path in candidates if path.is_file())
    spec = importlib.util.spec_from_file_location(f"benchmarks.{stem}", path)
    if spec is None or spec.loader is None:
        raise NoSuchBenchmark(name=name, known=", ".join(known()))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    result: dict[str, Any] = module.run()
    if missing := KEYS - result.keys():
        raise TypeError(f"{path.name}: run() left out {sorted(missing)}")
    return result


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    model = platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if "model name" in line
        ]
        model = names[0] if names else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {
        "cpu": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory, 1),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
    }


_WORDS = {
    "en": ("Benchmarks", ("What", "Measured", "Bar", "Holds", "Day", "Machine", "In detail"), "yes", "no",
           "Each benchmark compares two ways in one run; ratios travel between machines, times do not. "
           "`make bench` measures all of them again."),
    "ko": ("성능 측정", ("항목", "측정값", "기준", "충족", "날짜", "기계", "자세히"), "예", "아니요",
           "두 방법을 한 번에 비교하여 잽니다. 비율은 다른 기계에서도 비슷하지만 시간은 그렇지 않습니다. "
           "`make bench`로 모두 다시 잴 수 있습니다."),
}  # fmt: skip


def _figure(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _machine(on: dict[str, Any]) -> str:
    return f"{on['cpu']}, {on['cores']} cores, {on['memory_gib']} GiB, Python {on['python']}"


def page(results: list[dict[str, Any]], language: str) -> str:
    """The table of results in one language; each tells when and on what it was measured."""
    title, heads, yes, no, note = _WORDS[language]
    lines = [f"## {title}", "", note, "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in results:
        detail = row["detail"]
        if isinstance(detail, dict):
            detail = ", ".join(f"{key} {_figure(value)}" for key, value in detail.items())
        cells = [
            f"`{row['name']}`",
            f"{_figure(row['value'])} {row['unit']}",
            str(row["bar"]),
            yes if row["holds"] else no,
            row["measured"]["day"],
            _machine(row["measured"]["on"]),
            str(detail),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def keep(result: dict[str, Any]) -> None:
    """Put a result into place of the earlier one, and write docs/benchmarks.md from all that are kept."""
    kept = folder() / "results"
    kept.mkdir(exist_ok=True)
    measured = {"day": clock.now().date().isoformat(), "on": machine()}
    text = json.dumps(result | {"measured": measured}, ensure_ascii=False, indent=1)
    (kept / f"{result['name']}.json").write_text(text + "\n")
    files = [kept / f"{name}.json" for name in known()]
    results = [json.loads(file.read_text()) for file in files if file.exists()]
    pages = "\n".join(page(results, language) for language in ("ko", "en"))
    (folder().parent / "docs" / "benchmarks.md").write_text(f"# Benchmarks · 성능 측정\n\n{pages}")


def bench(
    name: Annotated[str, typer.Argument(help="Which one; without a name they are listed.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per benchmark.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Run all and write docs/benchmarks.md.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write the result to docs/benchmarks.md.")] = False,
) -> None:
    """Measure a figure that the project states.  Exit 1 if a bar is missed."""
    if not name and not every:
        typer.echo("\n".join(known()))
        return
    all_hold = True
    for each in known() if every else [name]:
        typer.echo(f"{each} …", err=True)
        result = measure(each)
        all_hold = all_hold and bool(result["holds"])
        if every or write:
            keep(result)
        if as_json:
            typer.echo(json.dumps(result, ensure_ascii=False))
            continue
        verdict = "holds" if result["holds"] else "MISSED"
        typer.echo(f"{each}: {_figure(result['value'])} {result['unit']} (bar {result['bar']}): {verdict}")
    raise typer.Exit(0 if all_hold else 1)
