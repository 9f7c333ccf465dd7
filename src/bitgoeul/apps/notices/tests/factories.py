from __future__ import annotations

import itertools
from typing import Any

from bitgoeul.apps.notices.commands import notify
from bitgoeul.apps.notices.models import Notice
from bitgoeul.apps.people.models import Person
from bitgoeul.kit.actor import SYSTEM
from bitgoeul.kit.text import Localised

_number = itertools.count(1)


def make_notice(person: Person, **fields: Any) -> Notice:
    key = f"test:{next(_number)}"
    defaults = {
        "key": key,
        "kind": "lamp.lit",
        "title": Localised(ko="등불을 켰습니다", en="The lamp is lit"),
        "text": Localised(ko="밝습니다.", en="It is bright."),
        "url": "/lamps/1/",
    }
    notify(by=SYSTEM, people=[person], **defaults | fields)
    return Notice.objects.get(key=(defaults | fields)["key"], person=person)
