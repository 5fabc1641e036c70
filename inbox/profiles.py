"""Profiles of one person on several channels. Only a person's click says that they belong together.

One profile of a group is the one the others point at.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from inbox import events
from inbox.errors import NotThere, Refusal
from inbox.models import Contact, Conversation


def link(session: Session, contact_id: int, other_id: int, actor: str, now: datetime) -> None:
    """These two are the same person, with every profile that belongs to either. Repeating it changes nothing.

    Raises NotThere, and Refusal (422) for a profile with itself, (409) for somebody who was erased.
    """
    if contact_id == other_id:
        raise Refusal("A profile cannot be linked to itself.", 422)
    contact, other = _get(session, contact_id), _get(session, other_id)
    if contact.erased_at is not None or other.erased_at is not None:
        raise Refusal("This person was erased; there is nothing to link.", 409)
    first, root = contact.linked_to_id or contact.id, other.linked_to_id or other.id
    if first == root:
        return
    session.execute(
        update(Contact).where(or_(Contact.id == first, Contact.linked_to_id == first)).values(linked_to_id=root)
    )
    _tell(session, "contact_linked", contact, other, actor, now)
    _tell(session, "contact_linked", other, contact, actor, now)


def unlink(session: Session, contact_id: int, actor: str, now: datetime) -> None:
    """This profile belongs to nobody else after all; the others stay together."""
    contact = _get(session, contact_id)
    others = belonging_to(session, contact)
    if not others:
        return
    if contact.linked_to_id is None:
        root = others[0].id
        session.execute(update(Contact).where(Contact.linked_to_id == contact.id).values(linked_to_id=root))
        session.execute(update(Contact).where(Contact.id == root).values(linked_to_id=None))
    else:
        session.execute(update(Contact).where(Contact.id == contact.id).values(linked_to_id=None))
    _tell(session, "contact_unlinked", contact, others[0], actor, now)
    for other in others:
        _tell(session, "contact_unlinked", other, contact, actor, now)


def belonging_to(session: Session, contact: Contact) -> list[Contact]:
    """The other profiles of the same person, the oldest first."""
    root = contact.linked_to_id or contact.id
    query = select(Contact).where(or_(Contact.id == root, Contact.linked_to_id == root), Contact.id != contact.id)
    return list(session.scalars(query.order_by(Contact.id)))


def _get(session: Session, contact_id: int) -> Contact:
    contact = session.get(Contact, contact_id, with_for_update=True)
    if contact is None:
        raise NotThere(f"contact {contact_id}")
    return contact


def _tell(session: Session, kind: str, contact: Contact, other: Contact, actor: str, now: datetime) -> None:
    name = other.name or other.handle or other.external_id
    for conversation_id in session.scalars(select(Conversation.id).where(Conversation.contact_id == contact.id)):
        events.record(session, kind, now, conversation_id=conversation_id, actor=actor, name=name, contact_id=other.id)
