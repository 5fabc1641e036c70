"""Pictures and files for replies: stored with us first, then chosen for one reply, or refused with what else is open.

The bytes lie in the database: several processes share nothing else, and a backup, an export and an erasure hold for
them without another thought. They are large, so they are read only where they are sent or shown.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from sqlalchemy import Select, exists, select, update
from sqlalchemy.orm import Session

from connectors.base import Delivery, FilesTaken, MediaFile, Way, WayState
from inbox.errors import Alternative, NotThere, Refusal
from inbox.file_types import ENDINGS, TYPES, content_type_of
from inbox.models import Account, Attachment, OutboxItem
from inbox.picture_privacy import Damaged, without_notes
from inbox.runtime import Runtime
from inbox.storable import storable
from inbox.ways import SENDABLE, Option

LARGEST = 25 * 1024 * 1024
"""Bytes: what the most generous platform takes."""
LONGEST_NAME = 120
LONGEST_ALTERNATIVE_TEXT = 1000
FETCHABLE_FOR = timedelta(minutes=5)
"""How long a platform may fetch a file after the reply left; it fetches while it is asked."""
MIB = 1024 * 1024
_DIGESTS = select(Attachment.id, Attachment.digest)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file's bytes, to be shown or fetched."""

    name: str
    content_type: str
    content: bytes


def store(session: Session, content: bytes, name: str, alternative_text: str, actor: str, now: datetime) -> Attachment:
    """Keep a file for a reply that is written now. What its camera wrote into it (the place, names) is taken out.

    Raises Refusal (422) for what no platform would take: an unknown kind, an empty, damaged or too large file.
    """
    content_type = content_type_of(content)
    if content_type is None:
        raise Refusal(f"This kind of file is not taken. Known are: {', '.join(TYPES.values())}.", 422)
    if len(content) > LARGEST:
        raise Refusal(f"The file is too large: at most {LARGEST // MIB} MB are taken.", 422)
    alternative_text = storable(alternative_text).strip()
    if len(alternative_text) > LONGEST_ALTERNATIVE_TEXT:
        raise Refusal(f"A description has at most {LONGEST_ALTERNATIVE_TEXT} characters.", 422)
    try:
        content = without_notes(content, content_type)
    except Damaged:
        raise Refusal(
            "The picture is damaged: it cannot be read to its end. Save it anew and try again.", 422
        ) from None
    attachment = Attachment(
        uploaded_by=actor,
        created_at=now,
        name=_named(name, content_type),
        content_type=content_type,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        alternative_text=alternative_text,
        content=content,
    )
    session.add(attachment)
    session.flush()
    return attachment


def _named(name: str, content_type: str) -> str:
    """A plain name with the ending that fits: it goes to strangers and into headers."""
    stem = storable(name).replace("\\", "/").rpartition("/")[2].rpartition(".")[0] or storable(name)
    plain = "".join(letter if letter.isalnum() or letter in " -_" else "_" for letter in stem).strip()
    return f"{plain[:LONGEST_NAME] or 'attachment'}{ENDINGS[content_type]}"


def describe(session: Session, attachment_id: int, alternative_text: str, actor: str) -> None:
    """Say what a picture shows, for who cannot see it, before it is sent."""
    (attachment,) = chosen(session, [attachment_id], actor)
    attachment.alternative_text = storable(alternative_text).strip()[:LONGEST_ALTERNATIVE_TEXT]


def chosen(session: Session, ids: Sequence[int], actor: str) -> list[Attachment]:
    """These files of this person or program, in this order. Raises Refusal where one is not there to be sent."""
    found = {
        row.id: row
        for row in session.scalars(
            select(Attachment).where(Attachment.id.in_(ids), Attachment.uploaded_by == actor).with_for_update()
        )
    }
    for one in ids:
        if one not in found:
            raise Refusal(f"There is no attachment {one} of yours. Upload it again.", 422)
        if found[one].outbox_id is not None:
            raise Refusal(f"The attachment {one} belongs to another reply. Upload it again.", 422)
    if len(set(ids)) != len(ids):
        raise Refusal("The same attachment is named twice.", 422)
    return [found[one] for one in ids]


def of_item(session: Session, item_id: int) -> list[Attachment]:
    """The files of an outbox item, in order."""
    query = select(Attachment).where(Attachment.outbox_id == item_id)
    return list(session.scalars(query.order_by(Attachment.position, Attachment.id)))


def digests(session: Session, ids: Sequence[int]) -> list[str]:
    """What these files hold, in this order; of those that exist."""
    if not ids:
        return []
    found = {row.id: row.digest for row in session.execute(_DIGESTS.where(Attachment.id.in_(ids)))}
    return [found[one] for one in ids if one in found]


def attach(session: Session, item: OutboxItem, files: Sequence[Attachment]) -> None:
    """From now on these belong to this reply."""
    for position, file in enumerate(files):
        file.outbox_id, file.position = item.id, position


# -- what the platform takes -----------------------------------------------------------------------------------------


def taken(runtime: Runtime, channel: str, account: str, way: Way) -> FilesTaken | None:
    """Which files may go along this way of this account; None where it carries text only."""
    configured = next((one for one in runtime.settings.accounts if one.name == account), None)
    return runtime.channels[channel].files_taken(way, configured.options if configured is not None else {})


def obstacle(runtime: Runtime, account: str, taken: FilesTaken | None) -> str | None:
    """Why no file at all can go this way; None where one can."""
    if taken is None:
        return "Answers of this kind carry text only: the platform takes no attachments here."
    if taken.delivery is Delivery.FETCHED and not _fetchable(runtime, account):
        return (
            "The platform fetches attachments from us, and [web] public_url is an address only this machine or network "
            "can reach. Set it to one that can be reached from outside."
        )
    return None


