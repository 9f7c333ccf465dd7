"""How templates write the amounts of a call."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bitgoeul.apps.programmes.forms.blueprint_editor import Part
from bitgoeul.apps.programmes.models import Call, GrantPart
from bitgoeul.apps.programmes.queries.amounts import in_words, part_in_words, span_in_words
from bitgoeul.kit.templatetags.ui import badge
from bitgoeul.kit.text import LANGUAGES, Localised
from bitgoeul.kit.ui.fields import field_html

register = template.Library()


@register.filter
def of_budget(amount: int | None, call: Call) -> Any:
    """An amount of the call's budget with its unit."""
    return "" if amount is None else in_words(call, amount)


@register.filter
def share(call: Call) -> Any:
    """What one grant takes: one amount, or from the least to the most."""
    if call.share_least == call.share_most:
        return in_words(call, call.share_most)
    return span_in_words(call, call.share_least, call.share_most)


@register.filter
def in_words_part(part: GrantPart) -> Any:
    """One part of a grant."""
    return part_in_words(part)


@register.filter
def standing(word: str, standings: dict[str, Any]) -> Any:
    """Where an application stands in a ranking, as a badge."""
    return badge(*standings[word])


@register.simple_tag
def despite_field(form: forms.Form, name: str) -> Any:
    """The field for the reason of one application, which belongs to the form that decides."""
    if f"despite_{name}" not in form.fields:
        return ""
    form.fields[f"despite_{name}"].widget.attrs["form"] = "decide"
    return field_html(form[f"despite_{name}"])


@register.filter
def localised(text: Any) -> Localised:
    """Text in two languages that is not kept in a field of its own."""
    return Localised.of(text)


@register.filter
def in_reader_words(values: dict[str, Any], name: str) -> str:
    """Of words that are typed apart in two languages, those of the reader."""
    return str(Localised({code: values.get(f"{name}_{code}") or "" for code in LANGUAGES}))


@register.filter
def row_title(row: forms.Form) -> str:
    """What a row of the editor is called while it is folded."""
    typed: dict[str, Any] = {
        name: row[name].value() or "" for name in ("title_ko", "title_en") if name in row.fields
    }
    if words := in_reader_words(typed, "title"):
        return words
    if "part" in row.fields:
        return _chosen(row, "part")
    return ""


@register.filter
def row_note(row: forms.Form) -> str:
    """The one thing that tells rows of a kind apart."""
    for name in ("kind", "weight", "days", "points", "amount", "name"):
        if name in row.fields:
            return _chosen(row, name)
    return ""


def _chosen(row: forms.Form, name: str) -> str:
    value = row[name].value()
    words = dict(getattr(row.fields[name], "choices", []))
    return str(words.get(value, "" if value is None else value))


@register.simple_tag
def part_fields(part: Part, *, focus: bool = False) -> SafeString:
    """The fields of one part of the editor, words of two languages side by side.

    ``focus``: the row was just added, so whoever types goes on in its first field.
    """
    if focus:
        part.visible_fields()[0].field.widget.attrs["autofocus"] = True
    return format_html(
        '{}{}<div class="edit-fields">{}</div>',
        format_html_join(
            "", '<p class="notice stop" role="alert">{}</p>', ((e,) for e in part.non_field_errors())
        )
        if part.is_bound
        else "",
        format_html_join("", "{}", ((hidden,) for hidden in part.hidden_fields())),
        format_html_join(
            "",
            '<div class="{}">{}</div>',
            (
                ("wide" if bound.name in part.wide else "half", field_html(bound))
                for bound in part.visible_fields()
            ),
        ),
    )


@register.simple_tag(takes_context=True)
def tool(  # noqa: PLR0917  (template tags are called by name)
    context: Any, word: str, name: str, number: int, sign: str, label: str
) -> SafeString:
    """A button that changes the rows ``name``: a plain submit, made a partial one by the script."""
    return format_html(
        '<button class="btn small{}" id="{}" name="do" value="{}" formaction="#{}" title="{}" '
        'aria-label="{}" hx-post="{}" hx-target="#editor" hx-select="#editor" '
        'hx-swap="outerMorph">{}</button>',
        "" if word == "add" else " quiet",
        f"do-{word}-{name}-{number}",
        f"{word} {name} {number}",
        name,
        label,
        label,
        context["request"].path,
        sign,
    )
