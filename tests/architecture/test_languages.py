"""Both languages are complete: every message that code or a page can say has its Korean sentence."""

import ast
import re

import django
import polib
import pytest
from django.utils.translation import override
from django.utils.translation.template import templatize

from bitgoeul.kit import messages
from tests.architecture.tree import PACKAGE, every_refusal, tracked

CALLS = {f"{n}{kind}gettext{lazy}" for n in ("", "n") for kind in ("", "p") for lazy in ("", "_lazy")}
CALLS |= {"_", "gettext_noop"}
CALL = re.compile(r"\b(?:gettext|ngettext|pgettext|npgettext|_)\((?:u?(['\"]).*?(?<!\\)\1[, ]*)+", re.DOTALL)


def said_in(source):
    """The messages that ``source`` (Python) passes to gettext."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in CALLS:
            continue
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if texts:
            yield texts[1] if "pgettext" in name and len(texts) > 1 else texts[0]


def said_on(page):
    """The messages of a template."""
    python = templatize(page.read_text(), origin=str(page))
    for call in CALL.finditer(python):
        yield from said_in(call.group().rstrip(", ") + ")")


def everything_said():
    for path in tracked("src/bitgoeul/**/*.py"):
        if "tests" not in path.parts and "migrations" not in path.parts:
            for text in said_in(path.read_text()):
                yield path, text
    for path in tracked("src/bitgoeul/**/*.html", "src/bitgoeul/**/*.txt"):
        if "templates" in path.parts:
            for text in said_on(path):
                yield path, text


def test_every_message_has_its_korean_sentence():
    known = {
        entry.msgid
        for catalogue in messages.catalogues()
        for entry in polib.pofile(str(catalogue))
        if not entry.obsolete
    }
    # Django translates its own words.
    for catalogue in ("conf", "contrib/auth"):
        place = f"{django.__path__[0]}/{catalogue}/locale/ko/LC_MESSAGES/django.po"
        known |= {entry.msgid for entry in polib.pofile(place) if entry.translated()}

    unknown = sorted(
        {f"{path.relative_to(PACKAGE)}: {text}" for path, text in everything_said() if text not in known}
    )

    assert unknown == []


def test_no_message_is_left_unfinished():
    assert messages.unfinished() == {}


@pytest.mark.parametrize("refusal", every_refusal(), ids=lambda refusal: refusal.__name__)
def test_every_refusal_speaks_korean(refusal):
    messages.compile_all()
    with override("ko"):
        korean = f"{refusal.title} {refusal.remedy}"

    assert re.search("[가-힣]", korean)


def test_the_reader_of_messages_finds_what_is_said():
    source = "_('one'); gettext_lazy('two'); pgettext('place', 'three'); f('no')"

    assert list(said_in(source)) == ["one", "two", "three"]
