"""Until when each waiting person should have an answer: worked out after a message, and anew for everybody when a
crisis' level tightens the targets or no longer does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal_column, select
from sqlalchemy.orm import Session

from crisis_playbook import SEVERITIES, Facts, Playbook
from inbox import crises, sla, threads
from inbox.db import reading, writing
from inbox.models import Account, Conversation, ConversationLabel
from inbox.runtime import Runtime
from inbox.settings import InboxSettings

BATCH = 200
"""Few enough that on SQLite, where one writes at a time, an answer need not wait long for its turn."""


def severity_for_all(session: Session, runtime: Runtime, now: datetime) -> str:
    """The least severity by which targets are chosen while the running crisis' level says so; `none` without one."""
    return crises.behaviour(session, runtime, now).targets or "none"


def work_out(
    playbook: Playbook,
    conversations: Iterable[Conversation],
    accounts: Mapping[int, str],
    labels: Mapping[int, Iterable[str]],
    for_all: str,
    inbox: InboxSettings,
    now: datetime,
) -> None:
    """Due time and place in the queue of these conversations, by the first target that fits; `accounts` holds names,
    `labels` those of each conversation, `for_all` what `severity_for_all` says."""
    for conversation in conversations:
        name, labelled = accounts[conversation.account_id], frozenset(labels.get(conversation.id, ()))
        conversation.due_at = _due(playbook, conversation, name, labelled, for_all, inbox)
        conversation.due_under = for_all
        if conversation.due_at is None or conversation.due_at > now:
            conversation.breached_at = None
        conversation.queue_position = threads.queue_position(conversation.due_at, conversation.last_message_at)


def _due(
    playbook: Playbook,
    conversation: Conversation,
    account: str,
    labels: frozenset[str],
    for_all: str,
    inbox: InboxSettings,
) -> datetime | None:
    """When the running clock runs out; a crisis may tighten it for all."""
    if conversation.waiting_since is None:
        return None
    facts = Facts(
        text="",
        channel=conversation.channel,
        account=account,
        kind=conversation.kind,
        visibility=conversation.visibility,
        language=conversation.language,
        labels=labels,
        severity=max(conversation.severity, for_all, key=SEVERITIES.index),  # type: ignore[arg-type]
    )
    kind = sla.clock_kind(conversation.first_replied_at)
    due = sla.due(playbook, facts, kind, conversation.waiting_since, inbox)
    return due.at if due is not None else None


def follow_level(runtime: Runtime) -> None:
    """Bring every due time in line with the level in force, batch by batch: declared, raised, stood down, expired."""
    while follow_level_one(runtime):
        pass


def follow_level_one(runtime: Runtime) -> bool:
    """Work out the due times of some who wait and whose due time is of another level; False when there are none."""
    now = runtime.clock()
    with reading(runtime.sessions) as session:
        for_all = severity_for_all(session, runtime, now)
        if session.execute(select(Conversation.id).where(_of_another_level(for_all)).limit(1)).first() is None:
            return False
    playbook = runtime.playbook.current()
    with writing(runtime.sessions) as session:
        # Asked again: between reading and writing somebody may have stood the crisis down.
        for_all = severity_for_all(session, runtime, now)
        found = session.scalars(
            select(Conversation).where(_of_another_level(for_all)).limit(BATCH).with_for_update(skip_locked=True)
        ).all()
        accounts = dict(session.execute(select(Account.id, Account.name)).all())
        labels = _labels(session, [conversation.id for conversation in found])
        work_out(playbook, found, accounts, labels, for_all, runtime.settings.inbox, now)
    return bool(found)


def _of_another_level(for_all: str) -> ColumnElement[bool]:
    """Written as the partial index is, so that both databases find its rows by it."""
    return and_(
        Conversation.waiting_since.is_not(None),
        Conversation.status != literal_column("'resolved'"),
        Conversation.due_under.in_([severity for severity in SEVERITIES if severity != for_all]),
    )


def _labels(session: Session, conversation_ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(ConversationLabel.conversation_id, ConversationLabel.label)
    for conversation_id, label in session.execute(query.where(ConversationLabel.conversation_id.in_(conversation_ids))):
        found.setdefault(conversation_id, []).append(label)
    return found
