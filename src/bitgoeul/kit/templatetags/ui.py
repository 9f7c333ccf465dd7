"""The components that templates are made of.  ``/design/`` shows all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import template
from django.conf import settings
from django.forms import BaseForm, BoundField
from django.http import HttpRequest
from django.template.base import FilterExpression, Parser, Token
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bitgoeul.kit.once import form_key
from bitgoeul.kit.ui import wording
from bitgoeul.kit.ui.assets import asset as built
from bitgoeul.kit.ui.dots import dots as picture_of
from bitgoeul.kit.ui.fields import field_html, form_html

register = template.Library()

SELECTED = SafeString(" selected")
ONE_LINE = 40  # characters of an answer that fit beside their question
KINDS = frozenset({"ok", "wait", "stop", "info", "quiet"})

register.filter("credits", wording.credits_of)
register.filter("when", wording.when)
register.filter("moment", wording.moment_attribute)
register.filter("day", wording.day)
register.filter("period", wording.period)
register.filter("ago", wording.ago)
register.filter("size", wording.size)
register.filter("number", wording.number)
register.filter("percent", wording.percent)
register.filter("duration", wording.duration)
register.filter("short", wording.short)

register.simple_tag(built, name="asset")
register.simple_tag(picture_of, name="dots")


class Fixed(template.Node):
    """Renders its content once per language (and per value of its arguments) and keeps the text."""

    LIMIT = 200

    def __init__(self, content: template.NodeList, vary: list[FilterExpression]) -> None:
        self.content = content
        self.vary = vary
        self.kept: dict[tuple[Any, ...], SafeString] = {}

    def render(self, context: template.Context) -> SafeString:
        key = (get_language(), *(str(value.resolve(context)) for value in self.vary))
        text = self.kept.get(key)
        if text is None:
            text = self.content.render(context)
            if len(self.kept) >= self.LIMIT:
                self.kept.clear()
            if not settings.DEBUG:
                self.kept[key] = text
        return text


@register.tag
def fixed(parser: Parser, token: Token) -> Fixed:
    """{% fixed %}…{% endfixed %} or {% fixed shell.where %}…: drawn once, for it is the same for everybody.

    The content must depend on nothing but the language, the arguments and the program itself.
    """
    vary = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    content = parser.parse(("endfixed",))
    parser.delete_first_token()
    return Fixed(content, vary)


@register.simple_block_tag
def card(  # noqa: PLR0917  (template tags are called by name)
    content: str,
    title: str = "",
    more: str = "",
    more_url: str = "",
    footer: str = "",
    id: str = "",
    kind: str = "",
) -> SafeString:
    """{% card title=_("…") more=_("See all") more_url=url %}…{% endcard %}"""
    head: SafeString | str = ""
    if title and more_url:
        head = format_html(
            '<header><h2>{}</h2><a class="more" href="{}">{}</a></header>', title, more_url, more
        )
    elif title:
        head = format_html("<h2>{}</h2>", title)
    foot = format_html("<footer>{}</footer>", footer) if footer else ""
    name = format_html(' id="{}"', id) if id else ""
    return format_html('<section class="card {}"{}>{}{}{}</section>', kind, name, head, content, foot)


@register.simple_tag
def badge(kind: str, text: Any) -> SafeString:
    """{% badge "ok" _("Verified") %}: kind is ok, wait, stop, info or quiet."""
    return format_html('<span class="badge {}">{}</span>', kind if kind in KINDS else "quiet", text)


@register.simple_tag
def state(row: Any) -> SafeString:
    """{% state job %}: the row's state in words, coloured by its STATE_KINDS."""
    kinds: Mapping[Any, str] = getattr(row, "STATE_KINDS", {})
    return badge(kinds.get(row.state, "quiet"), row.get_state_display())


@register.simple_tag
def row(label: Any, value: Any) -> SafeString:
    """{% row _("Memory") job.memory|size %}: a line inside a card."""
    shown = wording.NOTHING if value is None or value == "" else value
    return format_html('<div class="row"><span>{}</span><span>{}</span></div>', label, shown)


@register.simple_tag
def said(question: Any, answer: Any) -> SafeString:
    """{% said question answer %}: what somebody wrote, below its question if it is long."""
    text = str(answer or "")
    if len(text) <= ONE_LINE and "\n" not in text:
        return row(question, answer)
    return format_html('<div class="row said"><span>{}</span><span>{}</span></div>', question, text)


@register.simple_tag
def figure(label: Any, value: Any, note: Any = "", url: str = "") -> SafeString:
    """{% figure _("Datasets") count _("as of today") url %}: a big number with its provenance."""
    inside = format_html('<span class="k">{}</span><span class="v">{}</span>', label, value)
    if note:
        inside = format_html('{}<span class="pr">{}</span>', inside, note)
    if url:
        return format_html('<a class="figure" href="{}">{}</a>', url, inside)
    return format_html('<div class="figure">{}</div>', inside)


@register.simple_tag
def sector(key: str, name: Any) -> SafeString:
    """{% sector dataset.sector dataset.get_sector_display %}: the hue as a dot, the word beside it."""
    return format_html(
        '<span class="nowrap"><i class="sector-dot {}"></i>{}</span>', key, capfirst(str(name))
    )


