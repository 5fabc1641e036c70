"""Step 7: what a person writes becomes an outbox item, or is refused with what they can do instead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from connectors.base import FilesTaken, Visibility, Way, WayState
from inbox import attachments, conversations, crises, events, ways
from inbox.errors import Alternative, Refusal
from inbox.models import Account, Attachment, Contact, Conversation, Message, OutboxItem
from inbox.runtime import Channels, Runtime
from inbox.storable import storable
from inbox.ways import Option

LONGEST_CLIENT_KEY = 200
FOR_APPROVAL = "for_approval"


def options(
    session: Session, channels: Channels, conversation_id: int, now: datetime, human: bool = True
) -> list[Option]:
    """Every way of answering this conversation, best first."""
    return ways.options(session, channels, conversations.get(session, conversation_id), now, human=human)


def measure(runtime: Runtime, channel: str, text: str, way: Way) -> tuple[int, int]:
    """The length of a text as the platform counts it, and the longest it takes."""
    connector = runtime.channels[channel]
    return connector.text_length(text, way), connector.text_limit(way)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person wants to say, before anything was refused or queued."""

    text: str
    visibility: str
    client_key: str
    """The same key on the same conversation is one reply, whoever asks how often."""
    actor: str
    way: Way | None = None
    """None: the best one that is open and read by whom `visibility` says."""
    answered: Message | None = None
    """The message it answers, where that is not the customer's latest."""
    seen_version: int | None = None
    """The conversation's version this was written for; None: whatever it is now."""
    attachment_ids: Sequence[int] = ()
    """Files this person has stored, in order."""
    suggestion_id: int | None = None
    template: str | None = None


def reply(
    session: Session,
    runtime: Runtime,
    conversation_id: int,
    draft: Draft,
    now: datetime,
    *,
    follows: OutboxItem | None = None,
) -> OutboxItem:
    """Queue a person's reply; `follows`: it goes out only after that one was sent.

    Raises Refusal when the platform would refuse it, when there is nothing to say or the text is too long, when the
    thread has moved on since `seen_version`, or when the key was used for another reply.
    """
    text, client_key = storable(draft.text).strip(), draft.client_key
    existing = _earlier(session, conversation_id, client_key)
    if existing is not None:
        return _same_or_refuse(session, existing, text, draft.attachment_ids)
    conversation = conversations.get(session, conversation_id, lock=True)
    existing = _earlier(session, conversation_id, client_key)
    if existing is not None:
        return _same_or_refuse(session, existing, text, draft.attachment_ids)
    files = attachments.chosen(session, draft.attachment_ids, draft.actor)
    _check_words(text, client_key, bool(files))
    if draft.seen_version is not None and draft.seen_version != conversation.version:
        raise Refusal("The conversation has changed since you opened it. Look at what is new, then send.", 409)
    chosen, target = choose(
        session, runtime, conversation, Visibility(draft.visibility), now, draft.way, draft.answered
    )
    _check_length(runtime, conversation.channel, text, chosen.way)
    _check_files(session, runtime, conversation, chosen.way, text, files, now)
    item = _item(conversation, chosen, target, text, client_key, draft.actor, now)
    item.recipient_external_id = recipient(session, conversation, target)
    item.attachment_count, item.suggestion_id, item.template = len(files), draft.suggestion_id, draft.template
    item.follows_id = follows.id if follows is not None else None
    item.needs_approval = held(session, runtime, conversation, now)
    queued = queue(session, item, now)
    if queued is item:
        attachments.attach(session, item, files)
    return queued


