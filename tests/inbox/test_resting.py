"""Silence after a platform asked for it: as long as told or ever longer, for all who draw on what is used up, and for
nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.base import OutcomeUnknown, Page, Quota, RateLimited, Stream, Usage
from inbox import accounts
from inbox.db import writing
from inbox.models import Conversation, Silence
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


@pytest.mark.parametrize("whole", [False, True])
def test_sends_are_silent_a_minute_and_longer_each_time(office: Office, whole: bool) -> None:
    for number in range(3):
        office.arrive(office.letter(f"Hallo {number}", f"person {number}"))
        office.reply(office.rows(Conversation)[-1].id, f"Antwort {number}")
    office.box.answers += [RateLimited("slow", until=None, whole_account=whole)] * 3
    silences = []
    for _ in range(3):
        office.work("dispatch")
        ends = office.account.writes_not_before if whole else office.rows(Silence)[0].until
        assert ends is not None
        silences.append((ends - office.clock()).total_seconds())
        office.clock.set(ends)
    assert silences[0] == 60
    assert silences == sorted(set(silences))


def answer_everybody(office: Office) -> None:
    """Two people wrote privately, two publicly; a colleague answers them all where they wrote."""
    for number in range(2):
        office.arrive(office.letter("Hallo", f"private {number}"))
        office.arrive(office.comment("Hallo", f"public {number}"), stream="comments")
    for number, conversation in enumerate(office.rows(Conversation)):
        office.reply(conversation.id, f"Antwort {number}", conversation.visibility)


def ways_sent(office: Office) -> list[str]:
    return sorted(reply.way for reply in office.box.sent)


def test_a_limit_on_private_answers_holds_no_public_one(office: Office) -> None:
    answer_everybody(office)
    office.box.answers.append(RateLimited("slow", until=office.clock() + timedelta(minutes=5)))
    office.live(280)
    assert ways_sent(office) == ["direct_message", "public_reply", "public_reply"]
    office.live(60)
    assert ways_sent(office) == ["direct_message"] * 3 + ["public_reply"] * 2


def test_what_is_queued_during_a_silence_waits_for_its_end(office: Office) -> None:
    answer_everybody(office)
    office.box.answers.append(RateLimited("slow", until=office.clock() + timedelta(minutes=5)))
    office.live(100)
    office.arrive(office.letter("Hallo", "somebody else"))
    office.reply(office.rows(Conversation)[-1].id, "Noch eine Antwort")
    office.live(150)
    assert ways_sent(office).count("direct_message") == 1


def test_ways_of_one_allowance_are_silent_together_with_the_list_that_draws_on_it(office: Office) -> None:
    office.arrive(office.comment("Hallo"), stream="comments")
    office.reply(office.conversation.id, "Antwort", "private")
    error = RateLimited("slow", until=office.clock() + timedelta(minutes=5), allowances=frozenset({"private"}))
    office.box.answers.append(error)
    office.work("dispatch")
    assert {row.way for row in office.rows(Silence)} == {"private_reply", "direct_message"}
    assert waits(office)["messages"] >= 290
    assert waits(office)["comments"] <= 10


def test_a_list_that_met_a_limit_silences_the_ways_that_draw_on_the_same(office: Office) -> None:
    until = office.clock() + timedelta(minutes=5)
    office.box.pages["messages"].append(RateLimited("slow", until=until, allowances=frozenset({"private"})))
    office.work("poll")
    assert {row.way for row in office.rows(Silence)} == {"private_reply", "direct_message"}


def test_a_limit_of_the_whole_account_met_while_sending_silences_its_lists(office: Office) -> None:
    answer_everybody(office)
    error = RateLimited("slow", until=office.clock() + timedelta(minutes=5), whole_account=True)
    office.box.answers.append(error)
    office.work("dispatch")
    assert min(waits(office).values()) >= 290
    office.live(250)
    assert len(office.box.sent) == 1


def test_who_resumes_an_account_ends_its_silences(office: Office) -> None:
    answer_everybody(office)
    office.box.answers.append(RateLimited("slow", until=office.clock() + timedelta(minutes=5)))
    office.work("dispatch")
    with writing(office.runtime.sessions) as session:
        accounts.resume(session, office.account.id, "anna", office.clock())
    assert office.rows(Silence) == []


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
