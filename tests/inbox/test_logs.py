"""Log lines are for people, and hold no secret whatever a library or a bug puts into them."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from inbox.logs import Redactor, set_up
from inbox.settings import Settings

TOKEN = "fake-but-secret-token/42"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def logged(format: str = "console", level: str = "info", **inbox: Any) -> io.StringIO:
    stream = io.StringIO()
    account = {"name": "shop", "channel": "twitter", "external_id": "1", "credentials": {"access_token": TOKEN}}
    settings = Settings.model_validate(
        {"logs": {"format": format, "level": level}, "inbox": inbox, "accounts": [account]}
    )
    set_up(settings, clock=lambda: datetime(2026, 7, 1, 10, 0, 5, tzinfo=UTC), stream=stream)
    return stream


def test_a_line_reads_like_a_sentence() -> None:
    stream = logged()
    structlog.get_logger("poll").info("page stored", account="shop", new=12)
    line = stream.getvalue()
    assert line.startswith("2026-07-01 12:00:05 ")
    for part in ("info", "page stored", "poll", "account=shop", "new=12"):
        assert part in line
    assert line.count("\n") == 1


def test_the_scheduler_tells_nothing_of_its_rounds() -> None:
    stream = logged()
    begun = threading.Semaphore(0)
    scheduler = BackgroundScheduler(timezone=UTC)
    scheduler.add_job(begun.release, IntervalTrigger(seconds=0.01, timezone=UTC))
    scheduler.start()
    for _ in range(3):
        assert begun.acquire(timeout=20)
    scheduler.shutdown()
    assert stream.getvalue() == ""


def test_json_lines_are_in_utc() -> None:
    stream = logged("json")
    structlog.get_logger("poll").warning("throttled", account="shop")
    line = json.loads(stream.getvalue())
    assert line["timestamp"] == "2026-07-01T10:00:05Z"
    assert (line["event"], line["level"], line["logger"], line["account"]) == ("throttled", "warning", "poll", "shop")


def test_every_time_in_a_line_is_on_one_clock() -> None:
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    stream = logged()
    structlog.get_logger("poll").warning("poll failed", next_try=moment)
    assert "next_try='2026-07-01 14:30:00'" in stream.getvalue()
    stream = logged("json")
    structlog.get_logger("poll").warning("poll failed", next_try=moment)
    assert json.loads(stream.getvalue())["next_try"] == "2026-07-01T12:30:00Z"


def test_the_level_counts_and_libraries_whisper() -> None:
    stream = logged(level="debug")
    structlog.get_logger("poll").debug("looking")
    logging.getLogger("tweepy.client").debug("Authorization: Bearer abc123abc123abc123")
    logging.getLogger("urllib3.connectionpool").info("GET /?access_token=x")
    logging.getLogger("urllib3.connectionpool").warning("connection pool is full")
    assert "looking" in stream.getvalue()
    assert "tweepy" not in stream.getvalue()
    assert "GET /" not in stream.getvalue()
    assert "connection pool is full" in stream.getvalue()


@pytest.mark.parametrize("format", ["console", "json"])
def test_no_way_into_the_log_shows_a_secret(format: str) -> None:
    stream = logged(format)
    log = structlog.get_logger("poll")
    log.warning(f"refused with {TOKEN}", url=f"https://graph.facebook.com/v26.0/1?access_token={TOKEN}&x=1")
    log.warning("headers", headers={"Authorization": f"Bearer {TOKEN}"}, also=[TOKEN])
    logging.getLogger("other").warning("quoted %s", TOKEN.replace("/", "%2F"))
    try:
        raise RuntimeError(f"cannot use {TOKEN}")
    except RuntimeError:
        log.exception("failed")
    assert "secret-token" not in stream.getvalue()
    assert "RuntimeError" in stream.getvalue()
    assert stream.getvalue().count("[hidden]") >= 5


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET /me?access_token=abcdefg12345&fields=id", "abcdefg12345"),
        ('{"refresh_token": "abcdefg12345"}', "abcdefg12345"),
        ("Authorization: Bearer AAAAAAAA%2Fbbbb1234", "AAAAAAAA"),
        ("postgresql+psycopg://shop:pass-word@host/name", "pass-word"),
        ("token EAAGm0PX4ZCpsBAKZCZBxyz1234 refused", "EAAG"),
        ("appsecret_proof=0123456789abcdef", "0123456789abcdef"),
        ("oauth_signature='a%2Fb1234'", "a%2Fb1234"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, secret: str) -> None:
    assert secret not in Redactor()(text)
    assert "[hidden]" in Redactor()(text)


@pytest.mark.parametrize("text", ["basic information about 3 accounts", "token refused: reconnect", "csrf was missing"])
def test_ordinary_words_stay(text: str) -> None:
    assert Redactor()(text) == text


def test_a_refreshed_token_is_hidden_too() -> None:
    redactor = Redactor()
    redactor.add(["brand-new"])
    assert redactor("using brand-new now") == "using [hidden] now"


def test_a_stranger_cannot_forge_a_line() -> None:
    stream = logged()
    structlog.get_logger("ingest").info("unreadable", text="a\n2026-07-01 12:00:05 [error] forged\x1b[2J")
    assert stream.getvalue().count("\n") == 1
    assert "\x1b" not in stream.getvalue()
