"""A candidate playbook over one's own history against the playbook in force: what would have been decided otherwise.

Nothing is sent and nothing is stored. Both playbooks judge the same facts through the one interpreter; what only the
course of events knew (labels and severity a conversation had at that moment) is left out for both alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import BigInteger, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from crisis_playbook import Decision, Facts, Playbook, SideBySide
from inbox import sla
from inbox.business_hours import BusinessHours
from inbox.judging import QUIET
from inbox.models import Account, Contact, Conversation, Message
from inbox.runtime import Channels
from inbox.settings import InboxSettings

PAGE = 2_000
MOST_SHOWN = 200

Progress = Callable[[int, int], None]
"""Called with how many messages are done and how many there are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one playbook says about one message, as far as it matters to people."""

    rules: tuple[str, ...]
    severity: str
    labels: tuple[str, ...]
    suggestions: tuple[str, ...]
    automatic_reply: str | None
    hold_replies: str | None
    complaint: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One message on which the playbooks disagree."""

    message_id: int
    conversation_id: int
    channel: str
    sent_at: datetime
    text: str
    before: Outcome
    after: Outcome


@dataclass(slots=True)
class Comparison:
    """The whole backtest."""

    messages: int = 0
    people: int = 0
    different: int = 0
    different_people: int = 0
    rules_before: Counter[str] = field(default_factory=Counter)
    rules_after: Counter[str] = field(default_factory=Counter)
    severity_before: Counter[str] = field(default_factory=Counter)
    severity_after: Counter[str] = field(default_factory=Counter)
    suggestions_before: Counter[str] = field(default_factory=Counter)
    suggestions_after: Counter[str] = field(default_factory=Counter)
    would_have_sent_before: int = 0
    would_have_sent_after: int = 0
    cost_before: float = 0.0
    cost_after: float = 0.0
    """US dollars of the automatic replies, where a platform charges for them."""
    shown: list[Difference] = field(default_factory=list)
    """The newest differences, MOST_SHOWN at most."""


def backtest(
    session: Session,
    channels: Channels,
    inbox: InboxSettings,
    active: Playbook,
    candidate: Playbook,
    since: datetime,
    progress: Progress | None = None,
    most: int | None = None,
) -> Comparison:
    """Judge every stored customer's message since then (or the newest `most`) with both, and compare."""
    wanted = (Message.direction == "inbound", Message.deleted_at.is_(None), Message.sent_at >= since)
    total: int = session.execute(select(func.count()).select_from(Message).where(*wanted)).scalar_one()
    total = min(total, most) if most is not None else total
    result, people, different_people = Comparison(), set[int](), set[int]()
    hours = sla.shop_hours(active, inbox)
    playbooks = SideBySide(active, candidate)
    for rows in _pages(session, wanted, total):
        firsts = _firsts(session, rows)
        alike = _Alike()
        for row in rows:
            facts = _facts(row, row.id in firsts, hours)
            before, after = playbooks.judge(facts)
            person = row.contact_id or -row.conversation_id
            people.add(person)
            if alike.add(row.channel, before, after) and _differ(result, row, before, after):
                different_people.add(person)
        alike.count(result, channels)
        result.messages += len(rows)
        if progress is not None:
            progress(result.messages, total)
    result.people, result.different_people = len(people), len(different_people)
    return result


def _pages(session: Session, wanted: Sequence[Any], total: int) -> Iterator[Sequence[Any]]:
    """The newest first, by keyset, so that memory stays flat."""
    below: int | None = None
    done = 0
    while done < total:
        page = session.execute(
            select(
                Message.id, Message.conversation_id, Message.contact_id, Message.text, Message.sent_at,
                Message.visibility, Message.addressed, Message.attachments, Conversation.channel, Conversation.kind,
                Account.name.label("account"), Contact.followers,
            )
            .join(Conversation, Conversation.id == Message.conversation_id)
            .join(Account, Account.id == Message.account_id)
            .outerjoin(Contact, Contact.id == Message.contact_id)
            .where(*wanted, *([] if below is None else [Message.id < below]))
            .order_by(Message.id.desc())
            .limit(min(PAGE, total - done))
        ).all()  # fmt: skip
        if not page:
            return
        below, done = page[-1].id, done + len(page)
        yield page


