"""A person as one account sees them, with their conversations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.errors import NotThere
from inbox.models import Account, Contact, Conversation
from inbox.queries.rows import rows_in_order
from inbox.queries.views import ContactRef, ContactView

MOST_CONVERSATIONS = 50


def contact(session: Session, contact_id: int, now: datetime) -> ContactView:
    """The person with their newest 50 conversations. Raises `NotThere`."""
    found = session.execute(
        select(Contact, Account.name, Account.channel)
        .join(Account, Account.id == Contact.account_id)
        .where(Contact.id == contact_id)
    ).one_or_none()
    if found is None:
        raise NotThere(f"contact {contact_id}")
    row, account, channel = found
    ids = session.scalars(
        select(Conversation.id)
        .where(Conversation.contact_id == contact_id)
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(MOST_CONVERSATIONS)
    ).all()
    linked = None if row.linked_to_id is None else session.get(Contact, row.linked_to_id)
    return ContactView(
        id=row.id,
        account=account,
        channel=channel,
        external_id=row.external_id,
        name=row.name,
        handle=row.handle,
        followers=row.followers,
        opted_out_at=row.opted_out_at,
        unavailable_at=row.unavailable_at,
        erased_at=row.erased_at,
        created_at=row.created_at,
        linked_to=None if linked is None else ContactRef(linked.id, linked.name, linked.handle),
        conversations=rows_in_order(session, ids, now),
    )
