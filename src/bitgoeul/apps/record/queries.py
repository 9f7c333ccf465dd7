"""The sealed facts, their proofs and the export.  Everything but personal values is public."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from bitgoeul.apps.record import policies, signing
from bitgoeul.apps.record.errors import NoSuchSize, NothingSealed, NotSealedYet
from bitgoeul.apps.record.models import Head, Leaf, Node, moment
from bitgoeul.engines import merkle
from bitgoeul.kit import clock
from bitgoeul.kit.actor import Actor
from bitgoeul.kit.doors import find
from bitgoeul.kit.models import Fact
from bitgoeul.kit.refusals import require
from bitgoeul.kit.standing import StandingQuery
from bitgoeul.verifier import verify_record

# No transaction stays open this long, so facts older than a head of this age are all in it.
LONGEST_TRANSACTION = dt.timedelta(hours=1)
CHUNK = 500


def public_fact(fact: Fact) -> dict[str, Any]:
    """What everybody may read of a fact, and exactly what its leaf hash covers."""
    return {
        "id": fact.pk,
        "name": fact.name,
        "at": moment(fact.at),
        "actor": fact.actor,
        "organisation": fact.organisation,
        "subject": fact.subject,
        "data": fact.data,
        "personal": fact.personal_hashes(),
    }


def facts(*, subject: str = "", organisation: str = "", name: str = "", actor: str = "") -> QuerySet[Fact]:
    """Facts, newest first, narrowed by what is given."""
    given = {"subject": subject, "organisation": organisation, "name": name, "actor": actor}
    return Fact.objects.filter(**{field: value for field, value in given.items() if value}).order_by("-id")


def listed(**narrowed: str) -> QuerySet[Fact]:
    """Facts as a list shows them, each with whether it is ``.sealed``."""
    return (
        facts(**narrowed)
        .only("name", "subject", "at")
        .annotate(sealed=Exists(Leaf.objects.filter(fact=OuterRef("pk"))))
    )


PAGE = 30
_newest: StandingQuery[Fact] = StandingQuery(lambda: listed()[: PAGE + 1])


def page(narrowed: dict[str, str], before: int | None) -> list[Fact]:
    """One page of ``listed``, and the first fact of the next."""
    if not narrowed and before is None:
        return _newest()
    rows = listed(**narrowed)
    return list((rows if before is None else rows.filter(pk__lt=before))[: PAGE + 1])


def title_of(name: str) -> str:
    """What a kind of fact says, in the reader's language; without a title, its name in words."""
    title = import_string(settings.FACT_TITLES).get(name)
    if title:
        return str(title)
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name.rpartition(".")[2])
    return " ".join(words).capitalize() or name


def leaves_of(rows: list[Fact]) -> dict[int, Leaf]:
    """Fact -> its seal, for those that have one."""
    return {leaf.fact_id: leaf for leaf in Leaf.objects.filter(fact__in=rows)}


def unsealed(everything: bool = False) -> QuerySet[Fact]:
    """Facts without a seal, oldest first.

    A fact may be committed after one with a higher number, so each is looked for by itself; what a head
    of an hour ago already covers is not looked at again, unless ``everything`` is asked for.
    """
    rows = Fact.objects.filter(~Exists(Leaf.objects.filter(fact=OuterRef("pk")))).order_by("pk")
    if everything:
        return rows
    settled = Head.objects.filter(at__lt=clock.now() - LONGEST_TRANSACTION).order_by("-size").first()
    return rows.filter(pk__gt=settled.last_fact) if settled else rows


_newest_head: StandingQuery[Head] = StandingQuery(lambda: Head.objects.order_by("-size")[:1])


def newest_head() -> Head | None:
    return _newest_head.first()


def head() -> Head:
    """The newest signed head.  Raises: NothingSealed."""
    newest = newest_head()
    if newest is None:
        raise NothingSealed
    return newest


def heads(after: int = 0) -> QuerySet[Head]:
    """Signed heads of more than ``after`` facts, oldest first."""
    return Head.objects.filter(size__gt=after)


def head_out(row: Head) -> dict[str, Any]:
    """A signed head as everybody reads it."""
    return {
        "format": signing.FORMAT,
        **row.statement(),
        "public_key": row.public_key,
        "signature": row.signature,
    }


def read_node(level: int, index: int) -> bytes:
    """The hash of a complete subtree."""
    if level == 0:
        text = Leaf.objects.values_list("hash", flat=True).get(position=index)
    else:
        text = Node.objects.values_list("hash", flat=True).get(level=level, index=index)
    return bytes.fromhex(text)


def inclusion(fact_id: int, size: int | None = None) -> dict[str, Any]:
    """The proof that a fact is among the first ``size`` (by default all sealed) facts."""
    fact = find(Fact.objects.all(), pk=fact_id)
    leaf = Leaf.objects.filter(fact=fact).first()
    if leaf is None:
        raise NotSealedYet(fact=fact.pk)
    signed = head() if size is None else Head.objects.filter(pk=size).first()
    if signed is None or leaf.position >= signed.size:
        raise NoSuchSize(size=size, largest=head().size)
    proof = merkle.inclusion_proof(read_node, leaf.position, signed.size)
    return {
        "type": "inclusion",
        "fact": public_fact(fact),
        "position": leaf.position,
        "leaf_hash": leaf.hash,
        "proof": [step.hex() for step in proof],
        "head": head_out(signed),
    }