def reply_in_parts(
    session: Session, runtime: Runtime, conversation_id: int, draft: Draft, way: Way, now: datetime
) -> list[OutboxItem]:
    """Queue one answer as the messages the platform wants it in: where it takes text and files apart, first the text,
    then the files, each only when the one before it was sent. All of them, or none; see `reply`."""
    conversation = conversations.get(session, conversation_id)
    account = session.get_one(Account, conversation.account_id)
    taken = attachments.taken(runtime, conversation.channel, account.name, way)
    queued: list[OutboxItem] = []
    for number, (words, ids) in enumerate(_parts(draft.text.strip(), draft.attachment_ids, taken)):
        part = replace(draft, text=words, attachment_ids=ids, way=way)
        if number:
            # The first part has changed the conversation's version.
            part = replace(part, client_key=f"{draft.client_key}+{number}", seen_version=None)
        follows = queued[-1] if queued else None
        queued.append(reply(session, runtime, conversation_id, part, now, follows=follows))
    return queued


def _parts(text: str, ids: Sequence[int], taken: FilesTaken | None) -> list[tuple[str, Sequence[int]]]:
    if not ids or taken is None or (taken.with_text and len(ids) <= taken.most):
        return [(text, ids)]
    first = ids[: taken.most] if taken.with_text or not text else ()
    rest = ids[len(first) :]
    return [(text, first), *(("", rest[at : at + taken.most]) for at in range(0, len(rest), taken.most))]


def _earlier(session: Session, conversation_id: int, client_key: str) -> OutboxItem | None:
    return session.scalars(
        select(OutboxItem).where(OutboxItem.conversation_id == conversation_id, OutboxItem.client_key == client_key)
    ).one_or_none()


def _same_or_refuse(session: Session, item: OutboxItem, text: str, attachment_ids: Sequence[int]) -> OutboxItem:
    """Files are the same when their bytes are: who repeats a request may have uploaded them again."""
    if item.text != text:
        raise Refusal("This client_key was used for another text. Use a new one for a new reply.", 409)
    if attachments.digests(session, attachment_ids) != [file.digest for file in attachments.of_item(session, item.id)]:
        raise Refusal("This client_key was used with other attachments. Use a new one for a new reply.", 409)
    return item


def _check_words(text: str, client_key: str, with_files: bool) -> None:
    if not text and not with_files:
        raise Refusal("A reply needs a text.", 422)
    if not client_key or len(client_key) > LONGEST_CLIENT_KEY:
        raise Refusal(f"client_key has 1 to {LONGEST_CLIENT_KEY} characters.", 422)


def choose(
    session: Session,
    runtime: Runtime,
    conversation: Conversation,
    visibility: Visibility,
    now: datetime,
    way: Way | None = None,
    answered: Message | None = None,
    *,
    human: bool = True,
) -> tuple[Option, Message | None]:
    """The way this answer goes, and the message it answers; raises Refusal with the legal alternatives."""
    account = session.get_one(Account, conversation.account_id)
    found = ways.options(session, runtime.channels, conversation, now, human=human, answered=answered)
    if account.writes_blocked_at is not None:
        raise Refusal(f"The platform asked us to stop writing for {account.name}. {account.health_detail}", 409)
    if visibility is Visibility.PUBLIC and conversation.visibility == "private":
        raise Refusal("A private conversation has no public answer.", 422, _alternatives(found, visibility))
    if way is None:
        option = ways.best(found, visibility)
    else:
        option = next((one for one in found if one.way is way and one.state is WayState.AVAILABLE), None)
    if option is None:
        closed = next((one for one in found if one.visibility is visibility and one.way is not Way.ON_PLATFORM), None)
        detail = closed.sentence if closed is not None else "This channel has no such way of answering."
        raise Refusal(detail, 409, _alternatives(found, visibility))
    return option, answered or ways.latest_inbound(session, conversation.id)


def _alternatives(found: list[Option], but: Visibility) -> list[Alternative]:
    return [Alternative(kind=entry["kind"], reason=entry["reason"]) for entry in ways.alternatives(found)]


def _check_length(runtime: Runtime, channel: str, text: str, way: Way) -> None:
    length, limit = measure(runtime, channel, text, way)
    if length > limit:
        raise Refusal(
            f"The text is too long: {length} of {limit} as the platform counts. Shorten it; it is never split.", 422
        )


