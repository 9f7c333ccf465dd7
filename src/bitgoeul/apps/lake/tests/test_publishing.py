"""Files become tables, or a sentence that says why not."""

from __future__ import annotations

import datetime as dt
import io

import pytest
from django.utils.translation import override

from bitgoeul.apps.lake import commands, queries, tasks
from bitgoeul.apps.lake.errors import (
    ChecksumMismatch,
    NotATableFile,
    UploadIncomplete,
    UploadOffset,
    UploadOverflow,
    UploadTooLarge,
    explain,
    tell,
)
from bitgoeul.apps.lake.models import DatasetVersion, Upload
from bitgoeul.apps.lake.tests.factories import (
    BUSES,
    make_dataset,
    make_member,
    make_published,
    make_upload,
    publish,
)
from bitgoeul.apps.lake.warehouse import delta
from bitgoeul.apps.notices.models import Notice
from bitgoeul.kit import clock
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.refusals import Forbidden, NotFound, StateChanged
from bitgoeul.kit.store import store
from bitgoeul.kit.testing import deliver_everything, facts_recorded

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def member():
    return make_member()


def columns_of(version: DatasetVersion, table: str) -> list[tuple[str, str]]:
    return [(c["name"], c["type"]) for c in version.table(table)["columns"]]


def test_a_csv_becomes_a_typed_delta_table_with_a_profile(member):
    by, home = member

    version = make_published(by, home)

    assert columns_of(version, "buses") == [
        ("노선", "VARCHAR"),
        ("도착지", "VARCHAR"),
        ("지연(분)", "BIGINT"),
        ("출발", "TIMESTAMP WITH TIME ZONE"),
    ]
    assert (version.number, version.rows, version.table("buses")["delta"]["version"]) == (1, 2, 0)
    delay = version.profiles["buses"]["columns"][2]
    assert (delay["missing"], delay["min"], delay["max"], delay["mean"]) == (1, 3, 3, 3.0)
    assert version.profiles["buses"]["preview"][0] == ["수완12", "광주역", 3, "2026-05-01T09:00:00Z"]
    assert "lake.VersionPublished" in facts_recorded()


def test_the_recorded_files_are_those_of_the_delta_log(member):
    by, home = member
    first = make_published(by, home)

    second = publish(by, first.dataset, ("buses.csv", BUSES + "송정19,송정역,1,2026-05-01 10:00\n"))

    for version, rows in ((first, 2), (second, 3)):
        entry = version.table("buses")
        log = delta.files_of(entry["delta"]["prefix"], entry["delta"]["version"])
        assert log == queries.table_files(version, "buses")
        assert entry["rows"] == rows


def test_publishing_again_after_a_crash_commits_nothing_new(member):
    by, home = member
    version = make_published(by, home)
    entry = version.table("buses")
    copy = store().path("lake/copy.parquet")
    copy.write_bytes(queries.table_files(version, "buses")[0].read_bytes())

    repeated = delta.commit(entry["delta"]["prefix"], copy, 2, f"{version.number:05d}")

    assert repeated.version == entry["delta"]["version"] == 0


def test_codes_with_leading_zeros_stay_text_and_mixed_columns_too(member):
    by, home = member

    version = make_published(
        by, home, "code,n,x,flag,day\n007,1,1.5,true,2026-01-01\n010,-2,NA,false,2026-01-02\n"
    )

    kinds = dict(columns_of(version, "buses"))
    assert kinds == {"code": "VARCHAR", "n": "BIGINT", "x": "DOUBLE", "flag": "BOOLEAN", "day": "DATE"}


def test_other_tables_are_kept_unless_told_otherwise(member):
    by, home = member
    first = make_published(by, home)

    kept = publish(by, first.dataset, ("stops.csv", "stop\n광주역\n"))
    alone = publish(by, first.dataset, ("lines.csv", "line\n12\n"), keep=False)

    assert [t["name"] for t in kept.tables] == ["stops", "buses"]
    assert kept.table("buses")["kept_from"] == 1
    assert [t["name"] for t in alone.tables] == ["lines"]


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-8-sig"])
def test_other_encodings_are_detected_said_and_converted(member, encoding):
    by, home = member

    version = make_published(by, home, BUSES.encode(encoding))

    assert version.profiles["buses"]["preview"][0][0] == "수완12"
    notes = version.table("buses")["notes"]
    with override("en"):
        said = [tell(note) for note in notes]
    assert (
        said
        == {
            "cp949": ["buses.csv was in CP949 and was converted to UTF-8."],
            "utf-16": ["buses.csv was in UTF-16 and was converted to UTF-8."],
            "utf-8-sig": [],
        }[encoding]
    )


