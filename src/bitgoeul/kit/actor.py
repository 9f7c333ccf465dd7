"""Who asks.  Every command, query and policy takes an actor, never a request or a user row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Actor:
    """A person (perhaps through a token), the hub itself, or a visitor.

    ``scopes`` is what an API token allows; ``None`` means everything its person may do.
    """

    id: str
    person_id: int | None = None
    roles: frozenset[str] = frozenset()
    memberships: Mapping[int, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    scopes: frozenset[str] | None = None

    @property
    def is_signed_in(self) -> bool:
        return self.person_id is not None

    @property
    def is_visitor(self) -> bool:
        """Nobody in particular: sees what everybody sees."""
        return self.id == ANONYMOUS.id

    @property
    def own_id(self) -> int:
        """The primary key of the person who acts; asking it of anybody else is a bug."""
        if self.person_id is None:
            raise RuntimeError(f"{self.id} is no person")
        return self.person_id

    @property
    def is_system(self) -> bool:
        return self.id == "system"

    @property
    def is_operator(self) -> bool:
        return self.is_system or "operator" in self.roles

    def belongs_to(self, organisation_id: int) -> bool:
        return self.is_system or organisation_id in self.memberships

    def has(self, role: str, organisation_id: int) -> bool:
        """Owners hold every role of their organisation."""
        held = self.memberships.get(organisation_id, frozenset())
        return self.is_system or role in held or "owner" in held

    def allows(self, scope: str) -> bool:
        return self.scopes is None or scope in self.scopes


SYSTEM = Actor(id="system")
ANONYMOUS = Actor(id="anonymous")
