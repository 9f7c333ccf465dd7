"""Sealing and redaction.

Sealing is no entry in the catalogue of commands: a fact about each seal would call for the next seal,
without end.  Its trace is the signed head.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from bitgoeul.apps.record import policies, queries, signing
from bitgoeul.apps.record.events import PersonalFieldsRedacted
from bitgoeul.apps.record.models import Head, Leaf, Node
from bitgoeul.engines import merkle
from bitgoeul.kit import clock, facts
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.command import command, unchanged
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import Invalid, require

BATCH = 500


def seal(everything: bool = False) -> Head | None:
    """Seal all facts that wait, batch by batch; return the newest head.

    Each batch is one transaction: leaves, nodes and the signed head appear together or not at all, so a
    crash leaves nothing half sealed.  Two sealers never both win: a leaf's place is taken once.
    """
    while queries.unsealed(everything).exists():
        before = queries.newest_head()
        try:
            with transaction.atomic():
                _seal_batch(list(queries.unsealed(everything)[:BATCH]))
        except IntegrityError:
            # Another sealer was first: what it left over is sealed in the next round.
            if queries.newest_head() == before:
                raise
    return queries.newest_head()


def _seal_batch(batch: list[Fact]) -> None:
    if not batch:
        return
    newest = queries.newest_head()
    size = newest.size if newest else 0
    hashes = [merkle.leaf_hash(merkle.canonical_json(queries.public_fact(fact))) for fact in batch]
    leaves: list[Leaf] = []
    nodes: list[Node] = []
    for fact, hash_, (kept, root) in zip(
        batch, hashes, merkle.grow(queries.read_node, size, hashes), strict=True
    ):
        leaves.append(Leaf(position=size + len(leaves), fact=fact, hash=hash_.hex(), root=root.hex()))
        nodes += [Node(level=n.level, index=n.index, hash=n.hash.hex()) for n in kept if n.level]
    Leaf.objects.bulk_create(leaves)
    Node.objects.bulk_create(nodes)
    row = Head(
        size=size + len(leaves),
        root=leaves[-1].root,
        at=clock.now(),
        last_fact=max(batch[-1].pk, newest.last_fact if newest else 0),
    )
    row.public_key, row.signature = signing.sign(row.statement())
    row.save(force_insert=True)


@command
def redact_personal_fields(*, by: Actor, subject: str, fields: list[str] | None = None, reason: str) -> int:
    """Forget personal values in the facts about a subject (all of them, or the named fields).

    Values and salts go, their hashes stay in the leaves: every proof stays valid, and nobody can find the
    value by trying.
    """
    require(policies.may_redact(by))
    errors = {}
    if not subject.strip():
        errors["subject"] = [_("Say whose facts, for example “organisation:example”.")]
    if not reason.strip():
        errors["reason"] = [_("Say why it is forgotten; the reason stands in the record.")]
    if errors:
        raise Invalid(errors)
    rows: QuerySet[Fact] = Fact.objects.filter(subject=subject)
    held = {
        name for personal in rows.exclude(personal={}).values_list("personal", flat=True) for name in personal
    }
    gone = sorted(held if fields is None else held & set(fields))
    changed = facts.redact(rows, set(gone)) if gone else 0
    if not changed:
        unchanged()
        return 0
    facts.record(PersonalFieldsRedacted(facts=changed, fields=gone, reason=reason), by=by, subject=subject)
    return changed
