"""A backup brings back every row, every file and every key, or nothing at all."""

import hashlib
import json

import pytest

from bitgoeul.site.tests.hubs import Hub

pytestmark = [pytest.mark.slow, pytest.mark.own_database]

LIVE_A_LITTLE = """
import datetime as dt
from bitgoeul.apps.credits.commands import grant_credits, hold_credits, spend_credits
from bitgoeul.apps.people.tests.factories import make_organisation
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.store import store
team = make_organisation()
start = dt.datetime.now(dt.UTC)
grant_credits(by=SYSTEM, organisation=team, amount=9000, starts_at=start,
              ends_at=start + dt.timedelta(days=9), reference="grant:1", source="test")
spend_credits(by=SYSTEM, organisation=team, amount=2500, reference="spend:1", purpose="test")
hold_credits(by=SYSTEM, organisation=team, amount=500, reference="hold:1", purpose="test")
store().put("lake/flights/part-0.parquet", b"x" * 3_000_000)
"""

EVERYTHING = """
import json
from django.apps import apps
from django.core import serializers
rows = {
    model._meta.label: json.loads(serializers.serialize("json", model.objects.order_by("pk")))
    for model in apps.get_models()
    if model._meta.managed and model._meta.label != "contenttypes.ContentType"
}
print(json.dumps(rows, sort_keys=True))
"""

CREDITS = """
import json
from bitgoeul.apps.credits.queries import balance
from bitgoeul.apps.people.models import Organisation
held = balance(Organisation.objects.get())
print(json.dumps([held.granted, held.spent, held.held, held.left]))
"""

FACTS_ROOT = """
import json
from bitgoeul.engines.merkle import leaf_hash, tree_root
from bitgoeul.kit.models import Fact
leaves = [json.dumps([f.name, str(f.at), f.actor, f.subject, f.data, f.personal_hashes()]).encode()
          for f in Fact.objects.order_by("id")]
print(len(leaves), tree_root([leaf_hash(leaf) for leaf in leaves]).hex())
"""


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory):
    """A hub in which a little has happened, and a backup of it."""
    hub = Hub(tmp_path_factory.mktemp("hubs") / "old", migrated=True)
    assert hub.run("migrate").returncode == 0
    hub.python(LIVE_A_LITTLE)
    file = hub.home.parent / "backup.tar"
    done = hub.run("backup", str(file))
    assert done.returncode == 0, done.stderr
    return hub, file


@pytest.fixture
def empty(tmp_path):
    return Hub(tmp_path / "new")


def stored(hub):
    root = hub.home / "store"
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


def refusal(done):
    assert done.returncode == 3, done.stderr
    return json.loads(done.stderr.splitlines()[-1])["code"]


def test_given_a_backup_when_restored_then_facts_credits_and_files_are_the_same(lived_in, empty):
    hub, file = lived_in

    done = empty.run("restore", str(file))

    assert done.returncode == 0, done.stderr
    assert empty.python(FACTS_ROOT) == hub.python(FACTS_ROOT)
    assert json.loads(empty.python(CREDITS)) == [9000, 2500, 500, 6000]
    assert json.loads(empty.python(EVERYTHING)) == json.loads(hub.python(EVERYTHING))
    assert stored(empty) == stored(hub)
    assert (empty.home / "secret_key").read_text() == (hub.home / "secret_key").read_text()


def test_given_a_hub_with_rows_when_restored_into_then_it_is_refused(lived_in):
    hub, file = lived_in

    assert refusal(hub.run("restore", str(file))) == "site.NotEmpty"


def test_given_one_changed_byte_when_restored_then_nothing_is_written(lived_in, empty, tmp_path):
    _hub, file = lived_in
    bytes_ = bytearray(file.read_bytes())
    bytes_[bytes_.index(b"x" * 1000) + 500] ^= 1
    (tmp_path / "changed.tar").write_bytes(bytes_)

    done = empty.run("restore", str(tmp_path / "changed.tar"))

    assert refusal(done) == "site.Damaged"
    assert "lake/flights/part-0.parquet" in done.stderr
    assert stored(empty) == {}


@pytest.mark.parametrize("kept", [0, 1000, 0.5, 0.99])
def test_given_half_a_backup_when_restored_then_it_is_refused(lived_in, empty, tmp_path, kept):
    _hub, file = lived_in
    whole = file.read_bytes()
    (tmp_path / "half.tar").write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])

    assert refusal(empty.run("restore", str(tmp_path / "half.tar"))) == "site.Damaged"


def test_a_backup_never_overwrites_and_only_its_owner_can_read_it(lived_in):
    hub, file = lived_in

    assert file.stat().st_mode & 0o777 == 0o600
    assert refusal(hub.run("backup", str(file))) == "site.BackupExists"