def bundle(
    about: str, rows: QuerySet[Fact], *, with_personal: bool = False, also: list[dict[str, Any]] | None = None
) -> Iterator[bytes]:
    """Proofs of several facts against the newest head as JSON lines, for the verifier.

    The first line is the head; a fact that is not sealed yet is left out. ``also`` comes last. Personal
    values are there only for whoever may see them: the caller knows.  Raises: NothingSealed.
    """
    return _bundle_lines(about, head(), rows, with_personal, also or [])


def _bundle_lines(
    about: str, newest: Head, rows: QuerySet[Fact], with_personal: bool, also: list[dict[str, Any]]
) -> Iterator[bytes]:
    yield _line({"type": "bundle", "about": about, **head_out(newest)})
    read = cache(read_node)  # proofs share most of their way
    leaves = dict(
        Leaf.objects.filter(fact__in=rows, position__lt=newest.size).values_list("fact_id", "position")
    )
    for fact in rows.order_by("pk").iterator():
        if (position := leaves.get(fact.pk)) is None:
            continue
        line = {
            "type": "inclusion",
            "fact": public_fact(fact),
            "position": position,
            "proof": [step.hex() for step in merkle.inclusion_proof(read, position, newest.size)],
        }
        if with_personal and fact.personal:
            line |= {"personal": fact.personal, "salts": fact.salts}
        yield _line(line)
    for item in also:
        yield _line(item)


def consistency(first: int, second: int | None = None) -> dict[str, Any]:
    """The proof that the record of ``second`` facts begins with that of ``first``."""
    largest = head().size
    second = largest if second is None else second
    if not 0 <= first <= second <= largest:
        raise NoSuchSize(size=first if first > second or first < 0 else second, largest=largest)
    return {
        "type": "consistency",
        "first": first,
        "second": second,
        "first_root": merkle.root_of(read_node, first).hex(),
        "second_root": merkle.root_of(read_node, second).hex(),
        "proof": [step.hex() for step in merkle.consistency_proof(read_node, first, second)],
    }


def export(viewer: Actor, *, with_personal: bool = False) -> Iterator[bytes]:
    """The whole sealed record as JSON lines: the newest head, every fact, each older head after its facts.

    Personal values and salts are there only for an operator who asks for them.
    """
    require(not with_personal or policies.may_read_personal(viewer))
    return _export_lines(head(), with_personal)


def _export_lines(newest: Head, with_personal: bool) -> Iterator[bytes]:
    yield _line({"type": "head", **head_out(newest)})
    heads = {row.size: row for row in Head.objects.filter(size__lt=newest.size)}
    for start in range(0, newest.size, CHUNK):
        stop = min(start + CHUNK, newest.size)
        leaves = Leaf.objects.filter(position__gte=start, position__lt=stop)
        here = {leaf.position: leaf for leaf in leaves}
        rows = Fact.objects.in_bulk([leaf.fact_id for leaf in here.values()])
        for position in range(start, stop):
            if position in heads:
                yield _line({"type": "head", **head_out(heads[position])})
            leaf = here.get(position)
            yield _line(_fact_line(position, leaf, rows.get(leaf.fact_id) if leaf else None, with_personal))


def _fact_line(position: int, leaf: Leaf | None, fact: Fact | None, with_personal: bool) -> dict[str, Any]:
    if leaf is None or fact is None:
        return {"type": "fact", "position": position, "missing": True}
    line = {
        "type": "fact",
        "position": position,
        "hash": leaf.hash,
        "root": leaf.root,
        "fact": public_fact(fact),
    }
    if with_personal and fact.personal:
        line |= {"personal": fact.personal, "salts": fact.salts}
    return line


def _line(item: dict[str, Any]) -> bytes:
    text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace") + b"\n"


def check() -> dict[str, Any]:
    """Recompute everything from the live database: signatures, leaves, roots, hashes, inner nodes."""
    newest = newest_head()
    report: dict[str, Any] = {"holds": True, "facts": 0, "root": merkle.EMPTY_ROOT.hex()}
    report["unsealed"] = unsealed(everything=True).count()
    if newest is None:
        return report
    report |= {"facts": newest.size, "root": newest.root}
    try:
        verify_record.verify(_export_lines(newest, with_personal=True))
    except verify_record.Problem as problem:
        text = verify_record.sentence(problem.code, problem.facts, get_language() or "ko")
        return report | {"holds": False, "problem": problem.code, **problem.facts, "sentence": text}
    if broken := broken_nodes():
        text = _("The record's inner nodes do not fit its leaves: %(nodes)s") % {
            "nodes": ", ".join(broken[:5])
        }
        return report | {"holds": False, "problem": "altered-nodes", "nodes": broken[:100], "sentence": text}
    return report


def broken_nodes() -> list[str]:
    """Inner nodes that are missing, superfluous or not the hash of their two children."""
    newest = newest_head()
    size = newest.size if newest else 0
    below = _hashes(0, size)
    broken = []
    for level in range(1, max(size.bit_length(), 1)):
        here = _hashes(level, size >> level)
        broken += [
            f"{level}/{index}"
            for index in range(size >> level)
            if here.get(index) != merkle.node_hash(below.get(2 * index, b""), below.get(2 * index + 1, b""))
        ]
        below = here
    kept = Node.objects.count()
    wanted = sum(size >> level for level in range(1, max(size.bit_length(), 1)))
    return broken if broken or kept == wanted else [f"{kept - wanted} nodes too many"]


def _hashes(level: int, count: int) -> dict[int, bytes]:
    rows = (
        Leaf.objects.filter(position__lt=count).values_list("position", "hash")
        if level == 0
        else Node.objects.filter(level=level, index__lt=count).values_list("index", "hash")
    )
    return {index: bytes.fromhex(text) for index, text in rows.iterator()}
