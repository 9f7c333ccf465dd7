from dataclasses import dataclass

from bitgoeul.kit.facts import Event


@dataclass(frozen=True)
class NoticeSent(Event):
    """A message was put into the inboxes of ``people`` people; who they are is nobody's business."""

    key: str
    kind: str
    people: int


@dataclass(frozen=True)
class NoticesRead(Event):
    notices: int


@dataclass(frozen=True)
class NoticesForgotten(Event):
    """The inbox of an erased account was emptied."""

    notices: int
