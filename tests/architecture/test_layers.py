"""Dependencies point down: imports (import-linter), foreign keys (here) and what a web process loads."""

import json
import re
import subprocess
import sys
import tomllib

import pytest
from django.apps import apps

from bitgoeul.site import capabilities
from tests.architecture.tree import PACKAGE, ROOT

HEAVY = [
    "deltalake",
    "duckdb",
    "lightgbm",
    "onnx",
    "onnxruntime",
    "pandas",
    "pyarrow",
    "scipy",
    "skl2onnx",
    "sklearn",
]
LEVELS = {"kit": 0} | {
    name: level for level, layer in enumerate(capabilities.LAYERS, start=1) for name in layer
}

LOAD_WEB = """
import json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "bitgoeul.site.settings_test"
from bitgoeul.site.wsgi import application
from django.urls import get_resolver
get_resolver().url_patterns
from bitgoeul.site.api import api
api.get_openapi_schema()
print(json.dumps(sorted(set(sys.argv[1:]) & set(sys.modules))))
"""


def test_every_import_contract_holds():
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    checked = subprocess.run(
        [sys.executable, "-c", lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout


def test_the_import_contract_names_every_layer_in_order():
    """The order of installation and the order that is checked are one order."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    linted = [re.findall(r"bitgoeul\.apps\.(\w+)", line) for line in contracts[0]["layers"]]

    assert [set(layer) for layer in reversed(linted) if layer] == [
        set(layer) for layer in capabilities.LAYERS
    ]


def test_every_capability_has_its_place():
    folders = {path.parent.name for path in (PACKAGE / "apps").glob("*/apps.py")}

    assert folders <= set(LEVELS)


def test_foreign_keys_point_down_only():
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        if model.__module__.startswith("bitgoeul.")
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model is not None
        and field.related_model.__module__.startswith("bitgoeul.")
        and model._meta.app_label != field.related_model._meta.app_label
        and LEVELS[field.related_model._meta.app_label] >= LEVELS[model._meta.app_label]
    ]  # fmt: skip

    assert upward == []


def test_no_model_knows_who_points_at_it_from_above():
    """A relation from another capability leaves no attribute behind: ``related_name="+"``."""
    named = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model.__module__.startswith("bitgoeul.")
        for field in model._meta.local_fields
        if field.is_relation and field.related_model.__module__.startswith("bitgoeul.")
        and field.related_model._meta.app_label != model._meta.app_label
        and not field.remote_field.hidden
    ]  # fmt: skip

    assert named == []


@pytest.mark.slow
def test_a_web_process_loads_no_heavy_library():
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD_WEB, *HEAVY], capture_output=True, text=True, check=True, cwd=ROOT,
    )  # fmt: skip

    assert json.loads(loaded.stdout.splitlines()[-1]) == []
