"""Queries that are written once: they ask the database every time, and answer as the ordinary query does."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from bitgoeul.apps.people.models import Membership, Organisation
from bitgoeul.apps.people.tests.factories import make_organisation, make_person
from bitgoeul.kit import clock
from bitgoeul.kit.models import OnceKey
from bitgoeul.kit.paging import page_of
from bitgoeul.kit.standing import StandingInsert, StandingQuery, StandingUpdate

pytestmark = pytest.mark.django_db

founded_since: StandingQuery[Organisation] = StandingQuery(
    lambda moment, name: Organisation.objects.filter(created_at__gte=moment, name__gt=name).order_by("name"),
    moment=models.DateTimeField(),
    name=models.CharField(),
)
parts_of: StandingQuery[Membership] = StandingQuery(
    lambda person: Membership.objects.filter(person=person).select_related("organisation", "person"),
    person=models.BigIntegerField(),
)


def test_each_call_sees_what_is_there_now_and_its_own_values():
    now = clock.now()
    first = make_organisation(name="가나")

    assert founded_since(moment=now, name="") == [first]

    second = make_organisation(name="다라")
    assert founded_since(moment=now, name="") == [first, second]
    assert founded_since(moment=now, name="가나") == [second]
    assert founded_since(moment=clock.now() + dt.timedelta(days=1), name="") == []

    first.delete()
    assert founded_since.first(moment=now, name="") == second
    assert founded_since.first(moment=now, name="다라") is None


def test_a_value_is_never_part_of_the_sql():
    organisation = make_organisation(name="가나")
    evil = "' OR 1=1 --"

    assert founded_since(moment=organisation.created_at, name=evil) == [organisation]
    with CaptureQueriesContext(connection) as asked:
        assert founded_since(moment=organisation.created_at, name="하하") == []
    assert len(asked) == 1


def test_joined_rows_are_whole_and_cost_one_query():
    person = make_person()
    organisation = make_organisation(owner=person)
    make_organisation(owner=make_person())

    with CaptureQueriesContext(connection) as asked:
        (part,) = parts_of(person=person.pk)
        assert (part.organisation, part.person) == (organisation, person)
        assert part.organisation.created_at == organisation.created_at
    assert len(asked) == 1


def test_counts_and_annotations_come_with_their_names():
    person = make_person()
    make_organisation(owner=person)
    counted: StandingQuery[dict[str, int]] = StandingQuery(
        lambda person: (
            Membership.objects.filter(person=person)
            .values("person")
            .annotate(parts=models.Count("pk"))
            .values("parts")
        ),
        person=models.BigIntegerField(),
    )
    listed: StandingQuery[Organisation] = StandingQuery(
        lambda: Organisation.objects.annotate(parts=models.Count("memberships"))[:5]
    )

    assert counted.first(person=person.pk) == {"parts": 1}
    assert [row.parts for row in listed()] == [1]
    make_organisation(owner=person)
    assert counted.first(person=person.pk) == {"parts": 2}


@pytest.mark.django_db(transaction=True)
def test_every_thread_asks_through_its_own_connection():
    organisation = make_organisation(name="가나")
    moment = organisation.created_at
    assert founded_since(moment=moment, name="") == [organisation]
    found: list[list[Organisation]] = []

    def ask() -> None:
        found.append(founded_since(moment=moment, name=""))
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

    assert found == [[organisation]]


def test_what_fits_on_one_page_is_not_counted(rf):
    for _time in range(3):
        make_organisation()
    rows = Organisation.objects.order_by("pk")

    with CaptureQueriesContext(connection) as asked:
        whole = page_of(rows, rf.get("/?q=a"), size=3)
        assert (len(whole), whole.paginator.num_pages, whole.query) == (3, 1, "q=a")
    assert len(asked) == 1

    first = page_of(lambda: rows, rf.get("/"), size=2, begin=lambda: list(rows[:3]))
    assert (len(first), first.paginator.num_pages, first.has_next()) == (2, 2, True)
    second = page_of(lambda: rows, rf.get("/?page=2"), size=2, begin=list)
    assert list(second) == list(rows[2:])


def a_key(number=1, **more):
    return OnceKey(owner="a", key=str(number), fingerprint="1", created_at=clock.now(), **more)


def test_rows_are_written_in_one_statement_as_saving_each_would():
    insert = StandingInsert(OnceKey)
    evil = {"text": "'); DROP TABLE kit_oncekey; --", "none": None}
    rows = [a_key(1, answer=evil), a_key(2), a_key(3, answer=[])]

    insert(a_key(0))
    with CaptureQueriesContext(connection) as asked:
        assert insert(*rows)

    assert len(asked) == 1
    assert [OnceKey.objects.get(pk=row.pk).key for row in rows] == ["1", "2", "3"]
    kept = OnceKey.objects.get(key="1")
    assert (kept, kept.answer, kept.created_at) == (rows[0], evil, rows[0].created_at)
    rows[1].fingerprint = "2"
    rows[1].save()  # the row knows that it is there
    assert OnceKey.objects.filter(fingerprint="2").count() == 1


def test_a_constraint_is_an_error_unless_a_row_may_be_there_already():
    insert, insert_once = StandingInsert(OnceKey), StandingInsert(OnceKey, once=True)

    first, second = a_key(), a_key()
    assert (insert_once(first), insert_once(second)) == (True, False)
    assert (OnceKey.objects.get(), second.pk) == (first, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(a_key())
    with pytest.raises(ValueError, match="each row"):
        insert_once(a_key(2), a_key(3))


def test_an_update_changes_the_rows_it_names_with_the_values_of_each_call():
    renamed = StandingUpdate(
        lambda key, by: (
            OnceKey.objects.filter(key=key, pk__gt=0),
            {"owner": Concat("owner", by, output_field=models.CharField())},
        ),
        key=models.CharField(),
        by=models.CharField(),
    )
    for number in range(3):
        a_key(number).save()

    assert renamed(key="1", by="%s'") == 1
    assert renamed(key="1", by="b") == 1
    assert renamed(key="7", by="b") == 0
    assert list(OnceKey.objects.order_by("key").values_list("owner", flat=True)) == ["a", "a%s'b", "a"]