@register.simple_tag
def options(choices: Iterable[tuple[Any, Any]], chosen: Any = "", nothing: Any = "") -> SafeString:
    """{% options sectors sector _("all") %}: what stands in a ``<select>``, ``nothing`` first."""
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        (
            (value, SELECTED if value and str(value) == str(chosen) else "", label)
            for value, label in [*([("", nothing)] if nothing else []), *choices]
        ),
    )


@register.simple_tag
def loading(text: Any = "") -> SafeString:
    """The 3x3 field with a lamp walking around it."""
    return format_html(
        '<span class="loading" role="img" aria-label="{}">{}</span>',
        text,
        mark_safe("<i></i>" * 9),  # noqa: S308
    )


@register.simple_tag
def progress(value: Any, maximum: Any = 100, label: Any = "") -> SafeString:
    """{% progress 38 100 _("Training") %}"""
    total = float(maximum or 0)
    share = round(min(max(float(value or 0) / total, 0.0), 1.0) * 100) if total else 0
    return format_html(
        '<div class="meter{}"><progress value="{}" max="100"{}>{} %</progress>'
        '<div class="label"><span>{}</span><span>{} %</span></div></div>',
        " whole" if share >= 100 else "",
        share,
        format_html(' aria-label="{}"', label) if label else "",
        share,
        label,
        share,
    )


@register.simple_block_tag
def empty(
    content: str, title: Any = "", text: Any = "", picture: str = "field", level: int = 2
) -> SafeString:
    """{% empty title=_("…") text=_("…") picture="lake" %}links{% endempty %}: and what to do."""
    actions = format_html('<div class="actions">{}</div>', content) if content.strip() else ""
    return format_html(
        '<div class="empty">{}<h{}>{}</h{}>{}{}</div>',
        picture_of(picture),
        level,
        title,
        level,
        format_html("<p>{}</p>", text) if text else "",
        actions,
    )


@register.inclusion_tag("ui/tabs.html")
def tabs(items: Sequence[Mapping[str, Any]], label: Any = "") -> dict[str, Any]:
    """items: [{"url", "label", "on"}]"""
    return {"items": items, "label": label}


@register.inclusion_tag("ui/stepper.html")
def stepper(steps: Sequence[Any], current: int | str) -> dict[str, Any]:
    """steps: labels; current: the number of the present step from 1, or its label."""
    labels = [str(step) for step in steps]
    here = current if isinstance(current, int) else labels.index(str(current)) + 1
    return {
        "steps": [
            {"label": label, "state": "done" if at < here else "now" if at == here else ""}
            for at, label in enumerate(labels, 1)
        ]
    }


@register.simple_tag
def lineage(items: Sequence[Mapping[str, Any]]) -> SafeString:
    """items: [{"label", "url", "on"}]; "on" marks where the reader is, no url means not there yet."""
    return format_html('<ol class="lineage">{}</ol>', format_html_join("", "<li>{}</li>", map(_chip, items)))


def _chip(item: Mapping[str, Any]) -> tuple[SafeString]:
    on = bool(item.get("on"))
    if not item.get("url"):
        return (format_html('<span class="chip {}">{}</span>', "on" if on else "off", item["label"]),)
    marks = (" on", mark_safe(' aria-current="true"')) if on else ("", "")
    return (
        format_html('<a class="chip{}" href="{}"{}>{}</a>', marks[0], item["url"], marks[1], item["label"]),
    )


@register.simple_tag
def proof(subject: Any) -> SafeString:
    """{% proof "dataset:flights" %}: how many facts tell of this, and where to check them."""
    told = import_string(settings.PROOF)(str(subject))
    seal: SafeString | str = ""
    if told["count"]:
        word = (
            format_html('<span class="verified">{}</span>', _("sealed in the tree"))
            if told["sealed"]
            else format_html("<span>{}</span>", _("waiting to be sealed"))
        )
        seal = format_html('<div class="row"><span>{}</span>{}</div>', _("Proof"), word)
        if told["url"]:
            seal += format_html(
                '<p><a class="more" href="{}">{}</a></p>', told["url"], _("Check it yourself")
            )
    return format_html(
        '<section class="card proof"><h2>{}</h2>{}{}</section>',
        _("Public record"),
        row(_("Facts about this"), wording.number(told["count"])),
        seal,
    )


@register.simple_tag
def form_fields(form: BaseForm) -> SafeString:
    """Every field with its label, help and errors; above them a summary of what needs correction."""
    return form_html(form)


@register.simple_tag
def field(bound: BoundField) -> SafeString:
    """One field of a form, for pages that place fields themselves."""
    return field_html(bound)


@register.inclusion_tag("ui/pager.html")
def pager(page: Any) -> dict[str, Any]:
    """{% pager page %}: the page of ``kit.paging.page_of``, other parameters of the address kept."""
    return {"page": page}


@register.simple_tag
def once_field(name: str = "once") -> SafeString:
    """A hidden key that makes a second submit of the same form harmless."""
    return format_html('<input type="hidden" name="{}" value="{}">', name, form_key())


@register.simple_tag(takes_context=True)
def with_query(context: template.Context, **changes: Any) -> str:
    """{% with_query sort="-size" page=None %}: this address with some parameters changed."""
    request: HttpRequest = context["request"]
    query = request.GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return conditional_escape(f"?{query.urlencode()}")
