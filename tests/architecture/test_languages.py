"""Both languages are complete: every message that code or a page can say has its Korean sentence."""

import ast
import re
from functools import cache
from pathlib import Path

import allauth
import django
import polib
import pytest
from django.utils.translation import gettext, ngettext, override, pgettext
from django.utils.translation.template import templatize

from bitgoeul.kit import messages
from bitgoeul.site import reference
from tests.architecture.tree import PACKAGE, every_refusal, tracked

CALLS = {f"{n}{kind}gettext{lazy}" for n in ("", "n") for kind in ("", "p") for lazy in ("", "_lazy")}
CALLS |= {"_", "gettext_noop"}
CALL = re.compile(r"\b(?:gettext|ngettext|pgettext|npgettext|_)\((?:u?(['\"]).*?(?<!\\)\1[, ]*)+", re.DOTALL)


def said_in(source):
    """(context or None, message) for each that ``source`` (Python) passes to gettext."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in CALLS:
            continue
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if "pgettext" in name and len(texts) > 1:
            yield texts[0], texts[1]
        elif texts:
            yield None, texts[0]


def said_on(page):
    """The messages of a template."""
    python = templatize(page.read_text(), origin=str(page))
    for call in CALL.finditer(python):
        yield from said_in(call.group().rstrip(", ") + ")")


DJANGO, ALLAUTH = Path(django.__path__[0]), Path(allauth.__path__[0])
FORMS = [*DJANGO.glob("forms/*.py"), DJANGO / "core/validators.py", DJANGO / "utils/ipv6.py"]
FORMS += [DJANGO / "contrib/auth/password_validation.py"]
MODELS = [DJANGO / "db/models" / name for name in ("base.py", "constraints.py")]
MODELS += [DJANGO / "db/models/fields" / name for name in ("__init__.py", "related.py")]
ACCOUNTS = ("account", "mfa", "usersessions", "idp", "headless", "core", "utils")
BEHIND_THE_SCENES = {"models.py", "apps.py", "admin.py", "clientkit.py"}
ABSENT_HERE = re.compile("[Pp]hone|[Uu]sername")  # people sign in with an address


def said_by_libraries():
    """What Django's forms and django-allauth can say on our pages, in our mails and in our API."""
    for path in FORMS:
        yield from said_in(path.read_text())
    for path in MODELS:
        # Refusals of a value are sentences; the names of field types are for an admin site.
        yield from ((context, text) for context, text in said_in(path.read_text()) if text.endswith("."))
    for part in ACCOUNTS:
        for path in ALLAUTH.glob(f"{part}/**/*.py"):
            if not {*path.relative_to(ALLAUTH).parts} & {"tests", "migrations", *BEHIND_THE_SCENES}:
                yield from (said for said in said_in(path.read_text()) if not ABSENT_HERE.search(said[1]))
        for path in ALLAUTH.glob(f"templates/{part}/**/*.*"):
            ours = PACKAGE / "apps/people/templates" / path.relative_to(ALLAUTH / "templates")
            if not ours.exists():
                yield from (said for said in said_on(path) if not ABSENT_HERE.search(said[1]))


@cache
def everything_said():
    return list(_everything_said())


def _everything_said():
    for path in tracked("src/bitgoeul/**/*.py"):
        if not {"tests", "migrations"} & {*path.relative_to(PACKAGE).parts}:
            for said in said_in(path.read_text()):
                yield path, *said
    for path in tracked("src/bitgoeul/**/*.html", "src/bitgoeul/**/*.txt"):
        if "templates" in path.parts:
            for context, text in said_on(path):
                yield path, context, text
    for place, sentences in reference.sentences().items():
        for sentence in sentences:
            yield PACKAGE / place, reference.CONTEXT, sentence
    for said in said_by_libraries():
        yield PACKAGE / "locale", *said


def test_every_message_has_its_korean_sentence():
    known = {
        (entry.msgctxt, entry.msgid)
        for catalogue in messages.catalogues()
        for entry in polib.pofile(str(catalogue))
        if not entry.obsolete
    }

    unknown = sorted(
        f"{path.relative_to(PACKAGE)}: {context or ''} {text}"
        for path, context, text in everything_said()
        if (context, text) not in known
    )

    assert unknown == []


