"""What comparable products fell into when tried with the same faults: a test for each that belongs to the inbox.

Graves of single platforms (nested replies, both spellings of comment ids, the flat webhook shape, idle calls) are
tested beside their connectors; the rest of sending in tests/inbox/test_outbox.py.
"""

from __future__ import annotations

import threading
from datetime import timedelta

from connectors.base import Listing, OutcomeUnknown, Page, RateLimited, Unavailable
from inbox import work
from inbox.models import Event, Message, Push
from tests.inbox.conftest import box, office
from tests.inbox.postbox import Office

__all__ = ["box", "office"]


def test_one_failed_call_during_the_first_import_loses_no_older_message(office: Office) -> None:
    old = [office.letter(f"alt {number}", sent_at=office.clock() - timedelta(days=number)) for number in range(1, 7)]
    office.box.pages["messages"] += [
        Page({"at": 1}, messages=tuple(old[:3]), more=True), Unavailable("down"),
        Page({"at": 2}, messages=tuple(old[3:])),
    ]  # fmt: skip
    office.live(60)
    assert sorted(office.texts()) == sorted(message.text for message in old)
    assert office.stream().cursor == {"at": 2}


def test_our_own_echo_is_not_a_customer_and_a_colleagues_answer_is_seen(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    office.reply(office.conversation.id, "Guten Tag!")
    office.work()
    office.arrive(office.letter("Guten Tag!", own=True, external_id="own-1"), office.letter("Vom Handy", own=True))
    assert sorted(row.origin for row in office.rows(Message)) == ["agent", "customer", "native"]


def test_a_deletion_is_noticed_by_polling_and_its_words_are_gone(office: Office) -> None:
    kept, gone = office.comment("bleibt"), office.comment("geht", "karl")
    office.arrive(kept, gone, stream="comments")
    shown = frozenset({kept.external_id})
    listing = Listing("post-1", True, office.clock() - timedelta(hours=1), office.clock(), shown)
    office.box.pages["comments"].append(Page({}, messages=(kept,), listings=(listing,)))
    office.clock.advance(seconds=11)
    office.work()
    assert [(row.text, row.deleted_at is not None) for row in office.rows(Message)] == [("bleibt", False), ("", True)]


def test_one_odd_row_does_not_stop_an_accounts_messages(office: Office) -> None:
    office.arrive(office.letter("a\x00b"), office.letter("schlecht", external_id="x" * 400), office.letter("gut"))
    assert sorted(office.texts()) == ["ab", "gut"]


def test_told_to_wait_five_minutes_nothing_is_called(office: Office) -> None:
    until = office.clock() + timedelta(minutes=5)
    office.box.pages["messages"].append(RateLimited("wait", until=until, whole_account=True))
    office.clock.advance(seconds=11)
    office.work("poll")
    office.box.asked.clear()
    office.live(280)
    assert office.box.asked == []


def test_a_burst_of_webhooks_is_taken_whole(office: Office) -> None:
    for number in range(200):
        office.box.pages[f"push {number}"].append(Page({}, messages=(office.letter(f"Nr {number}", f"p{number}"),)))
        assert office.push(str(number).encode()) == 200
    office.work("push")
    assert len(office.rows(Message)) == 200
    assert all(row.processed_at for row in office.rows(Push))


def test_a_lost_answer_says_that_it_may_have_gone_out_and_goes_out_once(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    office.reply(office.conversation.id, "Guten Tag!")
    office.box.answers.append(OutcomeUnknown("cut"))
    office.work("dispatch")
    assert office.outbox[-1].reason.startswith("It may have gone out")
    office.live(120)
    assert len(office.box.sent) == 1


def test_two_clicks_at_once_are_one_reply(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    conversation_id = office.conversation.id
    clicks = [threading.Thread(target=office.reply, args=(conversation_id, "Guten Tag!")) for _ in range(4)]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()
    office.live(30)
    assert [reply.text for reply in office.box.sent] == ["Guten Tag!"]


def test_an_overdue_clock_is_told_once(office: Office) -> None:
    question = office.letter("Hallo")
    office.arrive(question)
    office.clock.advance(hours=2)
    for _ in range(3):
        office.arrive(question)
        work.wake_and_breach(office.runtime)
    assert len(office.rows(Event, kind="target_missed")) == 1


def test_no_machine_speaks_as_a_human(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    office.live(20)
    assert [(reply.written_by_human, reply.outside_window) for reply in office.box.sent] == [(False, False)]
