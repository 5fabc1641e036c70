"""X's objects as messages: posts of API v2 and direct-message events, one pure function for each.

A post's `external_id` is the first id of its edit history, so that an edited post stays the same message. Its
conversation is the platform's own `conversation_id`, which is the same whatever arrives first. Facts: X API v2,
OpenAPI 2.166 (2026-07).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Attachment, Author, InboundMessage, Kind, Subject, Unreadable, Visibility
from connectors.times import iso_time
from connectors.twitter_text import plain

Row = Mapping[str, Any]

TWEET_FIELDS = [
    "id", "text", "author_id", "conversation_id", "created_at", "in_reply_to_user_id", "referenced_tweets",
    "lang", "entities", "attachments", "note_tweet", "edit_history_tweet_ids", "display_text_range",
]  # fmt: skip
TWEET_EXPANSIONS = ["author_id", "referenced_tweets.id", "attachments.media_keys"]
"""Each expanded user and post is charged; mentioned users come by name in `entities` without being expanded."""
USER_FIELDS = ["id", "name", "username", "public_metrics"]
MEDIA_FIELDS = ["media_key", "type", "url", "preview_image_url", "alt_text"]
DM_FIELDS = [
    "id", "event_type", "text", "dm_conversation_id", "created_at", "sender_id", "attachments", "referenced_tweets",
    "entities",
]  # fmt: skip
DM_EXPANSIONS = ["sender_id", "attachments.media_keys"]

_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
_SMALLEST_TIMED_ID = 1 << 35
EDITABLE = timedelta(hours=2)
"""Posts can be edited for an hour (`edit_controls.editable_until`)."""
_RAW_LIMIT = 64 * 1024


class Odd(Exception):
    """An item that cannot be translated; the text says why."""


def time_of_id(identifier: str) -> datetime | None:
    """When an id was made: X's ids carry their millisecond since 2010-11-04. None for older, smaller ids."""
    if not identifier.isdecimal() or not _SMALLEST_TIMED_ID <= int(identifier) < 1 << 63:
        return None
    return _EPOCH + timedelta(milliseconds=int(identifier) >> 22)


