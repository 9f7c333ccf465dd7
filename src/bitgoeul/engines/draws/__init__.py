"""Draws by lot that anybody can hold again.

Before entries come in, the drawing side publishes its rules and the commitment to a secret. After closing, a
public value appears that nobody could foresee (the beacon); the secret is shown; and both together order
all entries by HMAC-SHA-256. A secret that is late, wrong or withheld voids the draw, as the rules say.
The sheet holds everything; :func:`verify` recomputes it with code of its own and names the first difference.

Promising: :class:`Rules`, :class:`Stratum`, :func:`commit`
Entering:  :class:`Entry`, :func:`pool_digest`
Drawing:   :class:`Beacon`, :func:`draw`, :func:`void`, :func:`written`, :func:`next_in_order`
Checking:  :func:`verify`, :class:`Verdict`; ``verify_draw.py`` is one file that runs alone
Refusing:  :class:`DrawError` and its children; those under :class:`Void` end the draw
"""

from ._errors import (
    BadBeacon,
    BadEntry,
    BadRules,
    DrawError,
    EarlySecret,
    LateSecret,
    NotVoid,
    Void,
    WeakSecret,
    WithheldSecret,
    WrongSecret,
)
from ._rules import Beacon, Entry, Rules, Stratum, commit, pool_digest
from ._sheet import Sheet, draw, next_in_order, void, written
from .verify_draw import Verdict, verify

__all__ = [
    "BadBeacon",
    "BadEntry",
    "BadRules",
    "Beacon",
    "DrawError",
    "EarlySecret",
    "Entry",
    "LateSecret",
    "NotVoid",
    "Rules",
    "Sheet",
    "Stratum",
    "Verdict",
    "Void",
    "WeakSecret",
    "WithheldSecret",
    "WrongSecret",
    "commit",
    "draw",
    "next_in_order",
    "pool_digest",
    "verify",
    "void",
    "written",
]
