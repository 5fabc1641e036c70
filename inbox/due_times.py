"""Until when each waiting person should have an answer: worked out after a message, and anew for everybody when
another playbook comes in force, or a crisis' level tightens the targets or no longer does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal_column, select
from sqlalchemy.orm import Session

from crisis_playbook import SEVERITIES, Facts, Playbook
from inbox import crises, playbooks, sla, threads
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
    under = _mark(playbook, for_all)
    for conversation in conversations:
        name, labelled = accounts[conversation.account_id], frozenset(labels.get(conversation.id, ()))
        conversation.due_at = _due(playbook, conversation, name, labelled, for_all, inbox)
        conversation.due_under = under
        if conversation.due_at is None or conversation.due_at > now:
            conversation.breached_at = None
        conversation.queue_position = threads.queue_position(
            conversation.due_at, conversation.last_message_at, conversation.severity
        )


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


def follow_targets(runtime: Runtime) -> None:
    """Bring every due time in line with the playbook and the crisis' level in force, batch by batch."""
    while follow_targets_one(runtime):
        pass


def follow_targets_one(runtime: Runtime) -> bool:
    """Work out the due times of some who wait and whose due time is of another playbook or level; False when there are
    none."""
    now = runtime.clock()
    playbook = runtime.playbook.current()
    with reading(runtime.sessions) as session:
        under = _mark(playbook, severity_for_all(session, runtime, now))
        if not any(
            session.execute(select(Conversation.id).where(one).limit(1)).first() for one in _worked_out_otherwise(under)
        ):
            return False
    with writing(runtime.sessions) as session:
        # Asked again: between reading and writing somebody may have stood the crisis down, or published. A process
        # that does not know the newest playbook yet leaves this to those who do.
        if playbooks.hash_in_force(session) != playbook.hash:
            return False
        for_all = severity_for_all(session, runtime, now)
        found = _some(session, _mark(playbook, for_all))
        accounts = dict(session.execute(select(Account.id, Account.name)).all())
        labels = _labels(session, [conversation.id for conversation in found])
        work_out(playbook, found, accounts, labels, for_all, runtime.settings.inbox, now)
    return bool(found)


def _mark(playbook: Playbook, for_all: str) -> str:
    """By what due times were worked out, short enough for a column."""
    return f"{for_all} {playbook.hash[:8]}"


def _some(session: Session, under: str) -> list[Conversation]:
    found: list[Conversation] = []
    for otherwise in _worked_out_otherwise(under):
        query = (
            select(Conversation)
            .where(otherwise)
            .limit(BATCH - len(found))
            .with_for_update(skip_locked=True, key_share=True)
        )
        found += session.scalars(query)
    return found


def _worked_out_otherwise(under: str) -> tuple[ColumnElement[bool], ...]:
    """Written as the partial index is, and one condition for each side of the mark, so that both databases find the
    rows by it. Those whose first due time triage has still to set have no mark."""
    waiting = (Conversation.waiting_since.is_not(None), Conversation.status != literal_column("'resolved'"))
    below = and_(Conversation.due_under > literal_column("''"), Conversation.due_under < under)
    return and_(*waiting, below), and_(*waiting, Conversation.due_under > under)


def _labels(session: Session, conversation_ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(ConversationLabel.conversation_id, ConversationLabel.label)
    for conversation_id, label in session.execute(query.where(ConversationLabel.conversation_id.in_(conversation_ids))):
        found.setdefault(conversation_id, []).append(label)
    return found