@pytest.mark.parametrize(
    ("content", "code", "sentence"),
    [
        ("a,b\n1,2\n3\n4,5,6\n", "ragged", "Line 3 has 1 cell. Line 4 has 3 cells."),
        ("a,b,A\n1,2,3\n", "duplicate_columns", "these columns are there more than once: A."),
        ("a,b\n", "no_rows", "has a header but no rows"),
        ("\n\n", "empty", "is empty"),
        ("a,,c\n1,2,3\n", "unnamed_column", "column 2 has no name"),
        (b"a,b\n1,\x002\n", "nul_byte", "line 2: there is a NUL byte"),
        ('a,b\n1,"x\n', "open_quote", "line 2: a quotation mark is opened and never closed"),
        ('a,b\n1,"x"y"z"\n', "stray_quote", "line 2: a quotation mark stands inside a cell"),
        (b"a,b\n\xc0\xaf,\xff\xfe\xfa\n", "unknown_encoding", "line 2: the text is neither UTF-8 nor CP949"),
    ],
)
def test_a_bad_csv_fails_with_line_and_reason_and_leaves_nothing(member, content, code, sentence):
    by, home = member
    dataset = make_dataset(by, home)

    version = publish(by, dataset, ("bad.csv", content))

    assert (version.state, version.problem["code"], version.tables) == ("failed", code, [])
    with override("en"):
        assert sentence in explain(version.problem)
    with override("ko"):
        assert explain(version.problem) != sentence
        assert "bad.csv" in explain(version.problem)
    assert not store().exists(f"lake/tables/{dataset.public_id}/bad")
    assert "lake.PublicationFailed" in facts_recorded()


def test_one_bad_file_among_good_ones_publishes_nothing(member):
    by, home = member
    dataset = make_dataset(by, home)

    version = publish(by, dataset, ("good.csv", BUSES), ("bad.csv", "a,b\n1\n"))

    assert version.state == "failed"
    assert list(store().list(f"lake/tables/{dataset.public_id}")) == []


@pytest.mark.parametrize(("name", "content"), [("x.parquet", b"PAR1 not really"), ("x.arrow", b"ARROW1 no")])
def test_a_broken_binary_file_is_refused_as_unreadable(member, name, content):
    by, home = member

    version = publish(by, make_dataset(by, home), (name, content))

    assert (version.state, version.problem["code"]) == ("failed", "unreadable_file")


def test_parquet_and_arrow_are_read_and_cast_to_types_of_the_lake(member):
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    by, home = member
    table = pa.table(
        {"n": pa.array([1, 2], pa.uint16()), "t": pa.array([0, 1], pa.timestamp("ns")), "l": [[1], [2, 3]]}
    )
    parquet, arrow = io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet)
    with pa.ipc.new_file(arrow, table.schema) as writer:
        writer.write_table(table)

    version = publish(
        by, make_dataset(by, home), ("p.parquet", parquet.getvalue()), ("a.arrow", arrow.getvalue())
    )

    assert version.state == "published", version.problem
    for name in ("p", "a"):
        assert [kind for _, kind in columns_of(version, name)] == [
            "INTEGER",
            "TIMESTAMP WITH TIME ZONE",
            "VARCHAR",
        ]


def test_members_are_told_what_became_of_their_publication(member):
    by, home = member
    publish(by, make_dataset(by, home, title={"ko": "버스", "en": "Buses"}), ("bad.csv", "a,b\n1\n"))
    make_published(by, home)

    told = list(Notice.objects.order_by("id"))

    assert [(notice.tone, notice.person_id) for notice in told] == [
        ("stop", by.person_id),
        ("ok", by.person_id),
    ]
    assert told[0].title["en"] == "“Buses”: version 1 could not be published"
    assert "Line 2 has 1 cell." in told[0].text["en"]


def test_a_failed_publication_can_be_tried_again_with_the_same_files(member, settings):
    by, home = member
    settings.LAKE_QUERY_MEMORY_MIB = 1
    failed = publish(by, make_dataset(by, home), ("buses.csv", BUSES))
    assert failed.state == "failed"

    settings.LAKE_QUERY_MEMORY_MIB = 512
    commands.retry_publication(by=by, dataset=failed.dataset.slug, number=1)
    deliver_everything()

    failed.refresh_from_db()
    assert (failed.state, failed.problem, failed.rows) == ("published", {}, 2)


def test_what_a_dead_worker_held_goes_back_to_the_line(member):
    by, home = member
    dataset = make_dataset(by, home)
    upload = make_upload(by, home)
    version = commands.publish_version(by=by, dataset=dataset.slug, files=[{"upload": upload.public_id}])
    host, pid, _, _ = tasks.new_claim().split(" ")
    commands.begin_publication(by=SYSTEM, version_id=version.pk, claim=f"{host} {pid} 1 dead")

    tasks.recover_publications()
    deliver_everything()

    version.refresh_from_db()
    assert version.state == "published"
    with pytest.raises(StateChanged):
        commands.complete_publication(by=SYSTEM, version_id=version.pk, claim="dead", tables=[], profiles={})


def test_a_living_worker_keeps_its_publication(member):
    by, home = member
    upload = make_upload(by, home)
    version = commands.publish_version(
        by=by, dataset=make_dataset(by, home).slug, files=[{"upload": upload.public_id}]
    )
    commands.begin_publication(by=SYSTEM, version_id=version.pk, claim=tasks.new_claim())

    tasks.recover_publications()

    version.refresh_from_db()
    assert version.state == "publishing"


