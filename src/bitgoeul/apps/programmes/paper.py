"""Agreements on paper: a PDF with the same words as the page, in one language.

The page is the accessible form; this one is for files and signatures on real paper.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import gettext as _
from django.utils.translation import override
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

from bitgoeul.apps.programmes.models import Agreement
from bitgoeul.apps.programmes.queries.agreements import blocks, documents
from bitgoeul.kit.ui import wording
from bitgoeul.kit.ui.paper import fonts

MARGIN = 24 * mm


def agreement_pdf(agreement: Agreement, language: str) -> bytes:
    """The agreement with its addenda and its signature."""
    with override(language):
        file = BytesIO()
        SimpleDocTemplate(
            file,
            pagesize=A4,
            leftMargin=MARGIN,
            rightMargin=MARGIN,
            topMargin=MARGIN,
            bottomMargin=MARGIN,
            title=_title(agreement),
            author=agreement.grant.organisation.name,
            lang=language,
            invariant=1,
        ).build(
            _story(agreement, language),
            onFirstPage=lambda page, _doc: _foot(page, agreement),
            onLaterPages=lambda page, _doc: _foot(page, agreement),
        )
        return file.getvalue()


def _title(agreement: Agreement) -> str:
    return f"{_('Agreement')} · {agreement.grant.application.call.title}"


def _story(agreement: Agreement, language: str) -> list[Any]:
    plain, bold = fonts()
    text = ParagraphStyle("text", fontName=plain, fontSize=10.5, leading=17, spaceAfter=8)
    heading = ParagraphStyle("heading", fontName=bold, fontSize=12, leading=18, spaceBefore=8, spaceAfter=4)
    title = ParagraphStyle("title", fontName=bold, fontSize=18, leading=26, spaceAfter=14)
    small = ParagraphStyle("small", fontName=plain, fontSize=8.5, leading=13)
    story: list[Any] = [
        Paragraph(escape(f"{_('Agreement')} · {agreement.grant.application.call.title}"), title)
    ]
    for document in documents(agreement):
        for kind, words in blocks(document.text.in_language(language)):
            lines = escape(words).replace("\n", "<br/>")
            story.append(Paragraph(lines, heading if kind == "heading" else text))
        story += [Paragraph(f"SHA-256 {document.fingerprint}", small), Spacer(1, 6 * mm)]
    story += [Paragraph(escape(line), text) for line in _signature(agreement)]
    return story


def _signature(agreement: Agreement) -> list[str]:
    organisation = agreement.grant.organisation.name
    if agreement.signed_at is None:
        return [
            _("Not signed yet. It can be signed until %(day)s.") % {"day": wording.when(agreement.expires_at)}
        ]
    return [
        _("Signed for %(organisation)s by %(name)s on %(day)s.")
        % {
            "organisation": organisation,
            "name": agreement.signed_name,
            "day": wording.when(agreement.signed_at),
        }
    ]


def _foot(page: Any, agreement: Agreement) -> None:
    page.setFont(fonts()[0], 8)
    page.drawString(MARGIN, 12 * mm, agreement.grant.reference)
    page.drawRightString(A4[0] - MARGIN, 12 * mm, str(page.getPageNumber()))
