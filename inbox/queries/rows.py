"""The lines of a list, for ids that are known: one query for the rows and one for their labels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import Session

from inbox.models import Account, Contact, Conversation, ConversationLabel, Subject, User
from inbox.queries.clocks import clock
from inbox.queries.views import ContactRef, ConversationRow, SubjectRef


def rows_in_order(session: Session, ids: Sequence[int], now: datetime) -> list[ConversationRow]:
    """The conversations with these ids, in this order; ids that are not there are left out."""
    if not ids:
        return []
    found = {row.id: row for row in session.execute(ROWS, {"ids": list(ids)})}
    labels = labels_of(session, ids)
    return [_row(found[key], labels.get(key, []), now) for key in ids if key in found]


def labels_of(session: Session, ids: Sequence[int]) -> dict[int, list[str]]:
    """The labels of these conversations, in alphabetical order."""
    labels: dict[int, list[str]] = defaultdict(list)
    for conversation_id, label in session.execute(LABELS, {"ids": list(ids)}):
        labels[conversation_id].append(label)
    for names in labels.values():
        names.sort()
    return labels


def _columns() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Conversation.id,
            Account.name.label("account"),
            Conversation.channel,
            Conversation.kind,
            Conversation.visibility,
            Conversation.status,
            Conversation.severity,
            Conversation.contact_id,
            Contact.name.label("contact_name"),
            Contact.handle.label("contact_handle"),
            Contact.opted_out_at.label("contact_opted_out_at"),
            Subject.external_id.label("subject_external_id"),
            Subject.text.label("subject_text"),
            Subject.permalink.label("subject_permalink"),
            Subject.posted_at.label("subject_posted_at"),
            Conversation.preview,
            User.email.label("assignee"),
            Conversation.team,
            Conversation.waiting_since,
            Conversation.due_at,
            Conversation.clock_kind,
            Conversation.reply_window_ends_at,
            Conversation.unread,
            Conversation.external_id,
            Conversation.permalink,
            Conversation.last_message_at,
            Conversation.snoozed_until,
            Conversation.open_suggestions,
            Conversation.held_replies,
            Conversation.hold_replies,
            Conversation.history,
        )
        .join(Account, Account.id == Conversation.account_id)
        .outerjoin(Contact, Contact.id == Conversation.contact_id)
        .outerjoin(Subject, Subject.id == Conversation.subject_id)
        .outerjoin(User, User.id == Conversation.assignee_id)
    )


# Built once: building them costs more than answering them.
ROWS = _columns().where(Conversation.id.in_(bindparam("ids", expanding=True)))
LABELS = select(ConversationLabel.conversation_id, ConversationLabel.label).where(
    ConversationLabel.conversation_id.in_(bindparam("ids", expanding=True))
)


def _row(row: Row[Any], labels: list[str], now: datetime) -> ConversationRow:
    subject = None
    if row.subject_external_id is not None:
        subject = SubjectRef(row.subject_external_id, row.subject_text, row.subject_permalink, row.subject_posted_at)
    return ConversationRow(
        id=row.id,
        account=row.account,
        channel=row.channel,
        kind=row.kind,
        visibility=row.visibility,
        status=row.status,
        severity=row.severity,
        contact=ContactRef(row.contact_id, row.contact_name, row.contact_handle),
        subject=subject,
        preview=row.preview,
        labels=labels,
        assignee=row.assignee or row.team,
        team=row.team,
        waiting_since=row.waiting_since,
        due_at=row.due_at,
        clock=clock(row.status, row.clock_kind, row.waiting_since, row.due_at, now),
        reply_window_ends_at=row.reply_window_ends_at,
        unread=row.unread,
        external_id=row.external_id,
        permalink=row.permalink,
        last_message_at=row.last_message_at,
        snoozed_until=row.snoozed_until,
        open_suggestions=row.open_suggestions,
        held_replies=row.held_replies,
        hold_replies=row.hold_replies,
        history=row.history,
        opted_out=row.contact_opted_out_at is not None,
    )
