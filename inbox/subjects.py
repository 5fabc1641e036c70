"""The posts public conversations stand under, and how busy each hour is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from connectors.base import InboundMessage, Kind
from connectors.base import Subject as Post
from inbox.among import among
from inbox.models import Arrivals, Conversation, Message, Subject, table


def find_or_add(session: Session, account_id: int, messages: Sequence[InboundMessage], now: datetime) -> dict[str, int]:
    """The subject ids of the posts these messages stand under, by external id; the latest activity is remembered."""
    posts: dict[str, Post] = {}
    activity: dict[str, datetime] = {}
    for message in messages:
        if message.subject is None:
            continue
        external_id = message.subject.external_id
        if message.subject.text is not None or external_id not in posts:
            posts[external_id] = message.subject
        activity[external_id] = max(activity.get(external_id, message.sent_at), message.sent_at)
    if not posts:
        return {}
    rows = session.scalars(_KNOWN, {"account": account_id, "ids": posts}).all()
    for row in rows:
        post = posts[row.external_id]
        row.last_activity_at = max(row.last_activity_at, activity[row.external_id])
        row.text = post.text if post.text is not None else row.text
        row.permalink = post.permalink or row.permalink
        row.posted_at = post.posted_at or row.posted_at
    found = {row.external_id: row.id for row in rows}
    missing = [
        {
            "account_id": account_id,
            "external_id": external_id,
            "text": post.text,
            "permalink": post.permalink,
            "posted_at": post.posted_at,
            "last_activity_at": activity[external_id],
        }
        for external_id, post in posts.items()
        if external_id not in found
    ]
    if missing:
        added = session.execute(_ADD, missing)
        found |= {external_id: subject_id for subject_id, external_id in added}
    return found


_SUBJECTS = table(Subject)
_ADD = insert(_SUBJECTS).returning(_SUBJECTS.c.id, _SUBJECTS.c.external_id)
_KNOWN = select(Subject).where(Subject.account_id == bindparam("account"), among(Subject.external_id))


def of_messages(session: Session, message_ids: Sequence[int]) -> list[str]:
    """The external ids of the posts these messages stand under, the latest active first."""
    under = (
        select(Conversation.subject_id)
        .join(Message, Message.conversation_id == Conversation.id)
        .where(Message.id.in_(message_ids))
    )
    return list(
        session.scalars(
            select(Subject.external_id).where(Subject.id.in_(under)).order_by(Subject.last_activity_at.desc())
        )
    )


def lately_active(
    session: Session, account_id: int, since: datetime, most: int = 50
) -> tuple[list[str], frozenset[str]]:
    """The external ids of the posts with activity since then, the liveliest first; and which of them others wrote."""
    found = session.execute(_ACTIVE, {"account_id": account_id, "since": since, "most": most}).all()
    return [row.external_id for row in found], frozenset(row.external_id for row in found if row.by_others)


# Any one conversation tells: all that stand under a post are comments, or all are mentions.
_KIND_THERE = select(Conversation.kind).where(Conversation.subject_id == Subject.id).limit(1).scalar_subquery()
_BY_OTHERS = _KIND_THERE.in_([str(Kind.MENTION)]).label("by_others")
_ACTIVE = (
    select(Subject.external_id, _BY_OTHERS)
    .where(Subject.account_id == bindparam("account_id"), Subject.last_activity_at >= bindparam("since"))
    .order_by(Subject.last_activity_at.desc())
    .limit(bindparam("most"))
)


def count_arrivals(session: Session, account_id: int, counts: Mapping[str, Sequence[int]]) -> None:
    """Add to the hourly counts: {hour: (all, those that only a poll brought)}."""
    for hour, (count, only_by_poll) in counts.items():
        values = {"account": account_id, "of": hour, "more": count, "more_by_poll": only_by_poll}
        if session.execute(_COUNT, values).first() is None:
            session.execute(
                insert(Arrivals).values(account_id=account_id, hour=hour, count=count, only_by_poll=only_by_poll)
            )


_ARRIVALS = table(Arrivals)
_COUNT = (
    update(_ARRIVALS)
    .where(_ARRIVALS.c.account_id == bindparam("account"), _ARRIVALS.c.hour == bindparam("of"))
    .values(
        count=_ARRIVALS.c.count + bindparam("more"), only_by_poll=_ARRIVALS.c.only_by_poll + bindparam("more_by_poll")
    )
    .returning(_ARRIVALS.c.hour)
)
