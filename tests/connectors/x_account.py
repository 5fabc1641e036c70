"""An X account with invented keys, and X's objects in the shape of OpenAPI 2.166."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Login, Poll, Reply, Way
from connectors.twitter import Twitter

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
POLL = Poll(NOW, NOW - timedelta(days=30))
OWN = "1450000000000000001"
CUSTOMER = "2200000000000000002"
API = "https://api.twitter.com"
SECRETS = {
    "consumer_key": "fake-consumer-key",
    "consumer_secret": "fake-consumer-secret",
    "access_token": f"{OWN}-fake-access-token",
    "access_token_secret": "fake-access-token-secret",
}
SECRETS_2 = {
    "client_id": "fake-client-id",
    "client_secret": "fake-client-secret",
    "access_token": "fake-bearer-token",
    "refresh_token": "fake-refresh-token",
}


def account(api_base: str | None = None, credentials: Mapping[str, str] = SECRETS) -> Twitter:
    return Twitter(Login("shop-twitter", "twitter", OWN, api_base, credentials))


def written(ago: timedelta) -> str:
    return (NOW - ago).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def tweet(number: int | str, text: str = "Hallo", ago: timedelta = timedelta(hours=1), **more: Any) -> dict[str, Any]:
    row = {
        "id": str(number),
        "text": text,
        "author_id": CUSTOMER,
        "conversation_id": str(number),
        "created_at": written(ago),
        "edit_history_tweet_ids": [str(number)],
    }
    return {key: value for key, value in {**row, **more}.items() if value is not None}


def mention(username: str = "glueckspilz_at", user_id: str | None = OWN) -> dict[str, Any]:
    found: dict[str, Any] = {"start": 0, "end": 10, "username": username}
    if user_id:
        found["id"] = user_id
    return {"mentions": [found]}


def replied_to(number: int | str) -> list[dict[str, str]]:
    return [{"type": "replied_to", "id": str(number)}]


def event(
    number: int | str, text: str = "Guten Tag", ago: timedelta = timedelta(hours=1), **more: Any
) -> dict[str, Any]:
    row = {
        "id": str(number),
        "event_type": "MessageCreate",
        "text": text,
        "sender_id": CUSTOMER,
        "dm_conversation_id": f"{OWN}-{CUSTOMER}",
        "created_at": written(ago),
    }
    return {key: value for key, value in {**row, **more}.items() if value is not None}


def listing(rows: Sequence[Any], next_token: str | None = None, **includes: Any) -> dict[str, Any]:
    """A list as X answers it: no `data` when it is empty."""
    meta: dict[str, Any] = {"result_count": len(rows)}
    if next_token:
        meta["next_token"] = next_token
    body: dict[str, Any] = {"meta": meta}
    if rows:
        body["data"] = list(rows)
    if includes:
        body["includes"] = includes
    return body


def reply(
    way: Way = Way.PUBLIC_REPLY,
    text: str = "Danke für die Nachricht!",
    *,
    target_id: str | None = "500",
    conversation_id: str = "500",
    **more: Any,
) -> Reply:
    given: dict[str, Any] = {
        "marker": "m-1",
        "way": way,
        "text": text,
        "conversation_id": conversation_id,
        "target_id": target_id,
        "recipient_id": CUSTOMER,
        "subject_id": None,
        "written_by_human": True,
    }
    return Reply(**{**given, **more})
