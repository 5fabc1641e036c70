"""What one reading of a thread or of a post's comments proves.

Graph promises little: pages come short or empty and go on, orders are conventions, totals count rows nobody may read.
So a view is compared with the one before: the same view is not delivered twice, a vanished item counts as deleted only
where the view is whole, or where asking for that one item says so, and whatever does not connect to what was read
before is read on.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import InboundMessage, Listing, Unreadable

OVERLAP_SECONDS = 120
"""Items may become visible a little after later ones; what was read is read again this far back."""
SETTLE_SECONDS = 20
"""What a push told in the last seconds may be missing from a list without being deleted."""
CONFIRM_SECONDS = 60
"""A changed view is watched this long, so that something written and deleted in between is noticed."""
INSIST_SECONDS = 40
"""A view that changes at every reading is judged after this long, although no two readings were equal."""
MOST_SPARED = 50
"""Items of one post that the platform hides from its list and that are there all the same."""
BEGINNING = datetime(2004, 1, 1, tzinfo=UTC)
"""Before any message on these platforms."""


@dataclass(frozen=True, slots=True)
class View:
    """One reading: the items as they stand, in the platform's order."""

    messages: tuple[InboundMessage, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    more: str | None = None
    """The cursor of the next page; None at the end."""
    total: int | None = None
    """How many the platform counts, where it says."""
    roots: int | None = None
    """How many of `messages` are on the top level, where the list holds only those with replies inside."""
    deeper: tuple[tuple[str, str], ...] = ()
    """Comments whose replies go on elsewhere: (comment id, cursor)."""
    cut: bool = False
    """The platform shows only so many, and this is as many."""
    ranged: bool = False
    """Nothing is filtered out between the oldest and the newest item (private threads)."""

    @property
    def whole(self) -> bool:
        """Nothing more to page through."""
        return self.more is None and not self.deeper and not self.cut

    @property
    def certain(self) -> bool:
        """Whole, read in full, and as many as the platform counts: what is not in it does not exist."""
        counted = self.total is None or self.total in (len(self.messages), self.roots)
        return self.whole and counted and not self.unreadable

    @property
    def newest(self) -> datetime | None:
        """The time of the newest item."""
        return max((m.sent_at for m in self.messages), default=None)

    @property
    def oldest(self) -> datetime | None:
        """The time of the oldest item; where replies come inside, of the oldest on the top level."""
        roots = (m.sent_at for m in self.messages if self.roots is None or m.parent_id is None)
        return min(roots, default=None)

    @property
    def newest_first(self) -> bool:
        """Whether the items really came in the order asked for."""
        times = [m.sent_at for m in self.messages if self.roots is None or m.parent_id is None]
        return all(later >= earlier for later, earlier in itertools.pairwise(times))

    def digest(self) -> str:
        """A short mark that changes when anything worth telling changes; links of pictures change at each call."""
        mark = hashlib.blake2b(digest_size=9)
        for message in sorted(self.messages, key=lambda m: m.external_id):
            told = (
                message.external_id,
                message.conversation_id,
                message.text,
                message.hidden,
                message.own,
                message.author.external_id,
                message.can_reply_privately,
                [a.type for a in message.attachments],
            )
            mark.update(repr(told).encode("utf-8", "replace"))
        return mark.hexdigest()


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of the view before. Stored in the cursor as a short list."""

    watermark: int = 0
    """Unix time up to which everything was read."""
    digest: str = ""
    changed_at: int = 0
    pending: bool = False
    """Changed, and not yet told what is missing."""
    total: int | None = None
    ids: tuple[str, ...] = ()
    """In order. Kept also where the view and the platform's own count agree: the count may first be wrong in the very
    reading in which something vanishes."""
    spared: tuple[str, ...] = ()
    """Missing from the list, and still there when asked for."""
    doubted: tuple[str, ...] = ()
    """Those of `spared` to ask for once more when the view has settled: a list may know sooner than the item."""

    def to_json(self) -> list[Any]:
        """For the cursor."""
        return [
            self.watermark,
            self.digest,
            self.changed_at,
            int(self.pending),
            self.total,
            _packed(self.ids),
            _packed(self.spared),
            _packed(self.doubted),
        ]

    @staticmethod
    def from_json(value: Any) -> Seen | None:
        """From the cursor; None where it holds nothing usable."""
        if not isinstance(value, list) or len(value) != 8:
            return None
        watermark, digest, changed_at, pending, total, *lists = value
        ids, spared, doubted = map(_unpacked, lists)
        return Seen(watermark, digest, changed_at, bool(pending), total, ids, spared, doubted)


def _packed(ids: Sequence[str]) -> str:
    """Ids in one text; what all begin with (the post) stands in front once."""
    first, last = min(ids, default=""), max(ids, default="")
    same = next((at for at, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    return " ".join((first[:same], *(i[same:] for i in ids))) if ids else ""


def _unpacked(text: str) -> tuple[str, ...]:
    shared, *ends = text.split(" ")
    return tuple(shared + end for end in ends)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows from a view."""

    seen: Seen
    deliver: tuple[InboundMessage, ...] = ()
    listing: Listing | None = None
    suspects: tuple[str, ...] = ()
    """Missing without proof: ask for each before believing it deleted."""
    behind: int | None = None
    """There is more to read, back to this Unix time; None: the view connects to what was read before."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which thread or post a view is of, and from when on messages count."""

    external_id: str
    by_subject: bool
    since: datetime
    also_there: frozenset[str] = frozenset()
    """Ids that belong to the scope and are not among a view's items (a visitor's post above its comments)."""
    remembered: bool = True
    """Ids are kept whatever the count says; False for the many old posts, where a later reading must prove it."""


def judge(view: View, before: Seen | None, scope: Scope, now: datetime) -> Judgement:
    """Compare a view with the one before. `now` is the time before the call."""
    old = before or Seen()
    stamp = int(now.timestamp())
    digest = view.digest() if view.messages else ""
    changed = digest != old.digest
    listing = None
    provable = view.certain or _covers_a_range(view)
    if provable and old.pending and (not changed or stamp - old.changed_at >= INSIST_SECONDS):
        listing = _listing(view, scope, old, now)
    told = listing is not None and (changed or stamp - old.changed_at >= CONFIRM_SECONDS)
    if changed:
        changed_at = stamp if told or not old.pending else old.changed_at
        # A private thread read for the first time may lack what a push told and was unsent since.
        pending = before is not None or view.ranged
    else:
        changed_at, pending = old.changed_at, old.pending and not told
    pending = pending and (provable or stamp - changed_at < CONFIRM_SECONDS)
    present = {m.external_id for m in view.messages}
    seen = Seen(
        watermark=max(old.watermark, int(view.newest.timestamp()) if view.newest else 0),
        digest=digest,
        changed_at=changed_at,
        pending=pending,
        total=view.total,
        ids=_ids_to_keep(view, old, scope),
        spared=tuple(i for i in old.spared if i not in present),
        doubted=tuple(i for i in old.doubted if i not in present) if pending else (),
    )
    deliver = tuple(m for m in view.messages if m.sent_at >= scope.since) if changed else ()
    suspects = () if view.unreadable or view.ranged else _missing(view, old, proven=listing is not None)
    if not pending:
        suspects = (*suspects, *(i for i in old.doubted if i not in present))
    return Judgement(seen, deliver, listing, suspects, _behind(view, before, scope))


def _missing(view: View, old: Seen, *, proven: bool) -> tuple[str, ...]:
    """Ids of the view before that neither came again nor were pushed out by newer ones, nor are proven gone anyway."""
    if view.whole and proven:
        return ()
    gone = vanished(old.ids, [m.external_id for m in view.messages], whole=view.whole)
    return tuple(i for i in gone if i not in old.spared)


def vanished(before: Sequence[str], present: Sequence[str], *, whole: bool) -> list[str]:
    """Of a list read newest first, what is missing now and was not merely pushed out by newer ones."""
    there = set(present)
    kept = len(before)
    while not whole and kept and before[kept - 1] not in there:
        kept -= 1
    return [item for item in before[:kept] if item not in there]


def _ids_to_keep(view: View, old: Seen, scope: Scope) -> tuple[str, ...]:
    if view.ranged or (view.certain and not scope.remembered):
        return ()
    if view.unreadable:
        return old.ids
    return tuple(m.external_id for m in view.messages if " " not in m.external_id)


def _covers_a_range(view: View) -> bool:
    return view.ranged and view.newest_first and not view.unreadable and bool(view.messages)


def _listing(view: View, scope: Scope, old: Seen, now: datetime) -> Listing | None:
    """Down to the beginning where the view is whole, else to just above the oldest item: its second may be cut."""
    newest = now - timedelta(seconds=SETTLE_SECONDS)
    ids = frozenset(m.external_id for m in view.messages) | scope.also_there | frozenset(old.spared)
    oldest = BEGINNING
    if not view.certain and view.oldest is not None:
        oldest = view.oldest + timedelta(seconds=1)
    return Listing(scope.external_id, scope.by_subject, oldest, newest, ids) if oldest < newest else None


def _behind(view: View, before: Seen | None, scope: Scope) -> int | None:
    if view.more is None:
        return None
    since = int(scope.since.timestamp())
    horizon = max(since, before.watermark - OVERLAP_SECONDS) if before and before.watermark else since
    if not view.messages:
        return horizon if before is None or view.total != before.total else None
    if before is not None and _grew_out_of_sight(view, before):
        return since
    if view.newest_first and view.oldest is not None and len({m.sent_at for m in view.messages}) > 1:
        return horizon if view.oldest.timestamp() > horizon else None
    return horizon if before is None or view.total is None or view.total != before.total else None


def _grew_out_of_sight(view: View, before: Seen) -> bool:
    """Replies inside older comments: the platform counts more new items than the view shows."""
    if view.roots is None or view.total is None or before.total is None:
        return False
    new = sum(1 for m in view.messages if m.sent_at.timestamp() > before.watermark)
    return view.total - before.total > new


def with_answers(seen: Seen, asked: Sequence[str], still_there: Sequence[str]) -> Seen:
    """Remember what asking for missing items one by one showed. One that is there is asked for once more later."""
    if not asked:
        return seen
    doubted = (*seen.doubted, *(i for i in still_there if i not in seen.spared))
    spared = [*(i for i in seen.spared if i not in asked), *still_there]
    return replace(seen, spared=tuple(spared[-MOST_SPARED:]), doubted=doubted, pending=seen.pending or bool(doubted))


def with_unasked(seen: Seen, rest: Sequence[str]) -> Seen:
    """Vanished items nobody asked about yet stay remembered for the next step."""
    if not rest:
        return seen
    again = tuple(i for i in rest if i in seen.spared)
    ids = (*seen.ids[:1], *(i for i in rest if i not in again), *seen.ids[1:])
    return replace(seen, ids=ids, doubted=(*seen.doubted, *again), pending=seen.pending or bool(again))
