"""Writing on X: one reply, once; and finding it again when nobody knows whether it arrived."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Kind, Misconfigured, OutcomeUnknown, Receipt, RefusalReason, Refused, Reply, Usage, Way
from connectors.twitter_errors import Act
from connectors.twitter_files import refuse_files
from connectors.twitter_pages import together, usage_of
from connectors.twitter_reading import SEARCH_REACH, Reading
from connectors.twitter_text import link_spans, plain, same_text
from connectors.twitter_translate import (
    Includes,
    Row,
    identifier,
    links,
    moment,
    references,
    rows,
    sent_at,
    without_pictures,
)
from connectors.twitter_transport import Answer
from connectors.twitter_walk import Stretch
from connectors.twitter_ways import PUBLIC_WAYS, deep_link, has_link, text_length, text_limit

POSTS_ALLOWANCE = "posts"
DIRECT_MESSAGES_SENT_ALLOWANCE = "direct messages sent"
BEFORE_ATTEMPT = timedelta(minutes=2)
"""Our clock and X's may differ by this much."""
MOST_PAGES = 5
"""Pages of 100 read back at most; with the page before, a minute of the busiest shop."""


def outgoing_text(reply: Reply, own_id: str) -> str:
    """Exactly what is posted: the reply, and at its end the link to a direct message where the way asks for it."""
    if reply.way is Way.PUBLIC_REPLY_WITH_LINK and not has_link(reply.text):
        return f"{reply.text}\n{deep_link(own_id)}"
    return reply.text


def send(reading: Reading, reply: Reply, now: datetime) -> Receipt:
    """Say it once. Refused before the network when X would refuse it for its form."""
    _check(reply)
    if reply.way is Way.DIRECT_MESSAGE:
        return _send_direct_message(reading, reply, now)
    client, text = reading.api.client, outgoing_text(reply, reading.own_id)
    pictures = {"media_ids": [file.platform_id for file in reply.files]} if reply.files else {}
    answer = reading.api.write(
        POSTS_ALLOWANCE,
        Act.POST,
        now,
        client.create_tweet,
        text=text or None,
        in_reply_to_tweet_id=reply.target_id,
        **pictures,
    )
    post_id = identifier(_data(answer).get("id"))
    if post_id is None:
        raise OutcomeUnknown("X accepted the post but named no id.", usage=answer.usage)
    price = "post_create_with_url" if link_spans(text) else "summoned_reply"
    return Receipt(post_id, reply.conversation_id, sent_at=now, usage=_charged(answer.usage, price, post_id))


def _send_direct_message(reading: Reading, reply: Reply, now: datetime) -> Receipt:
    which = thread_of(reading, reply)
    picture = {"media_id": reply.files[0].platform_id} if reply.files else {}
    answer = reading.api.write(
        DIRECT_MESSAGES_SENT_ALLOWANCE,
        Act.DIRECT_MESSAGE,
        now,
        reading.api.client.create_direct_message,
        text=reply.text or None,
        **picture,
        **which,
    )
    data = _data(answer)
    event_id, thread = identifier(data.get("dm_event_id")), data.get("dm_conversation_id")
    if event_id is None:
        raise OutcomeUnknown("X accepted the direct message but named no id.", usage=answer.usage)
    return Receipt(
        event_id,
        thread if isinstance(thread, str) else None,
        reply.recipient_id,
        now,
        _charged(answer.usage, "dm_create", event_id),
    )


def thread_of(reading: Reading, reply: Reply) -> dict[str, str]:
    """Where a direct message goes: into its own thread, or to the person when a public thread is answered privately.

    A group's id is a number like a post's; only the conversation's kind tells them apart.
    """
    which = reading.which(reply.conversation_id)
    is_group = "dm_conversation_id" in which and reply.kind is Kind.DIRECT_MESSAGE
    if reply.recipient_id is None or is_group or "participant_id" in which:
        return which
    return {"participant_id": reply.recipient_id}


def _check(reply: Reply) -> None:
    if reply.way not in (*PUBLIC_WAYS, Way.DIRECT_MESSAGE):
        raise Refused(f"X has no way {reply.way.value!r}.", reason=RefusalReason.NOT_PERMITTED)
    if not reply.text.strip() and not reply.files:
        raise Refused("The text is empty.", reason=RefusalReason.INVALID)
    refuse_files(reply)
    length, limit = text_length(reply.text, reply.way), text_limit(reply.way)
    if length > limit:
        message = f"The text counts {length} characters on X; at most {limit} fit. Shorten it."
        raise Refused(message, reason=RefusalReason.TOO_LONG)
    if reply.way in PUBLIC_WAYS and identifier(reply.target_id) is None:
        raise Refused("A public reply on X needs the post it answers.", reason=RefusalReason.INVALID)


