"""Silence after a platform asked for it: as long as told or ever longer, for all who draw on what is used up, and for
nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.base import OutcomeUnknown, Page, Quota, RateLimited, Stream, Usage
from inbox.models import Conversation
from tests.inbox.postbox import Office, Postbox
from tests.stepped_clock import SteppedClock

BOTH = (
    Stream("comments", allowance="public"),
    Stream("messages", allowance="private"),
    Stream("rounds", allowance="public"),
)


@pytest.fixture
def office(database_url: str, tmp_path: Path, clock: SteppedClock) -> Iterator[Office]:
    """Three streams on two allowances, already connected."""
    built = Office(database_url, tmp_path, clock, Postbox(streams=BOTH))
    built.work()
    clock.advance(seconds=11)
    built.box.asked.clear()
    yield built
    built.close()


def waits(office: Office) -> dict[str, float]:
    """Seconds until each stream is asked again."""
    return {
        plan.name: (office.stream(plan.name).next_poll_at - office.clock()).total_seconds() for plan in BOTH
    }  # fmt: skip


def test_streams_of_one_allowance_are_silent_together_and_the_others_go_on(office: Office) -> None:
    office.box.pages["comments"].append(RateLimited("slow", until=None))
    office.work("poll")
    assert waits(office) == {"comments": 60, "messages": 10, "rounds": 60}
    office.clock.advance(seconds=59)
    office.box.asked.clear()
    office.work("poll")
    assert office.box.asked == ["fetch messages"]
    assert office.box.resting == {"public"}


def test_a_limit_met_by_a_side_door_silences_whom_it_concerns(office: Office) -> None:
    office.box.pages["rounds"].append(RateLimited("slow", until=None, allowances=frozenset({"private"})))
    office.work("poll")
    assert waits(office) == {"comments": 10, "messages": 60, "rounds": 60}


def test_the_next_silence_is_longer_whichever_stream_meets_the_limit(office: Office) -> None:
    office.box.pages["comments"].append(RateLimited("slow", until=None))
    office.work("poll")
    office.box.pages["rounds"].append(RateLimited("slow", until=None))
    office.box.pages["comments"].append(RateLimited("slow", until=None))
    office.clock.advance(seconds=60)
    office.work("poll")
    assert waits(office)["comments"] >= 120
    assert waits(office)["rounds"] >= 120


def test_everything_is_silent_where_everything_is_limited(office: Office) -> None:
    office.box.pages["comments"].append(RateLimited("slow", until=None, whole_account=True))
    office.work("poll")
    assert set(waits(office).values()) == {60}
    assert office.account.writes_not_before is not None
    assert office.account.writes_not_before >= office.clock() + timedelta(seconds=60)


def test_only_the_stream_whose_allowance_is_used_up_stops(office: Office) -> None:
    resets = office.clock() + timedelta(minutes=20)
    told = Usage(quotas=(Quota("app", 30), Quota("public", 20), Quota("private", 100, resets)))
    office.box.pages["comments"].append(Page({}, usage=told))
    office.box.pages["messages"].append(Page({}, usage=told))
    office.work("poll")
    assert waits(office) == {"comments": 10, "messages": 1200, "rounds": 10}
    office.clock.advance(seconds=11)
    office.work("poll")
    assert office.box.resting == {"private"}


def test_an_apps_allowance_concerns_every_stream(office: Office) -> None:
    resets = office.clock() + timedelta(minutes=20)
    told = Usage(quotas=(Quota("app", 100, resets), Quota("public", 20)))
    office.box.pages["comments"].append(Page({}, usage=told))
    office.work("poll")
    assert waits(office)["comments"] == 1200


def test_sends_are_silent_a_minute_and_longer_each_time(office: Office) -> None:
    for number in range(3):
        office.arrive(office.letter(f"Hallo {number}", f"person {number}"))
        office.reply(office.rows(Conversation)[-1].id, f"Antwort {number}")
    office.box.answers += [RateLimited("slow", until=None)] * 3
    silences = []
    for _ in range(3):
        office.work("dispatch")
        ends = office.account.writes_not_before
        assert ends is not None
        silences.append((ends - office.clock()).total_seconds())
        office.clock.set(ends)
    assert silences[0] == 60
    assert silences == sorted(set(silences))


def test_machines_do_not_read_threads_again_while_that_is_limited(office: Office) -> None:
    for number in range(3):
        office.arrive(office.letter("Hallo", f"person {number}"))
    office.box.thread_troubles.append(RateLimited("slow", until=None))
    office.box.asked.clear()
    office.live(50)
    assert office.box.asked.count("read_thread") == 1
    office.live(60)
    assert len(office.box.sent) == 3


def test_an_uncertain_reply_is_not_looked_for_while_the_platform_wants_silence(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    office.reply(office.conversation.id, "Guten Tag!")
    office.box.answers.append(OutcomeUnknown("cut"))
    office.box.found.append(RateLimited("slow", until=None))
    office.work("dispatch", "reconcile")
    office.box.asked.clear()
    office.live(55)
    assert office.box.asked.count("find_own") == 0
    office.live(60)
    assert office.box.asked.count("find_own") > 0