def test_the_files_of_a_failure_are_kept_for_two_weeks_and_then_asked_for_again(member):
    by, home = member
    failed = publish(by, make_dataset(by, home, slug="bad"), ("bad.csv", "a,b\n1\n"))
    name = f"lake/uploads/{failed.plan['files'][0]['upload']}/file"

    tasks.sweep()
    assert store().exists(name)
    with clock.frozen(clock.now() + dt.timedelta(days=15)):
        tasks.sweep()
        assert not store().exists(name)
        commands.retry_publication(by=by, dataset="bad", number=1)
        deliver_everything()

    failed.refresh_from_db()
    assert failed.problem["code"] == "upload_gone"


def test_a_withdrawn_version_can_no_longer_be_read(member):
    by, home = member
    version = make_published(by, home)

    commands.withdraw_version(by=by, dataset=version.dataset.slug, number=1, reason="개인정보")

    with pytest.raises(NotFound):
        queries.readable_version(by, f"{version.dataset.slug}@1")


# ── uploads ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_over_the_limit_is_refused_by_its_declared_size(member, settings):
    by, home = member
    settings.UPLOAD_LIMIT = 1 << 30

    with pytest.raises(UploadTooLarge):
        commands.begin_upload(by=by, organisation=home, file_name="big.csv", size=2_000_000_000)

    assert (Upload.objects.count(), list(store().list("lake"))) == (0, [])


def test_an_upload_goes_on_from_where_it_stopped(member, django_capture_on_commit_callbacks):
    by, home = member
    upload = commands.begin_upload(by=by, organisation=home, file_name="a.csv", size=6)

    def send(offset: int, data: bytes) -> Upload:
        return commands.receive_piece(by=by, upload=upload.public_id, offset=offset, stream=io.BytesIO(data))

    assert send(0, b"a\n1").received == 3
    with pytest.raises(UploadIncomplete):
        commands.finish_upload(by=by, upload=upload.public_id)
    with pytest.raises(UploadOffset):
        send(0, b"a\n1")
    assert send(3, b"\n2\nthis is more than was declared").received == 6
    with django_capture_on_commit_callbacks(execute=True):
        finished = commands.finish_upload(by=by, upload=upload.public_id)

    assert store().open(finished.file).read() == b"a\n1\n2\n"
    assert list(store().list(f"lake/uploads/{upload.public_id}")) == [finished.file]
    assert commands.finish_upload(by=by, upload=upload.public_id) == finished


def test_too_many_bytes_announced_at_once_are_refused(member):
    by, home = member
    upload = commands.begin_upload(by=by, organisation=home, file_name="a.csv", size=2)

    with pytest.raises(UploadOverflow):
        commands.receive_piece(by=by, upload=upload.public_id, offset=0, stream=io.BytesIO(b"abc"), length=3)


def test_a_file_that_changed_on_the_way_is_refused(member):
    by, home = member
    upload = commands.begin_upload(by=by, organisation=home, file_name="a.csv", size=3, sha256="0" * 64)
    commands.receive_piece(by=by, upload=upload.public_id, offset=0, stream=io.BytesIO(b"a\n1"))

    with pytest.raises(ChecksumMismatch):
        commands.finish_upload(by=by, upload=upload.public_id)

    upload.refresh_from_db()
    assert upload.state == "abandoned"


def test_only_files_that_can_become_tables_are_taken(member):
    by, home = member
    for name in ("run.exe", "../../etc/passwd", "noending", ""):
        with pytest.raises(NotATableFile):
            commands.begin_upload(by=by, organisation=home, file_name=name, size=1)


def test_strangers_neither_see_nor_continue_an_upload(member):
    by, home = member
    stranger, theirs = make_member()
    upload = commands.begin_upload(by=by, organisation=home, file_name="a.csv", size=1)

    with pytest.raises(NotFound):
        commands.receive_piece(by=stranger, upload=upload.public_id, offset=0, stream=io.BytesIO(b"a"))
    with pytest.raises(Forbidden):
        commands.begin_upload(by=stranger, organisation=home, file_name="a.csv", size=1)
    with pytest.raises(NotFound):
        commands.publish_version(
            by=stranger, dataset=make_dataset(stranger, theirs).slug, files=[{"upload": upload.public_id}]
        )


def test_abandoned_uploads_are_swept(member):
    by, home = member
    upload = commands.begin_upload(by=by, organisation=home, file_name="a.csv", size=2)
    commands.receive_piece(by=by, upload=upload.public_id, offset=0, stream=io.BytesIO(b"a"))

    assert commands.sweep_uploads(by=SYSTEM) == []
    with clock.frozen(clock.now() + dt.timedelta(days=3)):
        assert commands.sweep_uploads(by=SYSTEM) == [upload.public_id]

    upload.refresh_from_db()
    assert (upload.state, upload.received) == ("abandoned", 1)
