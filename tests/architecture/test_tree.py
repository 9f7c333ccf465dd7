"""What must not be in the tree, and what must follow a change."""

import re

import pytest
from django.core.management import call_command

from tests.architecture.tree import ROOT, tracked

TEXT = {".py", ".md", ".txt", ".toml", ".html", ".css", ".js", ".json", ".sql", ".po", ".in", ""}
MACHINE_PATH = re.compile(
    r"(?<![\w.:/])/(?:home/\w+|root/[\w.]+|Users/\w+|work/(?:main|wt|trunk|plan|shared|\.library))\b"
)
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/(?:ld\+)?json\")|<style\b|\sstyle=|\son[a-z]+=\""
)
LOCKS = ["requirements/*.txt", "frontend/package-lock.json"]


def test_no_file_names_a_folder_of_somebodys_machine():
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if path.suffix in TEXT
        for match in MACHINE_PATH.finditer(path.read_text(errors="replace"))
        if path != ROOT / "tests/architecture/test_tree.py"
    ]

    assert found == []


def test_no_lock_names_an_address_or_a_folder():
    """A lock is true on every machine: versions and hashes, nothing about where to get them."""
    named = re.compile(r"https?://|file:|find-links|index-url|^/|\s/\w", re.MULTILINE)
    for path in tracked(*LOCKS):
        text = path.read_text()
        if path.suffix == ".json":
            # Where to thank and pay people is no download address.
            text = re.sub(r'"(?:funding|url)":\s*(?:"[^"]*"|\{[^}]*\}|\[[^\]]*\])', "", text)
        assert named.findall(text) == [], path


def test_every_locked_package_has_hashes():
    for path in tracked("requirements/*.txt"):
        pins = re.split(r"^(?=[a-z0-9])", path.read_text(), flags=re.MULTILINE)
        assert [pin.split()[0] for pin in pins if "==" in pin and "--hash=sha256:" not in pin] == [], path


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("path", tracked("src/bitgoeul/**/*.html"), ids=lambda path: path.name)
def test_no_template_carries_its_own_style_or_script(path):
    """The content security policy would silently drop them."""
    assert INLINE.findall(path.read_text()) == []
