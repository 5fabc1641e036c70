"""Why people waited too long: what the missed response targets have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.models import Conversation, ConversationLabel, MessageDecision
from inbox.playbooks import NoPlaybook
from inbox.reports import Wait, waits
from inbox.runtime import Runtime
from inbox.sla import shop_hours

MOST_CAUSES = 8
AT_ONCE = 500
"""Ids a statement names."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What some missed targets have in common; `waits` counts every judged wait of that kind."""

    key: str
    missed: int
    waits: int

    @property
    def share(self) -> float:
        """Missed of all judged, 0 to 1."""
        return self.missed / self.waits if self.waits else 0.0


@dataclass(frozen=True, slots=True)
class Breaches:
    """The missed targets of a window and what they have in common, the most frequent first."""

    missed: int
    waits: int
    """Waits with a target whose end is known."""
    outside_hours: int
    """Missed ones in which the person wrote while the shop was closed."""
    unassigned: int
    """Missed ones whose conversation nobody has, neither a person nor a team."""
    channels: list[Cause]
    hours: list[Cause]
    """By the hour of the shop's day in which the person wrote, 00 to 23."""
    labels: list[Cause]
    rules: list[Cause]
    """Rules that applied to the message that began the wait."""


def breaches(session: Session, runtime: Runtime, since: datetime, until: datetime, now: datetime) -> Breaches:
    """Of waits that began in [since, until), aware UTC."""
    judged = [wait for wait in waits(session, runtime, since, until, now) if wait.within_target is not None]
    missed = [wait for wait in judged if not wait.within_target]
    zone = runtime.settings.inbox.zone
    labels = _labels(session, {wait.conversation_id for wait in judged})
    rules = _rules(session, {wait.message_id for wait in judged})
    try:
        hours = shop_hours(runtime.playbook.current(), runtime.settings.inbox)
    except NoPlaybook:
        hours = None
    taken = _taken(session, {wait.conversation_id for wait in missed})
    return Breaches(
        missed=len(missed),
        waits=len(judged),
        outside_hours=sum(1 for wait in missed if hours is not None and not hours.is_open(wait.began_at)),
        unassigned=sum(1 for wait in missed if wait.conversation_id not in taken),
        channels=_causes(missed, judged, lambda wait: [wait.channel]),
        hours=_causes(missed, judged, lambda wait: [f"{wait.began_at.astimezone(zone).hour:02d}"]),
        labels=_causes(missed, judged, lambda wait: labels.get(wait.conversation_id, [])),
        rules=_causes(missed, judged, lambda wait: rules.get(wait.message_id, [])),
    )


def _causes(missed: Sequence[Wait], judged: Sequence[Wait], keys: Callable[[Wait], Sequence[str]]) -> list[Cause]:
    of_missed = Counter(key for wait in missed for key in keys(wait))
    of_all = Counter(key for wait in judged for key in keys(wait))
    most = sorted(of_missed.items(), key=lambda each: (-each[1], each[0]))[:MOST_CAUSES]
    return [Cause(key, count, of_all[key]) for key, count in most]


def _labels(session: Session, conversations: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for ids in _in_pieces(conversations):
        query = select(ConversationLabel.conversation_id, ConversationLabel.label)
        for conversation_id, label in session.execute(query.where(ConversationLabel.conversation_id.in_(ids))):
            found.setdefault(conversation_id, []).append(label)
    return found


def _rules(session: Session, messages: Iterable[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for ids in _in_pieces(messages):
        query = select(MessageDecision.message_id, MessageDecision.rules)
        found |= {
            row.message_id: row.rules for row in session.execute(query.where(MessageDecision.message_id.in_(ids)))
        }
    return found


def _taken(session: Session, conversations: Iterable[int]) -> set[int]:
    """Those that a person or a team has."""
    found: set[int] = set()
    for ids in _in_pieces(conversations):
        somebody = Conversation.assignee_id.is_not(None) | Conversation.team.is_not(None)
        found |= set(session.scalars(select(Conversation.id).where(Conversation.id.in_(ids), somebody)))
    return found


def _in_pieces(ids: Iterable[int]) -> Iterator[list[int]]:
    listed = sorted(ids)
    for start in range(0, len(listed), AT_ONCE):
        yield listed[start : start + AT_ONCE]
