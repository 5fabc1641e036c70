"""How Graph writes things down: times in four spellings, ids that may be numbers, edges, and ids of comments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from connectors.base import Cursor, Json, Unreadable
from connectors.http import redact
from connectors.times import iso_time, possible

LARGEST_RAW = 64 * 1024
"""Bytes kept of an item that could not be read."""
_MILLISECONDS_FROM = 100_000_000_000


class Odd(ValueError):
    """An item that cannot be translated; its text says why."""


def graph_time(value: Json) -> datetime | None:
    """Aware UTC from `2021-02-12T12:28:51+0000`, RFC 3339, seconds or milliseconds (number or text); else None.

    Webhooks give seconds for changes and milliseconds for messaging; the dashboard's test button sends text. A time
    before these platforms existed is none either.
    """
    return possible(_moment(value))


def _moment(value: Json) -> datetime | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text.lstrip("-").isdigit():
            return iso_time(text)
        value = int(text)
    if not isinstance(value, (int, float)):
        return None
    seconds = value / 1000 if abs(value) >= _MILLISECONDS_FROM else value
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def text_id(value: Json) -> str | None:
    """An id as text; None where there is none. Old payloads carry numbers."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, str)):
        return str(value).strip() or None
    return None


def id_of(node: Json) -> str | None:
    """The id of a node given as object or as bare id."""
    return text_id(node.get("id")) if isinstance(node, Mapping) else text_id(node)


def text_of(value: Json) -> str:
    """A text that may be missing."""
    return value if isinstance(value, str) else ""


def mapping(value: Json) -> Mapping[str, Any]:
    """An object that may be missing."""
    return value if isinstance(value, Mapping) else {}


def rows(edge: Json) -> list[Json]:
    """The items of an edge `{"data": […]}`, of a bare list, or none."""
    data = edge.get("data") if isinstance(edge, Mapping) else edge
    return data if isinstance(data, list) else []


def next_after(edge: Json) -> str | None:
    """The cursor of the next page, only where `paging.next` says that there is one.

    `cursors.after` stands on the last page too; `next` itself holds the token and is never kept.
    """
    paging = mapping(mapping(edge).get("paging"))
    if not paging.get("next"):
        return None
    return text_id(mapping(paging.get("cursors")).get("after")) or _after_of(text_of(paging["next"]))


def _after_of(address: str) -> str | None:
    found = parse_qs(urlsplit(address).query).get("after")
    return found[0] if found else None


def comment_id(given: str, post_id: str | None) -> str:
    """The one spelling of a Facebook comment id: POST_COMMENT, the post without its page.

    Polls, webhooks and answers to sends spell it `COMMENT` or `POST_COMMENT`; private replies need the long form.
    """
    short = given.rpartition("_")[2]
    post = (post_id or "").rpartition("_")[2]
    if post and post != short:
        return f"{post}_{short}"
    return "_".join(given.split("_")[-2:])


def own_copy(cursor: Cursor | None) -> dict[str, Json]:
    """A cursor to change: the one that was given stays as it is when a call fails half-way."""
    copied: dict[str, Json] = orjson.loads(orjson.dumps(dict(cursor or {})))
    return copied


def unreadable(stream: str, item: Json, reason: str, external_id: str | None = None) -> Unreadable:
    """An item kept as it came, bounded and without secrets."""
    try:
        raw = orjson.dumps(item, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, ValueError):
        raw = repr(item)
    if external_id is None and isinstance(item, Mapping):
        external_id = text_id(item.get("id"))
    return Unreadable(stream, reason, redact(raw[:LARGEST_RAW]), external_id)
