"""Sessions: kept as Django keeps them, and no key is taken over that was not given out."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from bitgoeul.kit.sessions import SessionStore

pytestmark = pytest.mark.django_db


def test_what_was_saved_is_read_again():
    session = SessionStore()
    session["lamp"] = "켜짐"
    session.save()

    assert SessionStore(session.session_key)["lamp"] == "켜짐"


@pytest.mark.parametrize("expired", [True, False])
def test_an_expired_or_unknown_key_is_empty_and_never_taken_over(expired):
    session = SessionStore()
    session["lamp"] = "켜짐"
    session.save()
    if expired:
        Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    else:
        Session.objects.all().delete()

    again = SessionStore(session.session_key)

    assert again.get("lamp") is None
    assert again.session_key is None
