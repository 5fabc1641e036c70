"""A person as one account sees them, with their conversations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from inbox.errors import NotThere
from inbox.models import Account, Contact, Conversation
from inbox.queries.house_views import ContactView, ProfileView
from inbox.queries.rows import rows_in_order

MOST_CONVERSATIONS = 50
MOST_FOUND = 20


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
    root = row.linked_to_id or row.id
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
        profiles=_profiles(session, or_(Contact.id == root, Contact.linked_to_id == root), Contact.id != row.id),
        conversations=rows_in_order(session, ids, now),
    )


def alike(session: Session, contact_id: int, words: str) -> list[ProfileView]:
    """Profiles that may be the same person: whose name or handle holds these words, or without words is the same.

    At most 20; never the person's own profiles, and nobody who was erased. Nothing follows from being in this list.
    """
    row = session.get(Contact, contact_id)
    if row is None:
        raise NotThere(f"contact {contact_id}")
    root = row.linked_to_id or row.id
    if words.strip():
        wanted = words.strip().lstrip("@")
        fits = [Contact.name.icontains(wanted, autoescape=True), Contact.handle.icontains(wanted, autoescape=True)]
    else:
        fits = [Contact.name == row.name] if row.name else []
        fits += [Contact.handle == row.handle] if row.handle else []
    if not fits:
        return []
    others = (Contact.id != root, or_(Contact.linked_to_id.is_(None), Contact.linked_to_id != root))
    not_us = Contact.external_id != Account.external_id
    return _profiles(session, or_(*fits), *others, not_us, Contact.id != row.id, Contact.erased_at.is_(None))


def _profiles(session: Session, *conditions: ColumnElement[bool]) -> list[ProfileView]:
    query = (
        select(Contact, Account.name, Account.channel)
        .join(Account, Account.id == Contact.account_id)
        .where(*conditions)
        .order_by(Contact.id)
        .limit(MOST_FOUND)
    )
    return [
        ProfileView(row.id, account, channel, row.name, row.handle) for row, account, channel in session.execute(query)
    ]
