"""How long people waited: held against threads whose times one can count on one's fingers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from inbox.db import reading, writing
from inbox.errors import Refusal
from inbox.models import Account, Message, OutboxItem
from inbox.reports import By, ResponseGroup, ResponseTimes, Spread, response_times
from inbox.runtime import Runtime
from tests.inbox.rows import add_account, add_conversation

MONDAY = datetime(2026, 11, 9, 9, 0, tzinfo=UTC)
"""Ten o'clock in Vienna: open."""


class Thread:
    """Writes one thread, message by message, in minutes since Monday morning."""

    def __init__(self, runtime: Runtime, name: str, channel: str = "facebook") -> None:
        self.runtime, self.name, self.count = runtime, name, 0
        with writing(runtime.sessions) as session:
            found = session.query(Account).filter_by(name=f"shop-{channel}").one_or_none()
            account = found or add_account(session, name=f"shop-{channel}", channel=channel, external_id=channel)
            self.account_id = account.id
            self.id = add_conversation(session, name, account_id=account.id, channel=channel).id

    def theirs(self, minutes: float, **columns: Any) -> Thread:
        return self._write(minutes, "inbound", "customer", **columns)

    def ours(self, minutes: float, origin: str = "agent", author: str | None = "anna@shop.example") -> Thread:
        self._write(minutes, "outbound", origin)
        if origin == "agent":
            with writing(self.runtime.sessions) as session:
                message = session.query(Message).order_by(Message.id.desc()).first()
                assert message is not None
                session.add(
                    OutboxItem(
                        account_id=self.account_id, conversation_id=self.id, client_key=f"{self.count}", text="x",
                        way="public_reply", visibility="public", origin="agent", author=author, state="sent",
                        created_at=message.sent_at, not_before=message.sent_at, sent_at=message.sent_at,
                        message_id=message.id,
                    )
                )  # fmt: skip
        return self

    def _write(self, minutes: float, direction: str, origin: str, **columns: Any) -> Thread:
        self.count += 1
        at = MONDAY + timedelta(minutes=minutes)
        with writing(self.runtime.sessions) as session:
            session.add(
                Message(
                    account_id=self.account_id, conversation_id=self.id, external_id=f"{self.name} {self.count}",
                    direction=direction, origin=origin, visibility="public", text="x", sent_at=at, received_at=at,
                    **columns,
                )
            )  # fmt: skip
        return self


def report(runtime: Runtime, by: By = "channel", now: datetime = MONDAY + timedelta(days=1)) -> ResponseTimes:
    with reading(runtime.sessions) as session:
        return response_times(session, runtime, MONDAY - timedelta(days=1), MONDAY + timedelta(days=7), by, now)


def total(runtime: Runtime) -> ResponseGroup:
    return report(runtime).total


def test_first_and_next_responses_are_counted_apart(runtime: Runtime) -> None:
    Thread(runtime, "a").theirs(0).theirs(5).ours(30).theirs(60).ours(70)
    found = total(runtime)
    assert (found.first_response.count, found.first_response.wall.median_seconds) == (1, 1800)
    assert (found.next_response.count, found.next_response.wall.median_seconds) == (1, 600)
    assert found.first_response.unanswered == found.next_response.unanswered == 0


def test_an_automatic_reply_ends_no_wait_and_a_native_one_does(runtime: Runtime) -> None:
    Thread(runtime, "a").theirs(0).ours(1, "automation").ours(20, "native")
    assert total(runtime).first_response.wall.median_seconds == 1200


def test_history_and_what_is_not_addressed_to_us_begin_no_wait(runtime: Runtime) -> None:
    Thread(runtime, "a").theirs(0, history=True).ours(10)
    Thread(runtime, "b").theirs(0, addressed=False).ours(10)
    found = total(runtime)
    assert found.first_response.count == found.next_response.count == found.first_response.unanswered == 0
    assert found.first_response.wall == Spread(None, None)
    assert found.first_response.share_within_target is None


def test_median_p90_and_share(runtime: Runtime) -> None:
    for number, minutes in enumerate((10, 20, 30, 40, 50, 55, 58, 59, 61, 300)):
        Thread(runtime, f"t{number}").theirs(0).ours(minutes)
    found = total(runtime).first_response
    assert found.wall == Spread(52.5 * 60, 61 * 60)
    assert (found.count, found.within_target, found.with_target, found.share_within_target) == (10, 8, 10, 0.8)


def test_a_wait_nobody_ends_counts_against_the_target_once_it_is_due(runtime: Runtime) -> None:
    Thread(runtime, "a").theirs(0)
    Thread(runtime, "b").theirs(0).ours(10)
    early = report(runtime, now=MONDAY + timedelta(minutes=30)).total.first_response
    late = report(runtime, now=MONDAY + timedelta(minutes=90)).total.first_response
    assert (early.unanswered, early.with_target, early.share_within_target) == (1, 1, 1.0)
    assert (late.unanswered, late.with_target, late.share_within_target) == (1, 2, 0.5)


def test_business_time_leaves_out_the_night(runtime: Runtime) -> None:
    """Asked at 17:00 in Vienna, answered the next morning at 9:00: half an hour and half an hour."""
    Thread(runtime, "a").theirs(7 * 60).ours(23 * 60)
    found = total(runtime).first_response
    assert found.wall.median_seconds == 16 * 3600
    assert found.business.median_seconds == 3600
    assert found.share_within_target == 1.0


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("channel", ["facebook", "twitter"]),
        ("account", ["shop-facebook", "shop-twitter"]),
        ("agent", ["anna@shop.example", "ben@shop.example", "native", "none"]),
        ("hour", ["10", "11"]),
    ],
)
def test_groups(runtime: Runtime, by: By, keys: list[str]) -> None:
    Thread(runtime, "a").theirs(0).ours(10)
    Thread(runtime, "b", "twitter").theirs(61).ours(70, author="ben@shop.example")
    Thread(runtime, "c").theirs(0).ours(10, "native")
    Thread(runtime, "d").theirs(65)
    found = report(runtime, by)
    assert [group.key for group in found.items] == keys
    for clock in ("first_response", "next_response"):
        assert sum(getattr(group, clock).count for group in found.items) == getattr(found.total, clock).count


def test_only_waits_that_began_in_the_window(runtime: Runtime) -> None:
    Thread(runtime, "a").theirs(-60 * 24 * 2).ours(10)
    assert total(runtime).first_response.count == 0


@pytest.mark.parametrize("days", [0, -1, 367])
def test_windows_that_make_no_sense_are_refused(runtime: Runtime, days: int) -> None:
    with reading(runtime.sessions) as session, pytest.raises(Refusal):
        response_times(session, runtime, MONDAY, MONDAY + timedelta(days=days), "hour", MONDAY)


def test_over_the_api(runtime: Runtime, program: TestClient) -> None:
    Thread(runtime, "a").theirs(0).ours(30)
    found = program.get(
        "/api/v1/reports/response-times?by=agent&since=2026-11-08T00:00:00Z&until=2026-11-12T00:00:00%2B01:00"
    ).json()
    assert (found["since"], found["until"]) == ("2026-11-08T00:00:00Z", "2026-11-11T23:00:00Z")
    (group,) = found["items"]
    assert group["key"] == "anna@shop.example"
    assert group["first_response"]["wall"] == {"median_seconds": 1800.0, "p90_seconds": 1800.0}
    assert program.get("/api/v1/reports/response-times").json()["items"][0]["key"] == "facebook"
