"""How long people waited for a person's answer: median, p90, share within target, in wall and in business time.

A wait begins with the first addressed message nobody has answered and ends with the next answer of a human, written
here or in the platform's own app; automatic replies end none. The first wait of a conversation is its first response,
later ones are next responses. History from before an account was connected begins no wait.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import median
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from crisis_playbook import Facts, Playbook
from inbox import threads
from inbox.business_hours import BusinessHours
from inbox.errors import Refusal
from inbox.models import Account, Conversation, Message, OutboxItem
from inbox.playbooks import NoPlaybook
from inbox.runtime import Runtime
from inbox.sla import ClockKind, due, shop_hours

By = Literal["channel", "account", "agent", "hour"]
LONGEST = timedelta(days=366)
NOBODY = "none"
"""The key of waits nobody has ended, in a report by agent."""
NATIVE = "native"
"""The key of answers written in the platforms' own apps, in a report by agent."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of all ended waits, in seconds; None without any. p90: nine of ten were not longer."""

    median_seconds: float | None
    p90_seconds: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    """One clock's figures."""

    count: int
    """Waits that a person's answer ended."""
    unanswered: int
    """Waits nobody has ended yet."""
    with_target: int
    """Waits that a target fits and whose end is known: answered, or past their due time."""
    within_target: int
    share_within_target: float | None
    wall: Spread
    business: Spread
    """Counting only the shop's opening hours."""


@dataclass(frozen=True, slots=True)
class ResponseGroup:
    """One line of the report. `key` is a channel, an account's name, an agent, or an hour of the shop's day (00–23)."""

    key: str
    first_response: Figures
    next_response: Figures


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """The report over waits that began in [since, until)."""

    since: datetime
    until: datetime
    by: By
    items: list[ResponseGroup]
    total: ResponseGroup


@dataclass(frozen=True, slots=True)
class Wait:
    """One person waiting once."""

    conversation_id: int
    message_id: int
    """The message that began it."""
    kind: ClockKind
    began_at: datetime
    ended_at: datetime | None
    ended_by: str
    channel: str
    account: str
    within_target: bool | None
    """None: no target fits, or it may still be met."""
    business: timedelta | None


def response_times(
    session: Session, runtime: Runtime, since: datetime, until: datetime, by: By, now: datetime
) -> ResponseTimes:
    """The report, aware UTC. Raises `Refusal` (422) for a window that is empty or longer than 366 days."""
    if not since < until:
        raise Refusal("since must be earlier than until.", 422)
    if until - since > LONGEST:
        raise Refusal(f"At most {LONGEST.days} days at once.", 422)
    zone = runtime.settings.inbox.zone
    found = list(waits(session, runtime, since, until, now))

    def key(wait: Wait) -> str:
        match by:
            case "channel":
                return wait.channel
            case "account":
                return wait.account
            case "agent":
                return wait.ended_by
            case "hour":
                return f"{wait.began_at.astimezone(zone).hour:02d}"

    groups: dict[str, list[Wait]] = defaultdict(list)
    for wait in found:
        groups[key(wait)].append(wait)
    items = [_group(name, groups[name]) for name in sorted(groups)]
    return ResponseTimes(since, until, by, items, _group("total", found))


def waits(session: Session, runtime: Runtime, since: datetime, until: datetime, now: datetime) -> Iterator[Wait]:
    """Every wait that began in [since, until), thread by thread."""
    try:
        playbook: Playbook | None = runtime.playbook.current()
    except NoPlaybook:
        playbook = None
    hours = shop_hours(playbook, runtime.settings.inbox) if playbook else None
    authors = _authors(session, since)
    for _, rows in groupby(_messages(session, since, until), key=lambda row: row.conversation_id):
        for kind, row, answer in _spans(rows):
            if not since <= row.sent_at < until:
                continue
            ended_at = answer.sent_at if answer is not None else None
            yield Wait(
                conversation_id=row.conversation_id,
                message_id=row.id,
                kind=kind,
                began_at=row.sent_at,
                ended_at=ended_at,
                ended_by=_ended_by(answer, authors),
                channel=row.channel,
                account=row.account,
                within_target=_within_target(playbook, runtime, row, kind, ended_at, now),
                business=_business(hours, row.sent_at, ended_at),
            )


