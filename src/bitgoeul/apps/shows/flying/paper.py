"""The permit file as one PDF, in Korean or English, filled from the show and from what people answered."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from django.utils.translation import override
from reportlab.graphics.shapes import Circle, Drawing, Line, Polygon, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from bitgoeul.apps.shows import reading
from bitgoeul.apps.shows.flying import board, permit
from bitgoeul.apps.shows.models import Flight
from bitgoeul.kit.text import Localised
from bitgoeul.kit.ui import wording
from bitgoeul.kit.ui.paper import fonts

MARGIN = 22 * mm
MAP_W, MAP_H = 160 * mm, 110 * mm


def permit_pdf(flight: Flight, language: str) -> bytes:
    """Every kind of document in the order of the file; what is attached is named with its SHA-256."""
    with override(language):
        file = BytesIO()
        title = " · ".join([_("Flight permit file"), str(flight.version.show.title)])
        SimpleDocTemplate(
            file,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=MARGIN,
            title=title,
            author=flight.version.show.organisation.name,
            lang=language,
            invariant=1,
        ).build(_content(flight, title), onFirstPage=_foot, onLaterPages=_foot)
        return file.getvalue()


def _styles() -> dict[str, ParagraphStyle]:
    plain, bold = fonts()
    return {
        "title": ParagraphStyle("title", fontName=bold, fontSize=19, leading=27, spaceAfter=10),
        "heading": ParagraphStyle(
            "heading", fontName=bold, fontSize=13, leading=19, spaceBefore=14, spaceAfter=5
        ),
        "text": ParagraphStyle("text", fontName=plain, fontSize=10, leading=16, spaceAfter=5),
        "small": ParagraphStyle(
            "small", fontName=plain, fontSize=8, leading=12, textColor=HexColor("#5f667c")
        ),
    }


def _content(flight: Flight, title: str) -> list[Any]:
    styles = _styles()
    show = flight.version.show
    content: list[Any] = [
        Paragraph(escape(title), styles["title"]),
        _table(
            [
                (_("Organisation"), show.organisation.name),
                (_("Place"), str(flight.place)),
                (_("Begins at"), wording.when(flight.starts_at)),
                (_("Other date"), wording.when(flight.backup_at) if flight.backup_at else "–"),
                (_("Drones"), f"{flight.version.drones:,}"),
                (_("Length of the show"), wording.duration(flight.version.seconds)),
                (_("To be handed in until"), wording.day(permit.deadline(flight))),
            ]
        ),
    ]
    for number, document in enumerate(permit.checklist(flight), 1):
        content.append(Paragraph(escape(f"{number}. {document['title']}"), styles["heading"]))
        content += _section(document, flight, styles)
    return content


def _section(document: dict[str, Any], flight: Flight, styles: dict[str, ParagraphStyle]) -> list[Any]:
    parts: list[Any] = []
    if document["key"] == "performance":
        parts.append(_bounds(flight))
    elif document["key"] == "plan":
        parts += _plan(flight, styles)
    elif document["filled"] == "answers":
        parts.append(_table([(str(q["title"]), q["answer"] or "–") for q in document["questions"]]))
    if document["key"] == "insurance" and flight.insurance.get("insurer"):
        insured = flight.insurance
        parts.append(
            _table(
                [
                    (_("Insurer"), insured["insurer"]),
                    (_("Number of the policy"), insured.get("number") or "–"),
                    (_("Valid until"), insured.get("until") or "–"),
                    (_("Covers (won)"), f"{insured.get('covers_won') or 0:,}"),
                ]
            )
        )
    for file in document["files"]:
        parts.append(Paragraph(escape(_("Attached: %(name)s") % {"name": file.name}), styles["text"]))
        parts.append(Paragraph(f"SHA-256 {file.sha256}", styles["small"]))
    if not parts:
        missing = _("Not brought yet.") if document["needed"] else _("Does not apply.")
        parts.append(Paragraph(escape(missing), styles["text"]))
    return parts


def _bounds(flight: Flight) -> Table:
    rows = [
        (
            str(bound["title"]),
            "–" if bound["value"] is None else f"{bound['value']:.3f} {bound['unit']}",
            "–" if bound["limit"] is None else f"{bound['sense']} {bound['limit']:g} {bound['unit']}",
        )
        for bound in reading.of(flight.version)["bounds"]
    ]
    return _table([(_("What"), _("Tightest"), _("Limit")), *rows], heads=True)


def _plan(flight: Flight, styles: dict[str, ParagraphStyle]) -> list[Any]:
    version = flight.version
    steps = [
        _("Before: the go/no-go board is worked through; every gate is passed under “%(rules)s”.")
        % {"rules": Localised(board.rules()["sets"][flight.rules]["title"])},
        _("Take-off: in layers, vertical up to the navigation altitude, as certified."),
        _("Show: %(scenes)s scenes; every moment of every path is certified.")
        % {"scenes": len(version.report.get("scenes", []))},
        _("Abort: every drone descends in place over the exclusion area; nobody returns over the audience."),
        _("Landing: vertical below the navigation altitude, onto the pads of the take-off."),
    ]
    content: list[Any] = [
        Paragraph(escape(f"{n}) {text}"), styles["text"]) for n, text in enumerate(steps, 1)
    ]
    content.append(
        Paragraph(
            escape(_("Proof: SHA-256 of the paths %(digest)s") % {"digest": version.digest}), styles["small"]
        )
    )
    content += [Spacer(1, 4 * mm), _map(flight)]
    content.append(
        Paragraph(
            escape(
                _("Area of the flight: fence, pads and audience, in metres; up is away from the audience.")
            ),
            styles["small"],
        )
    )
    if flight.crew:
        rows = [(one["role"], one["name"] or "–", one["licence"] or "–") for one in flight.crew]
        content += [Spacer(1, 4 * mm), _table([(_("Role"), _("Name"), _("Licence")), *rows], heads=True)]
    return content


def _map(flight: Flight) -> Drawing:
    """The area from above: the fence, the audience, the pads, and the box in which drones fly."""
    area = flight.version.report.get("area", {})
    site = area.get("site", {})
    pads, box = area.get("pads", []), area.get("box")
    rings = [*([site["fence"]] if site.get("fence") else []), *site.get("audience", [])]
    corners = [corner for ring in rings for corner in ring] + pads
    if box:
        corners += [box["low"][:2], box["high"][:2]]
    drawing = Drawing(MAP_W, MAP_H)
    if not corners:
        return drawing
    low = [min(corner[k] for corner in corners) for k in (0, 1)]
    high = [max(corner[k] for corner in corners) for k in (0, 1)]
    scale = min((MAP_W - 20) / max(high[0] - low[0], 1), (MAP_H - 30) / max(high[1] - low[1], 1))

    def at(corner: Any) -> tuple[float, float]:
        return 10 + (corner[0] - low[0]) * scale, 20 + (corner[1] - low[1]) * scale

    def ring(of: Any, line: str, fill: str | None) -> None:
        points = [value for corner in of for value in at(corner)]
        filling = HexColor(fill) if fill else None
        drawing.add(Polygon(points, strokeColor=HexColor(line), fillColor=filling, strokeWidth=1))

    if site.get("fence"):
        ring(site["fence"], "#2450c4", None)
    for people in site.get("audience", []):
        ring(people, "#925400", "#fff3df")
    if box:
        (x0, y0), (x1, y1) = box["low"][:2], box["high"][:2]
        ring([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], "#5f667c", None)
    for pad in pads:
        drawing.add(Circle(*at(pad), 0.8, fillColor=HexColor("#131722"), strokeColor=None))
    metres = _round_length((high[0] - low[0]) / 4)
    drawing.add(Line(10, 8, 10 + metres * scale, 8, strokeColor=HexColor("#131722")))
    drawing.add(String(14 + metres * scale, 5, f"{metres:g} m", fontName=fonts()[0], fontSize=8))
    return drawing


def _round_length(metres: float) -> float:
    return next((step for step in (200, 100, 50, 20, 10, 5, 2) if step <= metres), 1)


def _table(rows: list[tuple[str, ...]], *, heads: bool = False) -> Table:
    plain, bold = fonts()
    cell = ParagraphStyle("cell", fontName=plain, fontSize=9.5, leading=14)
    head = ParagraphStyle("head", fontName=bold, fontSize=9.5, leading=14)
    cells = [
        [
            Paragraph(escape(str(text)), head if (heads and n == 0) or (not heads and k == 0) else cell)
            for k, text in enumerate(row)
        ]
        for n, row in enumerate(rows)
    ]
    width = A4[0] - 2 * MARGIN
    first = 0.34 if not heads else 0.44
    others = (1 - first) / (len(rows[0]) - 1)
    table = Table(cells, colWidths=[width * first, *[width * others] * (len(rows[0]) - 1)])
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#d8d4c8")),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 3),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return table


def _foot(page: Any, _document: Any) -> None:
    page.setFont(fonts()[0], 8)
    page.drawRightString(A4[0] - MARGIN, 12 * mm, str(page.getPageNumber()))
