"""Saying something through Graph, once, and finding it again when nobody knows whether it arrived."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import orjson

from connectors.base import InboundMessage, OutcomeUnknown, Poll, Receipt, RefusalReason, Refused, Reply
from connectors.graph import Graph
from connectors.graph_collect import Collected
from connectors.graph_threads import ThreadReader
from connectors.graph_values import text_id
from connectors.meta_files import private_attachment

BACK = timedelta(seconds=90)
"""How far before the first attempt an own message may be dated: clocks differ."""
WITHOUT_ATTEMPT = timedelta(minutes=15)
PAGES = 3


def refuse_early(reply: Reply, length: int, limit: int) -> None:
    """What the platform would refuse is refused here. Raises Refused."""
    if length > limit:
        raise Refused(
            f"the text has {length} of {limit} allowed; shorten it", reason=RefusalReason.TOO_LONG, code="too_long"
        )
    if not reply.text.strip() and not reply.files:
        raise Refused("the reply is empty", reason=RefusalReason.INVALID, code="empty")
    if reply.outside_window and not reply.written_by_human:
        raise Refused(
            "the 24 hours are over and the human-agent provision is for answers a person wrote",
            reason=RefusalReason.WINDOW_CLOSED,
            code="window_closed",
        )


def send_privately(
    graph: Graph, path: str, reply: Reply, now: datetime, *, recipient: dict[str, str], marked: bool, typed: bool
) -> Receipt:
    """The Send API. `marked`: our marker travels as `metadata`; `typed`: the edge wants a messaging type."""
    message: dict[str, object] = {"text": reply.text} if reply.text.strip() else {}
    if reply.files:
        message["attachment"] = private_attachment(reply.files[0])
    if marked:
        message["metadata"] = reply.marker[:1000]
    params = {"recipient": orjson.dumps(recipient).decode(), "message": orjson.dumps(message).decode()}
    if reply.outside_window:
        params |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    elif typed:
        params["messaging_type"] = "RESPONSE"
    got = graph.post(path, now, **params)
    external_id = text_id(got.body.get("message_id"))
    recipient_id = text_id(got.body.get("recipient_id"))
    if external_id is None:
        raise OutcomeUnknown("the answer to a private message names no message", code="no id", usage=got.usage)
    return Receipt(external_id, recipient_id or reply.recipient_id, recipient_id, now, got.usage)


def earliest(reply: Reply, now: datetime) -> datetime:
    """No own message before this can be the one that was attempted."""
    return (reply.attempted_at or now - WITHOUT_ATTEMPT) - BACK


def own_among(messages: Iterable[InboundMessage], reply: Reply, now: datetime) -> InboundMessage | None:
    """The oldest own message with these words, or with a file and no words, that no other item accounts for."""
    since, words = earliest(reply, now), " ".join(reply.text.split())
    found = [
        message
        for message in messages
        if message.own
        and message.sent_at >= since
        and message.external_id not in reply.known_own_ids
        and " ".join(message.text.split()) == words
        # A picture without words would else be found in any own message without words.
        and (words or message.attachments)
    ]
    return min(found, key=lambda m: m.sent_at, default=None)


def find_privately(threads: ThreadReader, reply: Reply, now: datetime, recipient: str | None) -> Receipt | None:
    """Look for an own message in the latest threads: in the person's thread, or the only one that fits.

    Where the person is not known and several threads hold the same words, none is proof.
    """
    collected, after = Collected(), None
    poll = Poll(now, earliest(reply, now))
    fitting: list[InboundMessage] = []
    for _ in range(PAGES):
        page = threads.page(after, collected, poll)
        for thread in page.threads:
            if recipient is not None and thread.conversation_id != recipient and thread.key != recipient:
                continue
            if (found := own_among(thread.view.messages, reply, now)) is not None:
                fitting.append(found)
        times = [t.updated_at for t in page.threads if t.updated_at is not None]
        if fitting or not page.after or (times and min(times) < poll.since):
            break
        after = page.after
    if len(fitting) != 1:
        return None
    found = fitting[0]
    person = found.correspondent.external_id if found.correspondent else None
    return Receipt(found.external_id, found.conversation_id, person, found.sent_at, collected.usage)
