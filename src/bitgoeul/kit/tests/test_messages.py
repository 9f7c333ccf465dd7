"""Compiling translations."""

from __future__ import annotations

import polib
from django.utils import translation
from django.utils.translation import trans_real

from bitgoeul.kit import messages


def test_what_is_compiled_is_said_at_once_even_if_it_was_looked_for_before(tmp_path, settings, monkeypatch):
    folder = tmp_path / "locale" / "ko" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    catalogue.append(polib.POEntry(msgid="a sentence of this test", msgstr="이 시험의 문장"))
    catalogue.save(str(folder / "django.po"))
    settings.LOCALE_PATHS = [*settings.LOCALE_PATHS, tmp_path / "locale"]
    monkeypatch.setattr(trans_real, "_translations", {})
    monkeypatch.setattr(messages, "PACKAGE", tmp_path)
    with translation.override("ko"):
        assert translation.gettext("a sentence of this test") == "a sentence of this test"

    assert messages.compile_all() == [folder / "django.mo"]

    with translation.override("ko"):
        assert translation.gettext("a sentence of this test") == "이 시험의 문장"
    assert messages.compile_all() == []
    assert sorted(path.name for path in folder.iterdir()) == ["django.mo", "django.po"]
