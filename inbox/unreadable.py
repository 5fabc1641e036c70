"""What could not be translated, what a platform will not show, and what it only pointed at: kept and shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from connectors.base import Gap as MissingRange
from connectors.base import Unreadable as UnreadableItem
from inbox import events
from inbox.among import among
from inbox.models import Conversation, Gap, Pointer, Unreadable, table
from inbox.storable import LONGEST_ID, can_be_an_id, storable

LONGEST_RAW = 64 * 1024


def _digest(*parts: object) -> str:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode("utf-8", "replace")).hexdigest()


def store(session: Session, account_id: int, items: Sequence[UnreadableItem], now: datetime) -> None:
    """Keep unreadable items, each once however often the platform repeats it."""
    for item in items:
        raw, digest = _mark(item)
        external_id = None if item.external_id is None else storable(item.external_id, LONGEST_ID)
        reason = storable(item.reason, 1000)
        seen_before = session.execute(
            update(Unreadable)
            .where(Unreadable.account_id == account_id, Unreadable.digest == digest)
            .values(last_seen_at=now, times=Unreadable.times + 1)
            .returning(Unreadable.id)
        ).first()
        if seen_before is None:
            session.execute(
                insert(Unreadable).values(
                    account_id=account_id,
                    stream=item.stream,
                    external_id=external_id,
                    reason=reason,
                    raw=raw,
                    digest=digest,
                    first_seen_at=now,
                    last_seen_at=now,
                )
            )
            events.record(session, "item_unreadable", now, account_id=account_id, reason=reason)


def _mark(item: UnreadableItem) -> tuple[str, str]:
    """What of it is kept, and the digest by which it is found again."""
    raw = storable(item.raw.replace("\x00", "�"), LONGEST_RAW)
    return raw, _digest(item.stream, item.external_id, raw)


def any_news(session: Session, account_id: int, items: Sequence[UnreadableItem], since: datetime) -> bool:
    """Whether one of these was not seen before `since` yet."""
    marks = {_mark(item)[1] for item in items}
    older = select(Unreadable.digest).where(
        Unreadable.account_id == account_id, Unreadable.digest.in_(marks), Unreadable.first_seen_at < since
    )
    return set(session.scalars(older)) != marks


def settle(session: Session, unreadable_id: int, actor: str, now: datetime) -> None:
    """A person has looked at it."""
    session.execute(update(Unreadable).where(Unreadable.id == unreadable_id).values(settled_at=now))
    events.record(session, "unreadable_settled", now, actor=actor, unreadable_id=unreadable_id)


def store_gaps(session: Session, account_id: int, gaps: Sequence[MissingRange], now: datetime) -> None:
    """Keep ranges the platform will not show, each once."""
    for gap in gaps:
        digest = _digest(gap.conversation_id, gap.after, gap.before)
        if session.execute(select(Gap.id).where(Gap.account_id == account_id, Gap.digest == digest)).first():
            continue
        conversation_id = session.execute(
            select(Conversation.id).where(
                Conversation.account_id == account_id, Conversation.external_id == gap.conversation_id
            )
        ).scalar_one_or_none()
        session.execute(
            insert(Gap).values(
                account_id=account_id,
                conversation_id=conversation_id,
                after=gap.after,
                before=gap.before,
                reason=gap.reason,
                digest=digest,
                seen_at=now,
            )
        )
        events.record(session, "gap_found", now, account_id=account_id, conversation_id=conversation_id)


def store_pointers(session: Session, account_id: int, external_ids: Iterable[str], due_at: datetime) -> None:
    """Remember ids that must be looked at through the platform, each once."""
    wanted = list(filter(can_be_an_id, dict.fromkeys(external_ids)))
    if not wanted:
        return
    known = set(
        session.scalars(
            select(Pointer.external_id).where(Pointer.account_id == account_id, Pointer.external_id.in_(wanted))
        )
    )
    missing = [
        {"account_id": account_id, "external_id": external_id, "due_at": due_at}
        for external_id in wanted
        if external_id not in known
    ]
    if missing:
        session.execute(insert(Pointer), missing)


def drop_pointers(session: Session, account_id: int, external_ids: Iterable[str]) -> None:
    """The platform has shown these meanwhile."""
    shown = list(external_ids)
    if shown:
        session.execute(_DROP, {"account": account_id, "ids": shown})


_POINTERS = table(Pointer)
_DROP = delete(_POINTERS).where(_POINTERS.c.account_id == bindparam("account"), among(_POINTERS.c.external_id))