def _fetchable(runtime: Runtime, account: str) -> bool:
    """Whether the platform can reach us: it can from outside, and its stand-in on this machine can from here."""
    if not _is_local(urlsplit(runtime.settings.web.public_url).hostname or ""):
        return True
    configured = next((one for one in runtime.settings.accounts if one.name == account), None)
    return configured is not None and _is_local(urlsplit(configured.api_base or "").hostname or "example.org")


def _is_local(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or "." not in host


def check(
    runtime: Runtime, account: Account, way: Way, text: str, files: Sequence[Attachment], found: Sequence[Option]
) -> None:
    """Refuse what the platform would refuse about these files; says what can be done instead."""
    if not files:
        return
    here = taken(runtime, account.channel, account.name, way)
    reason = obstacle(runtime, account.name, here) or _misfit(here, text, files)
    if reason is not None:
        raise Refusal(reason, 422, _instead(runtime, account, way, text, files, found))


def _misfit(taken: FilesTaken | None, text: str, files: Sequence[Attachment]) -> str | None:
    if taken is None:
        return None
    for file in files:
        if file.content_type not in taken.largest:
            kinds = ", ".join(TYPES.get(one, one) for one in taken.largest)
            return f"{file.name} is {TYPES[file.content_type]}; the platform takes {kinds} here."
        largest = taken.largest[file.content_type]
        if file.size > largest:
            return f"{file.name} is too large: {file.size / MIB:.1f} MB of {largest // MIB or 1} MB."
        if len(file.alternative_text) > (taken.longest_alternative_text or LONGEST_ALTERNATIVE_TEXT):
            return f"The description of {file.name} has at most {taken.longest_alternative_text} characters."
    if len(files) > taken.most:
        return f"One message carries at most {taken.most} attachments here; these are {len(files)}."
    if text and not taken.with_text:
        return "The platform takes the text and the attachment as two messages. Send them one after the other."
    return None


def _instead(
    runtime: Runtime, account: Account, way: Way, text: str, files: Sequence[Attachment], found: Sequence[Option]
) -> list[Alternative]:
    """Every open way that takes these files, and this way without them."""
    alternatives: list[Alternative] = []
    for option in found:
        if option.state is not WayState.AVAILABLE or option.way not in SENDABLE:
            continue
        there = taken(runtime, account.channel, account.name, option.way)
        if obstacle(runtime, account.name, there) is None and there is not None:
            if _misfit(there, text, files) is None:
                alternatives.append(Alternative(kind=str(option.way), reason="This way takes the attachment."))
            elif _misfit(there, "", files[: there.most]) is None:
                sentence = "This way takes it as a message of its own: first the text, then the attachment."
                alternatives.append(Alternative(kind=str(option.way), reason=sentence))
    if text:
        alternatives.append(Alternative(kind=str(way), reason="Send the text without the attachment."))
    return alternatives


# -- on the way out --------------------------------------------------------------------------------------------------


def media(runtime: Runtime, file: Attachment, content: bytes = b"") -> MediaFile:
    """The file as a connector needs it."""
    address = f"{runtime.settings.web.public_url}/attachments/{file.fetch_token}" if file.fetch_token else None
    return MediaFile(
        content_type=file.content_type,
        name=file.name,
        alternative_text=file.alternative_text,
        content=content,
        platform_id=file.platform_id,
        fetch_url=address,
    )


_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def fetched(session: Session, token: str, now: datetime) -> Stored:
    """What a platform fetches with the address it was given. Raises NotThere for everybody else, and afterwards."""
    if not _TOKEN.fullmatch(token):
        raise NotThere("attachment at this address")
    row = session.execute(
        select(Attachment.name, Attachment.content_type, Attachment.content).where(
            Attachment.fetch_token == token,
            Attachment.fetch_ends_at > now,
            exists().where(OutboxItem.id == Attachment.outbox_id, OutboxItem.state.in_(("sending", "unknown"))),
        )
    ).one_or_none()
    if row is None or row.content is None:
        raise NotThere("attachment at this address")
    return Stored(row.name, row.content_type, row.content)


def read(session: Session, conversation_id: int, attachment_id: int) -> Stored:
    """A file of a reply in this conversation, for a colleague. Raises NotThere."""
    row = session.execute(
        select(Attachment.name, Attachment.content_type, Attachment.content)
        .join(OutboxItem, OutboxItem.id == Attachment.outbox_id)
        .where(Attachment.id == attachment_id, OutboxItem.conversation_id == conversation_id)
    ).one_or_none()
    if row is None or row.content is None:
        raise NotThere(f"attachment {attachment_id}")
    return Stored(row.name, row.content_type, row.content)


def redact(session: Session, items: Select[int]) -> None:
    """Of these outbox items: remove the bytes and every word about them; that there was a file stays known."""
    session.execute(
        update(Attachment)
        .where(Attachment.outbox_id.in_(items))
        .values(name="", alternative_text="", digest="", size=0, **_WITHOUT_CONTENT)
    )


def forget(session: Session, before: datetime, most: int) -> int:
    """The bytes of some files older than `before` are kept no longer, unless their reply is still on its way. Returns
    how many."""
    on_its_way = exists().where(
        OutboxItem.id == Attachment.outbox_id, OutboxItem.state.in_(("queued", "sending", "unknown"))
    )
    query = select(Attachment.id).where(Attachment.content.is_not(None), Attachment.created_at < before, ~on_its_way)
    ids = list(session.scalars(query.limit(most)))
    session.execute(update(Attachment).where(Attachment.id.in_(ids)).values(**_WITHOUT_CONTENT))
    return len(ids)


_WITHOUT_CONTENT = {"content": None, "platform_id": None, "fetch_token": None, "fetch_ends_at": None}
