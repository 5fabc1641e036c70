"""Connectors on an origin that exists only in tests, and the shapes Graph answers with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Login, Poll, Reply, Way
from connectors.facebook import Facebook
from connectors.instagram import Instagram

ORIGIN = "http://graph.test"
BASE = f"{ORIGIN}/v26.0"
PAGE = "370900000000017"
NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
POLL = Poll(NOW, NOW - timedelta(days=30))
TOKEN = "FAKE-TOKEN-not-real-0001"
SECRET = "fake-app-secret-0001"
CREDENTIALS = {"access_token": TOKEN, "app_secret": SECRET, "verify_token": "fake-verify"}


def facebook(**more: str) -> Facebook:
    return Facebook(Login("shop-facebook", "facebook", PAGE, ORIGIN, CREDENTIALS | more))


def instagram(login: str = "facebook", **more: str) -> Instagram:
    options = {"login": login} | ({"page_id": PAGE} if login == "facebook" else {})
    return Instagram(Login("shop-instagram", "instagram", "17841400000000001", ORIGIN, CREDENTIALS | more, options))


def graph_time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+0000")


def error(code: int, subcode: int | None = None, **more: Any) -> dict[str, Any]:
    return {
        "error": {"message": "(übersetzt)", "type": "OAuthException", "code": code, "error_subcode": subcode} | more
    }


def reply(way: Way = Way.PUBLIC_REPLY, text: str = "Guten Tag!", **more: Any) -> Reply:
    given: dict[str, Any] = {
        "marker": "marker-1",
        "conversation_id": "69_75",
        "target_id": "69_75",
        "recipient_id": "4711",
        "subject_id": f"{PAGE}_69",
        "written_by_human": True,
        "attempted_at": NOW,
    }
    return Reply(way=way, text=text, **(given | more))
