"""The one door for a stranger's text into the database: every name, address and word passes here."""

from __future__ import annotations

from dataclasses import replace

from connectors.base import Attachment, Author, InboundMessage, Subject

LONGEST = 64 * 1024
"""Characters kept of one message; no platform allows as many."""
LONGEST_LINE = 4 * 1024
"""Characters kept of a name, a handle or an address."""
LONGEST_ID = 300
"""Longer ids than any platform's; the columns take no more."""


def storable(text: str, longest: int = LONGEST) -> str:
    """A text every database takes: no NUL, no half of a surrogate pair, bounded."""
    if "\x00" in text or len(text) > longest:
        text = text.replace("\x00", "")[:longest]
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def can_be_an_id(text: str | None) -> bool:
    """Whether this can name a row. An id is never mended: two of them could become one."""
    return text is None or (0 < len(text) <= LONGEST_ID and storable(text) == text)


def has_usable_ids(message: InboundMessage) -> bool:
    """Whether everything by which this message would be found again can be stored as it is."""
    people = [person.external_id for person in (message.author, message.correspondent) if person is not None]
    subject = message.subject.external_id if message.subject is not None else None
    ids = (message.external_id, message.conversation_id, message.parent_id, subject, *people)
    return all(can_be_an_id(one) for one in ids)


def storable_message(message: InboundMessage) -> InboundMessage:
    """The same message with every text storable; ids are left alone, see `has_usable_ids`."""
    if _is_storable(message):
        return message
    return replace(
        message,
        text=storable(message.text),
        author=_author(message.author),
        correspondent=_author(message.correspondent) if message.correspondent is not None else None,
        subject=_subject(message.subject) if message.subject is not None else None,
        permalink=_line(message.permalink),
        attachments=tuple(_attachment(one) for one in message.attachments),
    )


def _is_storable(message: InboundMessage) -> bool:
    """Whether nothing has to be mended, as with nearly every message: asking costs a fraction of making a new one."""
    lines = [message.permalink, message.author.name, message.author.handle]
    if message.correspondent is not None:
        lines += (message.correspondent.name, message.correspondent.handle)
    texts = [message.text]
    if message.subject is not None:
        lines.append(message.subject.permalink)
        texts.append(message.subject.text or "")
    for attachment in message.attachments:
        lines += (attachment.type, attachment.url, attachment.name)
    written = [line for line in lines if line]
    longest = max(map(len, written), default=0)
    return longest <= LONGEST_LINE and all(storable(text) == text for text in (*texts, *written))


def _line(text: str | None) -> str | None:
    return None if text is None else storable(text, LONGEST_LINE)


def _author(author: Author) -> Author:
    return replace(author, name=_line(author.name), handle=_line(author.handle))


def _subject(subject: Subject) -> Subject:
    text = None if subject.text is None else storable(subject.text)
    return replace(subject, text=text, permalink=_line(subject.permalink))


def _attachment(attachment: Attachment) -> Attachment:
    kind = storable(attachment.type, LONGEST_LINE)
    return replace(attachment, type=kind, url=_line(attachment.url), name=_line(attachment.name))
