"""Sessions in the database, as Django keeps them, read by a query that is written once."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import db
from django.db import models
from django.utils import timezone

from bitgoeul.kit.standing import StandingQuery

_kept: StandingQuery[str] = StandingQuery(
    lambda key, moment: (
        SessionStore.get_model_class()
        .objects.filter(session_key=key, expire_date__gt=moment)
        .values_list("session_data", flat=True)
    ),
    key=models.CharField(),
    moment=models.DateTimeField(),
)


class SessionStore(db.SessionStore):
    """``settings.SESSION_ENGINE``."""

    def load(self) -> dict[str, Any]:
        data = _kept.first(key=self.session_key, moment=timezone.now())
        if data is None:  # a key that is unknown or has expired is never taken over
            self._session_key = None
            return {}
        return self.decode(data)