def _firsts(session: Session, rows: Sequence[Any]) -> set[int]:
    """Which of these messages had no other in their conversation in the day before."""
    threads = {row.conversation_id for row in rows}
    earliest = min(row.sent_at for row in rows) - QUIET
    sent = type_coerce(Message.sent_at, BigInteger)
    before = func.lag(sent).over(partition_by=Message.conversation_id, order_by=(Message.sent_at, Message.id))
    gaps = (
        select(Message.id, (sent - before).label("gap"))
        .where(Message.conversation_id.in_(threads), Message.sent_at >= earliest)
        .subquery()
    )
    long_ago = or_(gaps.c.gap.is_(None), gaps.c.gap > QUIET // timedelta(microseconds=1))
    return set(session.scalars(select(gaps.c.id).where(long_ago)))


def _facts(row: Any, first: bool, hours: BusinessHours | None) -> Facts:
    return Facts(
        text=row.text,
        channel=row.channel,
        account=row.account,
        kind=row.kind,
        visibility=row.visibility,
        addressed=row.addressed,
        first_of_conversation=first,
        hours="open" if hours is None or hours.is_open(row.sent_at) else "closed",
        author_followers=row.followers,
        has_attachment=bool(row.attachments),
        sent_at=row.sent_at,
    )


_parts = attrgetter("rules", "severity", "labels", "suggestions", "automatic_reply", "hold_replies", "complaint")
"""What an Outcome is made of."""


class _Alike:
    """Messages of one channel on which both playbooks say the same as on others: told apart once, counted together."""

    def __init__(self) -> None:
        self._times: Counter[tuple[Any, ...]] = Counter()
        self._decisions: dict[tuple[Any, ...], tuple[Decision, Decision]] = {}

    def add(self, channel: str, before: Decision, after: Decision) -> bool:
        """Note one message; False when the playbooks certainly agree on it."""
        one = _parts(before)
        other = one if after is before else _parts(after)
        key = (channel, one, other)
        self._times[key] += 1
        self._decisions[key] = before, after
        return bool(one != other)

    def count(self, result: Comparison, channels: Channels) -> None:
        """Add everything noted to the counts."""
        for key, times in self._times.items():
            before, after = self._decisions[key]
            for name in before.rules:
                result.rules_before[name] += times
            for name in after.rules:
                result.rules_after[name] += times
            result.severity_before[before.severity] += times
            result.severity_after[after.severity] += times
            for one in before.suggestions:
                result.suggestions_before[one.kind] += times
            for one in after.suggestions:
                result.suggestions_after[one.kind] += times
            price = channels[key[0]].capabilities.prices.get("dm_create", 0.0)
            sent_before = times * (before.automatic_reply is not None)
            sent_after = times * (after.automatic_reply is not None)
            result.would_have_sent_before += sent_before
            result.would_have_sent_after += sent_after
            result.cost_before += price * sent_before
            result.cost_after += price * sent_after


def _outcome(decision: Decision) -> Outcome:
    return Outcome(
        rules=decision.rules,
        severity=decision.severity,
        labels=decision.labels,
        suggestions=tuple(f"{one.kind}: {one.template}" for one in decision.suggestions),
        automatic_reply=decision.automatic_reply,
        hold_replies=decision.hold_replies,
        complaint=decision.complaint,
    )


def _differ(result: Comparison, row: Any, before: Decision, after: Decision) -> bool:
    """Whether the playbooks disagree in what matters to people; then it is counted, and shown while there is room."""
    one, other = _outcome(before), _outcome(after)
    if one == other:
        return False
    result.different += 1
    if len(result.shown) < MOST_SHOWN:
        text = row.text[:300]
        result.shown.append(Difference(row.id, row.conversation_id, row.channel, row.sent_at, text, one, other))
    return True