def id_at(time: datetime) -> str:
    """The smallest id that can be made at this time."""
    return str(((time - _EPOCH) // timedelta(milliseconds=1)) << 22)


def moment(value: object) -> datetime | None:
    """An aware UTC time out of X's `2026-07-24T21:23:23.000Z`, None when it is no time."""
    return iso_time(value) if isinstance(value, str) else None


def identifier(value: object) -> str | None:
    """An id as its canonical decimal string, None when it is none."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return str(value)
    return value if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 20 else None


def unreadable(stream: str, item: object, why: str) -> Unreadable:
    """The item as it came, bounded, for a person to look at."""
    raw = json.dumps(item, ensure_ascii=True, default=str)[:_RAW_LIMIT].replace("\\u0000", "")
    known = identifier(item.get("id")) if isinstance(item, dict) else None
    return Unreadable(stream, why, raw, known)


@dataclass(frozen=True, slots=True)
class Includes:
    """What an answer holds beside its data, by id. Missing entries are normal: suspended, deleted, protected."""

    users: Mapping[str, Row] = field(default_factory=dict)
    tweets: Mapping[str, Row] = field(default_factory=dict)
    media: Mapping[str, Row] = field(default_factory=dict)

    @classmethod
    def of(cls, raw: object) -> Includes:
        """From `includes`; X Activity events wrap some users in `data`, renamed specifications say `posts`."""
        given = raw if isinstance(raw, dict) else {}
        posts = [*rows(given.get("tweets")), *rows(given.get("posts"))]
        return cls(
            users={str(row.get("id")): row for row in map(_unwrapped, rows(given.get("users")))},
            tweets={str(row.get("id")): row for row in posts},
            media={str(row.get("media_key")): row for row in rows(given.get("media"))},
        )


def _unwrapped(row: Row) -> Row:
    inner = row.get("data")
    return inner if isinstance(inner, dict) else row


def rows(value: object) -> list[Row]:
    """The objects of a list; anything else in it, or no list at all, gives nothing."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def author(user_id: str | None, users: Mapping[str, Row]) -> Author:
    """A person as far as X shows one: a suspended or deleted account is absent from `includes`."""
    row = users.get(user_id or "", {})
    metrics = row.get("public_metrics")
    followers = metrics.get("followers_count") if isinstance(metrics, dict) else row.get("followers_count")
    return Author(
        external_id=user_id,
        name=_word(row.get("name")),
        handle=_word(row.get("username") or row.get("screen_name")),
        followers=followers if isinstance(followers, int) and not isinstance(followers, bool) else None,
    )


def _word(value: object) -> str | None:
    return (plain(value).strip() or None) if isinstance(value, str) else None


def references(row: Row, kind: str) -> str | None:
    """The id of the post this one replies to, quotes or repeats: `replied_to`, `quoted`, `retweeted`."""
    for item in rows(row.get("referenced_tweets")) + rows(row.get("referenced_posts")):
        if item.get("type") == kind:
            return identifier(item.get("id"))
    return None


def versions(row: Row) -> tuple[str, str]:
    """The first and the latest id of a post; the same where it was never edited."""
    own_id = identifier(row.get("id")) or ""
    history = row.get("edit_history_tweet_ids") or row.get("edit_history_post_ids")
    ids = [known for known in map(identifier, history) if known] if isinstance(history, list) else []
    return (min(ids, key=int), max(ids, key=int)) if own_id in ids else (own_id, own_id)


def sent_at(row: Row) -> datetime:
    """When it was written; out of the id where the platform left the time away. Raises Odd without either."""
    found = moment(row.get("created_at")) or time_of_id(identifier(row.get("id")) or "")
    if found is None:
        raise Odd("its time of writing is missing or no time")
    return found


def post(row: Row, own_id: str, includes: Includes, handle: str | None = None) -> InboundMessage | None:
    """One public post. None for what is no message to or from us: a repetition, or a thread we began ourselves.

    Raises Odd when it lacks what a message needs.
    """
    post_id, writer = identifier(row.get("id")), identifier(row.get("author_id"))
    if post_id is None:
        raise Odd("it has no id")
    if writer is None:
        raise Odd("it has no author_id, so nobody can tell whether it is ours")
    if references(row, "retweeted"):
        return None
    first, latest = versions(row)
    parent = references(row, "replied_to")
    conversation = identifier(row.get("conversation_id")) or (None if parent else first)
    if conversation is None:
        raise Odd("it is a reply without a conversation_id")
    own = writer == own_id
    if own and not parent:
        return None
    written = sent_at(row)
    made = time_of_id(first)
    began = made if first != post_id and made and written - EDITABLE < made < written else written
    mentioned, quotes_us = _mentions(row, own_id, handle), _quotes(row, own_id, includes)
    return InboundMessage(
        external_id=first,
        conversation_id=conversation,
        kind=Kind.MENTION,
        visibility=Visibility.PUBLIC,
        own=own,
        text=_readable(_typed(row) if own else _text(row), row),
        sent_at=began,
        author=author(writer, includes.users),
        addressed=own or mentioned or quotes_us or identifier(row.get("in_reply_to_user_id")) == own_id,
        parent_id=parent,
        subject=_subject(conversation, first, includes, written),
        permalink=permalink(first),
        attachments=_attachments(row, includes.media),
        language=_language(row.get("lang")),
        edited_at=written if first != latest else None,
        summons_us=not own and (mentioned or quotes_us),
    )


def permalink(post_id: str) -> str:
    """The address of a post, valid whatever its author calls themselves today."""
    return f"https://x.com/i/web/status/{post_id}"


def _text(row: Row) -> str:
    """The whole text: of a long post, `text` holds the beginning only."""
    note = row.get("note_tweet")
    whole = note.get("text") if isinstance(note, dict) else None
    try:
        return plain(whole if isinstance(whole, str) and whole else row.get("text"))
    except TypeError as error:
        raise Odd(str(error)) from None


_PICTURE = re.compile(r"/(?:status/\d+/(?:photo|video)/|messages/media/)\d+$")
_LEADING_MENTIONS = re.compile(r"^(?:@\w{1,15}\s+)+")


def _readable(text: str, row: Row) -> str:
    """The text with the addresses its author typed instead of X's shortened ones; pictures stand beside it."""
    text = without_pictures(text, row)
    for short, whole in links(row).items():
        text = text.replace(short, whole)
    return text


def without_pictures(text: str, row: Row) -> str:
    """The text without the addresses X puts at its end for each picture."""
    if row.get("attachments"):
        for short, whole in links(row).items():
            if _PICTURE.search(whole):
                text = text.replace(short, "").rstrip()
    return text


def _typed(row: Row) -> str:
    """Our own words without the handles X put in front of them: `display_text_range` says where they begin.

    Where X does not say, a handle in front may have been typed by a colleague, so the text stays as it is.
    """
    text, shown = _text(row), row.get("display_text_range")
    begin = shown[0] if isinstance(shown, list) and shown and isinstance(shown[0], int) else 0
    in_front = _LEADING_MENTIONS.match(text)
    return text[begin:] if in_front and 0 < begin <= in_front.end() < len(text) else text


def _entities(row: Row) -> list[Row]:
    """Where mentions and addresses stand: a long post has its own, a direct message has them beside its text."""
    note = row.get("note_tweet")
    places = (row.get("entities"), note.get("entities") if isinstance(note, dict) else None, row)
    return [place for place in places if isinstance(place, dict)]


def _mentions(row: Row, own_id: str, handle: str | None) -> bool:
    for entities in _entities(row):
        for mention in rows(entities.get("mentions")):
            if identifier(mention.get("id")) == own_id:
                return True
            name = mention.get("username")
            if handle and not mention.get("id") and isinstance(name, str) and name.lower() == handle.lower():
                return True
    return False


def _quotes(row: Row, own_id: str, includes: Includes) -> bool:
    quoted = includes.tweets.get(references(row, "quoted") or "", {})
    return identifier(quoted.get("author_id")) == own_id


def links(row: Row) -> dict[str, str]:
    """What X wrote into the text for each address: its short form to what was typed.

    X expands a bare `shop.at` to `http://shop.at`; nobody types that today.
    """
    found = {}
    for entities in _entities(row):
        for link in rows(entities.get("urls")):
            short, whole = link.get("url"), link.get("expanded_url")
            if isinstance(short, str) and short and isinstance(whole, str):
                bare = whole.removeprefix("http://")
                found[short] = bare if bare == link.get("display_url") else whole
    return found


def _subject(conversation: str, first: str, includes: Includes, latest: datetime) -> Subject | None:
    """The post that began the thread, for everything below it."""
    if conversation == first:
        return None
    root = includes.tweets.get(conversation)
    text = None
    if root is not None:
        try:
            text = _text(root)
        except Odd:
            text = None
    made = time_of_id(conversation)
    return Subject(
        external_id=conversation,
        text=text,
        permalink=permalink(conversation),
        posted_at=(moment(root.get("created_at")) if root else None) or (made if made and made <= latest else None),
    )


def _attachments(row: Row, media: Mapping[str, Row]) -> tuple[Attachment, ...]:
    given = row.get("attachments")
    keys = given.get("media_keys") if isinstance(given, dict) else None
    found = []
    for key in keys if isinstance(keys, list) else ():
        item = media.get(str(key), {})
        url = item.get("url") or item.get("preview_image_url")
        found.append(
            Attachment(
                type=str(item.get("type") or "media"),
                url=url if isinstance(url, str) else None,
                name=_word(item.get("alt_text")),
            )
        )
    return tuple(found)


def _language(value: object) -> str | None:
    """Two letters; X's `und`, `zxx`, `qme` and the like say that it does not know."""
    if not isinstance(value, str):
        return None
    short = value.split("-", 1)[0].lower()
    return short if len(short) == 2 and short.isalpha() else None


def conversation_of(one: str, other: str) -> str:
    """The id of the direct-message thread of two people: the smaller user id first."""
    return "-".join(sorted((one, other), key=int))


def correspondent_of(conversation: str, own_id: str) -> str | None:
    """The other person of a thread of two, None for a group or a thread that is not ours."""
    parts = conversation.split("-")
    if len(parts) != 2 or own_id not in parts:
        return None
    return parts[1] if parts[0] == own_id else parts[0]


def direct_message(row: Row, own_id: str, includes: Includes) -> InboundMessage | None:
    """One direct-message event. None for people joining and leaving. Raises Odd when it lacks what it needs."""
    kind = row.get("event_type")
    if kind in ("ParticipantsJoin", "ParticipantsLeave"):
        return None
    if kind is not None and kind != "MessageCreate":
        raise Odd(f"its event_type {str(kind)[:40]!r} is unknown")
    event_id, sender = identifier(row.get("id")), identifier(row.get("sender_id"))
    conversation = row.get("dm_conversation_id")
    if event_id is None:
        raise Odd("it has no id")
    if sender is None:
        raise Odd("it has no sender_id, so nobody can tell whether it is ours")
    if not isinstance(conversation, str) or not all(map(identifier, conversation.split("-", 1))):
        raise Odd("it has no dm_conversation_id")
    own = sender == own_id
    other = correspondent_of(conversation, own_id) or (None if own else sender)
    attachments = _attachments(row, includes.media)
    shared = [identifier(item.get("id")) for item in rows(row.get("referenced_tweets"))]
    attachments += tuple(Attachment("share", permalink(found)) for found in shared if found)
    return InboundMessage(
        external_id=event_id,
        conversation_id=conversation,
        kind=Kind.DIRECT_MESSAGE,
        visibility=Visibility.PRIVATE,
        own=own,
        text=_readable(_text({"text": row.get("text", "" if attachments else None)}), row),
        sent_at=sent_at(row),
        author=author(sender, includes.users),
        attachments=attachments,
        correspondent=author(other, includes.users) if other else None,
        summons_us=None,
    )


def by_age(messages: Iterable[InboundMessage]) -> tuple[InboundMessage, ...]:
    """Oldest first; X lists newest first."""
    return tuple(sorted(messages, key=lambda message: (message.sent_at, int(message.external_id))))
