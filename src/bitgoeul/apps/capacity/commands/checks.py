"""What every entry must be, and for whom it is."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from bitgoeul.apps.capacity.errors import OutsideWindow, PoolPaused, TooMuchAtOnce
from bitgoeul.apps.capacity.models import Pool
from bitgoeul.apps.people.models import Organisation, Person
from bitgoeul.kit import clock
from bitgoeul.kit.refusals import Invalid

LARGEST = 2**31 - 1
OFFER = "offer:"  # the keys of offers, which nobody else may use


class Holder(NamedTuple):
    name: str
    organisation: Organisation | None

    @property
    def organisation_id(self) -> int | None:
        return self.organisation.pk if self.organisation is not None else None


def holder_of(holder: Organisation | Person | str) -> Holder:
    """Who holds, by the name that claims keep: ``organisation:slug``, ``person:id`` or any other."""
    if isinstance(holder, Organisation):
        return Holder(f"organisation:{holder.slug}", holder)
    if isinstance(holder, Person):
        return Holder(f"person:{holder.public_id}", None)
    if not holder or len(holder) > 120 or not holder.isprintable():
        raise Invalid({"holder": [_("A holder is printable text of at most 120 characters.")]})
    return Holder(holder, None)


def check_entry(key: str, quantity: int, purpose: str) -> None:
    """Refuse what no pool could understand."""
    errors = {}
    if not key or len(key) > 160 or not key.isprintable() or key.startswith(OFFER):
        errors["key"] = [
            _("A key is printable text of at most 160 characters and does not begin with “offer:”.")
        ]
    if type(quantity) is not int or not 0 < quantity <= LARGEST:
        errors["quantity"] = [_("The quantity is a whole number, more than zero.")]
    if len(purpose) > 200 or (purpose and not purpose.isprintable()):
        errors["purpose"] = [_("A purpose is printable text of at most 200 characters.")]
    if errors:
        raise Invalid(errors)


def check_until(until: dt.datetime | None) -> None:
    if until is not None and until <= clock.now():
        raise Invalid({"until": [_("This moment has passed.")]})


def check_pool_gives(pool: Pool, quantity: int) -> None:
    """Refuse outside of the pool's time, and more than it gives at once."""
    if not pool.is_within_its_time(clock.now()):
        raise OutsideWindow(pool=str(pool), starts=_said(pool.starts_at), ends=_said(pool.ends_at))
    if pool.most is not None and quantity > pool.most:
        raise TooMuchAtOnce(pool=str(pool), most=pool.most, asked=quantity)


def check_pool_is_open(pool: Pool) -> None:
    """Refuse unless the pool is open in the database now."""
    pool.refresh_from_db(fields=["state", "capacity", "shards"])
    if pool.state != Pool.State.OPEN:
        raise PoolPaused(pool=str(pool), state=str(pool.get_state_display()))


def iso(moment: dt.datetime | None) -> str:
    """A moment as facts hold it."""
    return moment.astimezone(dt.UTC).isoformat() if moment is not None else ""


def _said(moment: dt.datetime | None) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT") if moment is not None else "–"