def test_what_libraries_say_is_said_in_our_words():
    """Theirs ask in other endings than ours, so ours must win wherever both have a sentence."""
    messages.compile_all()
    ours = polib.pofile(str(PACKAGE / "locale/ko/LC_MESSAGES/django.po"))
    with override("ko"):
        heard = {
            entry.msgid: ngettext(entry.msgid, entry.msgid_plural, 3)
            if entry.msgid_plural
            else pgettext(entry.msgctxt, entry.msgid)
            if entry.msgctxt
            else gettext(entry.msgid)
            for entry in ours
        }

    assert heard == {entry.msgid: entry.msgstr or entry.msgstr_plural[0] for entry in ours}


def korean_sentences():
    for path in messages.catalogues():
        for entry in polib.pofile(str(path)):
            yield entry.msgstr or entry.msgstr_plural[0]


def test_korean_sentences_end_as_a_public_office_writes():
    assert [
        text
        for text in korean_sentences()
        if re.search(r"(?:세요|해요|예요|에요|어요|아요|한다|된다)[.?!]", text)
    ] == []


def test_no_catalogue_keeps_a_message_that_nothing_says():
    said = {(context, text) for _path, context, text in everything_said()}

    left = [
        f"{path.relative_to(PACKAGE)}: {entry.msgctxt or ''} {entry.msgid}"
        for path in messages.catalogues()
        for entry in polib.pofile(str(path))
        if entry.obsolete or (entry.msgctxt, entry.msgid) not in said
    ]

    assert left == []


def disagreements(catalogues):
    """(context, message) -> its different Korean sentences.  All catalogues share one namespace."""
    said = {}
    for catalogue in catalogues:
        for entry in catalogue:
            if not entry.obsolete:
                korean = entry.msgstr or tuple(entry.msgstr_plural.values())
                said.setdefault((entry.msgctxt, entry.msgid), set()).add(korean)
    return {message: korean for message, korean in said.items() if len(korean) > 1}


def test_a_message_has_one_korean_sentence_wherever_it_is_said():
    """Two meanings of one English word need a context: pgettext, or `context` in a template."""
    assert disagreements(polib.pofile(str(path)) for path in messages.catalogues()) == {}


def test_two_sentences_for_one_message_are_found_unless_a_context_parts_them():
    def catalogue(context, korean):
        made = polib.POFile()
        made.append(polib.POEntry(msgctxt=context, msgid="Save", msgstr=korean))
        return made

    assert disagreements([catalogue(None, "저장"), catalogue("rescue", "구조")]) == {}
    assert disagreements([catalogue(None, "저장"), catalogue(None, "구조")]) == {
        (None, "Save"): {"저장", "구조"}
    }


def english_lines(page):
    """The lines that say something without a word of Korean; headings and code spans are names."""
    for line in page.splitlines():
        prose = re.sub(r"`[^`]*`", "", line)
        if not line.startswith("#") and re.search("[A-Za-z]{2}", prose) and not re.search("[가-힣]", prose):
            yield line


def test_every_line_of_the_korean_references_is_korean():
    messages.compile_all()
    korean = {name: text for name, text in reference.pages() if name.startswith("ko/")}

    assert {name: list(english_lines(text)) for name, text in korean.items()} == {name: [] for name in korean}


def test_a_line_without_korean_is_found_among_names_and_codes():
    page = (
        "## bitgoeul docs\n| `--check` | Write nothing. |\n| `--json` | JSON으로 출력합니다. |\n| `FILE` |  |"
    )

    assert list(english_lines(page)) == ["| `--check` | Write nothing. |"]


def test_no_catalogue_says_a_message_twice():
    """The collector of messages stops at a catalogue that does."""
    for path in messages.catalogues():
        polib.pofile(str(path), check_for_duplicates=True)


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

    assert list(said_in(source)) == [(None, "one"), (None, "two"), ("place", "three")]
