"""Meta's pushes: who knocks, whether the bytes are signed, and what is in the envelope.

One POST may hold entries of several kinds and up to 1000 updates, twice and in any order. Events about other accounts
(one app has one address for all its pages) and events nobody here needs are told apart; what cannot be read is kept.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from connectors.base import Change, ChangeKind, InboundMessage, Kind, Page, Visibility
from connectors.graph_collect import Collected
from connectors.graph_private import author_of, is_own, pushed_message
from connectors.graph_values import Odd, graph_time, id_of, mapping, text_id, text_of, unreadable
from connectors.http import read_json

STREAM = "push"
_NOT_FOR_US = (
    "read",
    "delivery",
    "reaction",
    "referral",
    "optin",
    "account_linking",
    "pass_thread_control",
    "take_thread_control",
    "request_thread_control",
    "app_roles",
    "policy_enforcement",
    "game_play",
    "message_reaction",
    "typing",
)
"""Events without a word to us. A `referral` or `reaction` also opens the window, but says nothing to answer."""

ChangeReader = Callable[[str, Mapping[str, Any], datetime, Collected], None]
"""Reads one `changes[]` item: field, value, the entry's time. Raises Odd where it cannot."""


def challenge_answer(query: Mapping[str, str], verify_token: str | None) -> str | None:
    """The challenge, where mode and verify token are right (`hub.mode`, `hub.verify_token`, `hub.challenge`)."""
    given = query.get("hub.verify_token", "")
    fits = bool(verify_token) and hmac.compare_digest(given.encode(), str(verify_token).encode())
    return query.get("hub.challenge") if fits and query.get("hub.mode") == "subscribe" else None


def signed_by_any(secrets: Iterable[str | None], headers: Mapping[str, str], body: bytes) -> bool:
    """Whether `X-Hub-Signature-256` is the HMAC-SHA256 of exactly these bytes under one of the secrets."""
    given = headers.get("x-hub-signature-256", "").strip()
    found = False
    for secret in secrets:
        if secret:
            expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            found |= hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))
    return found


def read_envelope(body: bytes, own_ids: frozenset[str], read_change: ChangeReader, now: datetime) -> Page:
    """Everything in a push. Never raises: an odd body is one unreadable item, an odd event another."""
    collected = Collected()
    try:
        envelope = read_json(body)
    except ValueError:
        text = body.decode("utf-8", "replace")
        collected.add((), (unreadable(STREAM, text, "a push that is no JSON"),))
        return collected.page({})
    entries = mapping(envelope).get("entry")
    if not isinstance(entries, list):
        entries = [envelope] if _looks_like_entry(envelope) else None
    if entries is None:
        collected.add((), (unreadable(STREAM, envelope, "a push without entries"),))
        return collected.page({})
    for entry in entries:
        _read_entry(entry, own_ids, read_change, now, collected)
    return collected.page({})


def _looks_like_entry(envelope: Any) -> bool:
    node = mapping(envelope)
    return any(key in node for key in ("changes", "messaging", "standby"))


def _read_entry(
    entry: Any, own_ids: frozenset[str], read_change: ChangeReader, now: datetime, collected: Collected
) -> None:
    node = mapping(entry)
    at = graph_time(node.get("time")) or now
    events = [*_items(node.get("messaging")), *_items(node.get("standby"))]
    changes = _items(node.get("changes"))
    if "field" in node and "value" in node:
        changes.append({"field": node["field"], "value": node["value"]})
    if not events and not changes:
        if not any(key in node for key in ("messaging", "standby", "changes", "hop_context")):
            collected.add((), (unreadable(STREAM, entry, "an entry without changes or messages"),))
        return
    ours = text_id(node.get("id")) in own_ids | {"0", None}
    for item in events:
        try:
            _read_event(item, ours, own_ids, at, collected)
        except Odd as reason:
            collected.add((), (unreadable(STREAM, item, str(reason)),))
    for item in changes:
        try:
            _change(item, ours, own_ids, at, read_change, collected)
        except Odd as reason:
            collected.add((), (unreadable(STREAM, item, str(reason)),))


def _items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return [value]
    return list(value) if isinstance(value, list) else []


def _change(
    change: Any,
    ours: bool,
    own_ids: frozenset[str],
    at: datetime,
    read_change: ChangeReader,
    collected: Collected,
) -> None:
    node = mapping(change)
    name, value = text_of(node.get("field")), node.get("value")
    if not name or not isinstance(value, Mapping):
        raise Odd("a change without field or value")
    if not ours:
        raise Odd("a change of an account that is not this one; give each account's app its own address")
    if name in ("messages", "messaging", "message_echoes", "standby", "messaging_postbacks", "message_edit"):
        _read_event(value, ours, own_ids, at, collected)
    else:
        read_change(name, value, at, collected)


def _read_event(event: Any, ours: bool, own_ids: frozenset[str], at: datetime, collected: Collected) -> None:
    node = mapping(event)
    parties = {id_of(node.get("sender")), id_of(node.get("recipient"))}
    if not ours and not parties & own_ids:
        raise Odd("a message of an account that is not this one; give each account's app its own address")
    at = graph_time(node.get("timestamp")) or at
    message, edit = mapping(node.get("message")), mapping(node.get("message_edit"))
    if message.get("is_deleted") is True:
        collected.changes.append(Change(_required(message.get("mid")), ChangeKind.DELETED, at))
    elif message:
        collected.add((pushed_message(node, message, own_ids, at),))
    elif edit:
        change = Change(_required(edit.get("mid")), ChangeKind.EDITED, at, text_of(edit.get("text")))
        collected.changes.append(change)
    elif isinstance(node.get("postback"), Mapping):
        collected.add((_postback(node, node["postback"], own_ids, at),))
    elif not any(key in node for key in _NOT_FOR_US):
        raise Odd("a messaging event of an unknown kind")


def _required(mid: Any) -> str:
    found = text_id(mid)
    if found is None:
        raise Odd("an event about a message without mid")
    return found


def _postback(
    event: Mapping[str, Any], postback: Mapping[str, Any], own_ids: frozenset[str], at: datetime
) -> InboundMessage:
    """A pressed button speaks its title; it opens the reply window like a message."""
    sender, recipient = mapping(event.get("sender")), mapping(event.get("recipient"))
    own = postback.get("is_self") is True or is_own(sender, own_ids)
    person = author_of(recipient if own else sender)
    if person.external_id is None:
        raise Odd("a postback without sender")
    made_up = f"postback:{person.external_id}:{int(at.timestamp() * 1000)}"
    return InboundMessage(
        external_id=text_id(postback.get("mid")) or made_up,
        conversation_id=person.external_id,
        kind=Kind.DIRECT_MESSAGE,
        visibility=Visibility.PRIVATE,
        own=own,
        text=text_of(postback.get("title")) or text_of(postback.get("payload")),
        sent_at=at,
        author=author_of(sender),
        correspondent=person,
    )