def _check_files(
    session: Session,
    runtime: Runtime,
    conversation: Conversation,
    way: Way,
    text: str,
    files: Sequence[Attachment],
    now: datetime,
) -> None:
    if files:
        account = session.get_one(Account, conversation.account_id)
        found = ways.options(session, runtime.channels, conversation, now)
        attachments.check(runtime, account, way, text, files, found)


class Reader(NamedTuple):
    """The one person who would read a private answer now."""

    name: str | None
    """None where the platform withheld who that is."""
    mark: str
    """Another one as soon as it may be another person: in a thread of many, whoever wrote last is answered."""


def reader(session: Session, conversation_id: int) -> Reader:
    """Whom a private answer would reach now."""
    conversation, target = conversations.get(session, conversation_id), ways.latest_inbound(session, conversation_id)
    contact_id = ways.correspondent(conversation, target)
    contact = session.get(Contact, contact_id) if contact_id is not None else None
    if contact is None:
        return Reader(None, f"message-{target.id}" if target is not None else "")
    return Reader(contact.name or contact.handle, f"contact-{contact.id}")


def recipient(session: Session, conversation: Conversation, target: Message | None) -> str | None:
    """The platform's id of the person a private answer goes to: who wrote the message, in a thread of many."""
    contact_id = ways.correspondent(conversation, target)
    contact = session.get(Contact, contact_id) if contact_id is not None else None
    return contact.external_id if contact is not None else None


def _item(
    conversation: Conversation,
    option: Option,
    target: Message | None,
    text: str,
    client_key: str,
    actor: str,
    now: datetime,
) -> OutboxItem:
    return OutboxItem(
        account_id=conversation.account_id,
        conversation_id=conversation.id,
        contact_id=ways.correspondent(conversation, target),
        client_key=client_key,
        text=text,
        way=str(option.way),
        visibility=str(option.visibility),
        outside_window=option.outside_window,
        target_external_id=target.external_id if target is not None else None,
        origin="agent",
        author=actor,
        because_of_message_id=target.id if target is not None else None,
        created_at=now,
        not_before=now,
    )


def held(session: Session, runtime: Runtime, conversation: Conversation, now: datetime) -> bool:
    """Whether a second person has to approve: this conversation's rule says so, or the crisis in force does."""
    return FOR_APPROVAL in (conversation.hold_replies, crises.behaviour(session, runtime, now).hold_replies)


def queue(session: Session, item: OutboxItem, now: datetime) -> OutboxItem:
    """Put an item into the outbox; two requests at once with one key end in the same item."""
    try:
        with session.begin_nested():
            session.add(item)
            session.flush()
    except IntegrityError:
        existing = _earlier(session, item.conversation_id, item.client_key)
        if existing is None:
            raise
        return existing
    if item.needs_approval:
        session.execute(
            update(Conversation)
            .where(Conversation.id == item.conversation_id)
            .values(held_replies=Conversation.held_replies + 1)
        )
    kind = "reply_held" if item.needs_approval else "reply_queued"
    events.record(session, kind, now, conversation_id=item.conversation_id, actor=item.author, outbox_id=item.id)
    if item.origin == "agent":
        # A colleague who opened the thread before this must look again before answering too.
        session.execute(
            update(Conversation).where(Conversation.id == item.conversation_id).values(version=Conversation.version + 1)
        )
        cancel_pending_automation(session, item.conversation_id, now, "A person has answered.")
    return item


def cancel_pending_automation(session: Session, conversation_id: int, now: datetime, reason: str) -> None:
    """What a machine was about to say is not said: a human speaks now."""
    cancelled = session.execute(
        update(OutboxItem)
        .where(
            OutboxItem.conversation_id == conversation_id,
            OutboxItem.origin == "automation",
            OutboxItem.state == "queued",
        )
        .values(state="cancelled", reason=reason)
        .returning(OutboxItem.id)
    ).scalars()
    for outbox_id in cancelled:
        events.record(
            session, "reply_cancelled", now, conversation_id=conversation_id, outbox_id=outbox_id, reason=reason
        )