def _data(answer: Answer) -> Mapping[str, Any]:
    data = answer.body.get("data")
    return data if isinstance(data, dict) else {}


def _charged(usage: Usage, price: str, written: str) -> Usage:
    return replace(usage, resources={price: 1}, resource_ids={price: frozenset({written})})


# -- reading back ----------------------------------------------------------------------------------------------------


def find_own(reading: Reading, reply: Reply, now: datetime) -> Receipt | None:
    """The reply as it stands on X: ours, the same text, the same place, not before the attempt, not another's."""
    since = (reply.attempted_at or now - timedelta(days=1)) - BEFORE_ATTEMPT
    if reply.way is Way.DIRECT_MESSAGE:
        return _find_direct_message(reading, reply, since, now)
    try:
        return _find_on_timeline(reading, reply, since, now)
    except (Refused, Misconfigured):
        return _find_by_search(reading, reply, since, now)


def _find_on_timeline(reading: Reading, reply: Reply, since: datetime, now: datetime) -> Receipt | None:
    def ask(token: str | None) -> Answer:
        return reading.own_posts(Stretch(None, since, token=token), now)

    return _find(ask, lambda row: _is_post(row, reply, reading.own_id, since), reply, since, "own_read")


def _find_by_search(reading: Reading, reply: Reply, since: datetime, now: datetime) -> Receipt | None:
    """For apps that may not read timelines. Search may lag some seconds behind."""
    handle, _ = reading.ask_handle(now)
    start = max(since, now - SEARCH_REACH)

    def ask(token: str | None) -> Answer:
        return reading.search(f"from:{handle}", Stretch(None, start, token=token), (), now)

    return _find(ask, lambda row: _is_post(row, reply, reading.own_id, since), reply, since, "post_read")


def _find_direct_message(reading: Reading, reply: Reply, since: datetime, now: datetime) -> Receipt | None:
    which = thread_of(reading, reply)

    def ask(token: str | None) -> Answer:
        return reading.events(now, (), pagination_token=token, **which)

    return _find(ask, lambda row: _is_event(row, reply, reading.own_id, since), reply, since, "dm_read")


def _find(
    ask: Callable[[str | None], Answer], fits: Callable[[Row], bool], reply: Reply, since: datetime, resource: str
) -> Receipt | None:
    """The oldest fitting row of a newest-first list that no other reply accounts for."""
    token, spent = None, Usage()
    best: tuple[int, Row] | None = None
    for _ in range(MOST_PAGES):
        answer = ask(token)
        page = rows(answer.body.get("data"))
        spent = together(spent, usage_of(answer, resource, page, Includes.of(answer.body.get("includes"))))
        for row in page:
            known = identifier(row.get("id"))
            if known and known not in reply.known_own_ids and fits(row) and (best is None or int(known) < best[0]):
                best = (int(known), row)
        times = [found for found in (moment(row.get("created_at")) for row in page) if found]
        meta = answer.body.get("meta")
        token = meta.get("next_token") if isinstance(meta, dict) else None
        if not token or not page or (times and min(times) < since):
            break
    if best is None:
        return None
    thread = best[1].get("dm_conversation_id") or reply.conversation_id
    return Receipt(str(best[0]), str(thread), reply.recipient_id, sent_at(best[1]), spent)


def _is_post(row: Row, reply: Reply, own_id: str, since: datetime) -> bool:
    if identifier(row.get("author_id")) != own_id or references(row, "replied_to") != reply.target_id:
        return False
    return _is_new(row, since) and _says(row, outgoing_text(reply, own_id), bool(reply.files))


def _is_event(row: Row, reply: Reply, own_id: str, since: datetime) -> bool:
    return identifier(row.get("sender_id")) == own_id and (
        _is_new(row, since) and _says(row, reply.text, bool(reply.files))
    )


def _is_new(row: Row, since: datetime) -> bool:
    at = moment(row.get("created_at"))
    return at is None or at >= since


def _says(row: Row, text: str, with_picture: bool) -> bool:
    note = row.get("note_tweet")
    whole = note.get("text") if isinstance(note, dict) else None
    found = whole or row.get("text")
    if with_picture and not row.get("attachments"):
        return False
    return isinstance(found, str) and same_text(text, without_pictures(plain(found), row), links(row))
