"""How a form is drawn: every field with its label, help and errors, and every common widget.

Drawn in Python and not by templates: a choice among a hundred airports would cost a hundred templates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.forms import BaseForm, BoundField
from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

EMPTY = SafeString()


def field_html(bound: BoundField) -> SafeString:
    """One field.  Several boxes or dots of one question are a group; a single box stands before its words."""
    widget, errors = bound.field.widget, bound.errors
    optional = (
        EMPTY if bound.field.required else format_html('<span class="optional">{}</span>', _("optional"))
    )
    if widget.use_fieldset:
        told = " ".join(
            name
            for name, here in (
                (f"{bound.auto_id}_helptext", bound.help_text),
                (f"{bound.auto_id}_error", errors),
            )
            if here
        )
        main = format_html(
            '<fieldset{}><legend>{}{}</legend><div class="choices">{}</div></fieldset>',
            format_html(' aria-describedby="{}"', told) if told else EMPTY,
            bound.label,
            optional,
            bound,
        )
    elif getattr(widget, "input_type", "") == "checkbox":
        main = format_html(
            '<label class="choice" for="{}">{}<span>{}</span></label>', bound.id_for_label, bound, bound.label
        )
    else:
        main = format_html('<label for="{}">{}{}</label>{}', bound.id_for_label, bound.label, optional, bound)
    return format_html(
        '<div class="field{}">{}{}{}</div>',
        " wrong" if errors else "",
        main,
        _help(bound) if bound.help_text else EMPTY,
        _errors(bound, errors) if errors else EMPTY,
    )


def _help(bound: BoundField) -> SafeString:
    return format_html('<div class="help" id="{}_helptext">{}</div>', bound.auto_id, bound.help_text)


def _errors(bound: BoundField, errors: Iterable[Any]) -> SafeString:
    items = format_html_join("", "<li>{}</li>", ((error,) for error in errors))
    return format_html('<ul class="error" id="{}_error">{}</ul>', bound.auto_id, items)


def form_html(form: BaseForm) -> SafeString:
    """All fields of a form; above them a summary of what needs correction."""
    fields = form.visible_fields()
    return format_html(
        '{}{}<div class="form-fields">{}</div>',
        _summary(form, fields) if form.errors else EMPTY,
        format_html_join("", "{}", ((hidden,) for hidden in form.hidden_fields())),
        format_html_join("", "{}", ((field_html(field),) for field in fields)),
    )


def _summary(form: BaseForm, fields: list[BoundField]) -> SafeString:
    return format_html(
        '<div class="error-summary" role="alert" tabindex="-1"><h2>{}</h2><ul>{}{}</ul></div>',
        _("Some entries need correction"),
        format_html_join("", "<li>{}</li>", ((error,) for error in form.non_field_errors())),
        format_html_join(
            "",
            '<li><a href="#{}">{}: {}</a></li>',
            ((f.id_for_label or f.auto_id, f.label, error) for f in fields for error in f.errors),
        ),
    )


def _attributes(attrs: Mapping[str, Any]) -> SafeString:
    return mark_safe(  # noqa: S308  (every value is escaped; names come from the program)
        "".join(
            f" {conditional_escape(name)}"
            if value is True
            else f' {conditional_escape(name)}="{conditional_escape(str(value))}"'
            for name, value in attrs.items()
            if value is not False
        )
    )


def _input(widget: Mapping[str, Any]) -> SafeString:
    value = widget["value"]
    return format_html(
        '<input type="{}" name="{}"{}{}>',
        widget["type"],
        widget["name"],
        EMPTY if value is None else format_html(' value="{}"', str(value)),
        _attributes(widget["attrs"]),
    )


def _textarea(widget: Mapping[str, Any]) -> SafeString:
    return format_html(
        '<textarea name="{}"{}>\n{}</textarea>',
        widget["name"],
        _attributes(widget["attrs"]),
        widget["value"] or "",
    )


def _select(widget: Mapping[str, Any]) -> SafeString:
    groups = [
        format_html('<optgroup label="{}">{}</optgroup>', name, options) if name else options
        for name, options in ((name, _options(options)) for name, options, _place in widget["optgroups"])
    ]
    inside = format_html_join("", "{}", ((group,) for group in groups))
    return format_html(
        '<select name="{}"{}>{}</select>', widget["name"], _attributes(widget["attrs"]), inside
    )


def _options(options: Iterable[Mapping[str, Any]]) -> SafeString:
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((str(option["value"]), _attributes(option["attrs"]), option["label"]) for option in options),
    )


_INPUTS = ("text", "number", "email", "url", "password", "hidden", "date", "datetime", "time")
_DRAWN: dict[str, Callable[[Mapping[str, Any]], SafeString]] = {
    **{f"django/forms/widgets/{kind}.html": _input for kind in _INPUTS},
    "django/forms/widgets/checkbox.html": _input,
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
}


class Renderer(DjangoTemplates):
    """``settings.FORM_RENDERER``: common widgets as above, the rare ones by Django's templates."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        draw = _DRAWN.get(template_name)
        return draw(context["widget"]) if draw else super().render(template_name, context, request)