def _messages(session: Session, since: datetime, until: datetime) -> Iterable[Any]:
    """Every message of the conversations somebody wrote in, in the window, thread by thread, oldest first."""
    concerned = (
        select(Message.conversation_id)
        .where(Message.sent_at >= since, Message.sent_at < until, Message.direction == "inbound")
        .distinct()
    )
    query = (
        select(
            Message.id,
            Message.conversation_id,
            Message.direction,
            Message.origin,
            Message.addressed,
            Message.history,
            Message.sent_at,
            Conversation.channel,
            Conversation.kind,
            Conversation.visibility,
            Conversation.severity,
            Conversation.language,
            Account.name.label("account"),
        )
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Account, Account.id == Message.account_id)
        .where(Message.conversation_id.in_(concerned))
        .order_by(Message.conversation_id, Message.sent_at, Message.id)
    )
    return session.execute(query, execution_options={"yield_per": 2000})


def _authors(session: Session, since: datetime) -> dict[int, str]:
    """Who wrote our own answers: {message id: e-mail address or token name}."""
    query = select(OutboxItem.message_id, OutboxItem.author).where(
        OutboxItem.account_id.in_(select(Account.id)),
        OutboxItem.sent_at >= since,
        OutboxItem.message_id.is_not(None),
        OutboxItem.author.is_not(None),
    )
    return {row.message_id: row.author for row in session.execute(query)}


def _spans(rows: Iterable[Any]) -> Iterator[tuple[ClockKind, Any, Any]]:
    """The waits of one thread: which clock, the message that began it, the answer that ended it or None."""
    begun: Any = None
    answered_before = False
    for row in rows:
        if row.direction == "inbound":
            if begun is None and row.addressed and not row.history:
                begun = row
        elif row.origin in threads.HUMAN:
            if begun is not None:
                yield ("next_response" if answered_before else "first_response"), begun, row
                begun = None
            answered_before = True
    if begun is not None:
        yield ("next_response" if answered_before else "first_response"), begun, None


def _ended_by(answer: Any, authors: dict[int, str]) -> str:
    if answer is None:
        return NOBODY
    return authors.get(answer.id, NATIVE)


def _within_target(
    playbook: Playbook | None, runtime: Runtime, row: Any, kind: ClockKind, ended_at: datetime | None, now: datetime
) -> bool | None:
    if playbook is None:
        return None
    facts = Facts(
        text="",
        channel=row.channel,
        account=row.account,
        kind=row.kind,
        visibility=row.visibility,
        language=row.language,
        severity=row.severity,
        sent_at=row.sent_at,
    )
    target = due(playbook, facts, kind, row.sent_at, runtime.settings.inbox)
    if target is None:
        return None
    if ended_at is None:
        return False if target.at <= now else None
    return ended_at <= target.at


def _business(hours: BusinessHours | None, began_at: datetime, ended_at: datetime | None) -> timedelta | None:
    if ended_at is None:
        return None
    return ended_at - began_at if hours is None else hours.business_time_between(began_at, ended_at)


def _group(key: str, waits: list[Wait]) -> ResponseGroup:
    return ResponseGroup(
        key,
        _figures([wait for wait in waits if wait.kind == "first_response"]),
        _figures([wait for wait in waits if wait.kind == "next_response"]),
    )


def _figures(waits: list[Wait]) -> Figures:
    judged = [wait.within_target for wait in waits if wait.within_target is not None]
    ended = [wait for wait in waits if wait.ended_at is not None]
    return Figures(
        count=len(ended),
        unanswered=len(waits) - len(ended),
        with_target=len(judged),
        within_target=sum(judged),
        share_within_target=round(sum(judged) / len(judged), 4) if judged else None,
        wall=_spread(wait.ended_at - wait.began_at for wait in ended if wait.ended_at is not None),
        business=_spread(wait.business for wait in ended if wait.business is not None),
    )


def _spread(times: Iterable[timedelta]) -> Spread:
    seconds = sorted(time.total_seconds() for time in times)
    if not seconds:
        return Spread(None, None)
    return Spread(round(median(seconds), 3), round(seconds[math.ceil(0.9 * len(seconds)) - 1], 3))
