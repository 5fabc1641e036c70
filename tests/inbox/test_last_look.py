"""A machine speaks only into a thread it could read: what a list lacks may be a person's answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from connectors.base import Change, ChangeKind, InboundMessage, OutcomeUnknown, Page, RateLimited, Tally, Unreadable
from inbox import conversations, outbox
from inbox.db import reading, writing
from inbox.queries.outbox import unsettled
from inbox.queries.queues import queue_counts
from tests.inbox.postbox import Office

Reading = Callable[[Office, InboundMessage], Page]


def unreadable(_office: Office, question: InboundMessage) -> Page:
    return Page({}, messages=(question,), unreadable=(Unreadable("messages", "no id", "{}"),))


def grown(office: Office, question: InboundMessage) -> Page:
    return Page({}, messages=(question,), tally=Tally(newest_at=office.clock() + timedelta(seconds=8)))


def counted(_office: Office, question: InboundMessage) -> Page:
    return Page({}, messages=(question,), tally=Tally(question.sent_at, 2))


def empty(_office: Office, _question: InboundMessage) -> Page:
    return Page({})


BROKEN = [unreadable, grown, counted, empty]


@pytest.mark.parametrize("reading", BROKEN)
def test_what_one_reading_lacked_the_next_one_shows(office: Office, reading: Reading) -> None:
    question = office.letter("Hallo")
    office.arrive(question)
    office.box.thread_troubles.append(reading(office, question))
    answer = office.letter("Ja, gern!", own=True, sent_at=office.clock() + timedelta(seconds=8))
    office.box.threads[question.conversation_id] = [question, answer]
    office.live(40, step=1)
    assert (office.states, office.box.sent) == (["cancelled"], [])


@pytest.mark.parametrize("reading", BROKEN)
def test_whom_nobody_answered_gets_the_reply_at_the_next_reading(office: Office, reading: Reading) -> None:
    question = office.letter("Hallo")
    office.arrive(question)
    office.box.thread_troubles.append(reading(office, question))
    office.live(13, step=1)
    assert (office.states, len(office.box.sent)) == (["sent"], 1)


@pytest.mark.parametrize("reading", [unreadable, grown, counted])
def test_what_stays_in_doubt_is_left_to_a_person_who_may_send_it(office: Office, reading: Reading) -> None:
    question = office.letter("Hallo")
    office.arrive(question)
    broken = reading(office, question)
    office.box.thread_troubles += [broken] * 3
    office.live(40, step=1)
    (item,) = office.outbox
    assert (item.state, office.box.sent) == ("failed", [])
    assert item.reason.startswith("Not sent automatically: ")
    assert office.conversation.waiting_since == question.sent_at
    with writing(office.runtime.sessions) as session:
        outbox.retry(session, item.id, "anna", office.clock())
    office.work()
    assert office.states == ["sent"]


def test_a_list_that_never_shows_what_a_push_told_is_believed_at_last(office: Office) -> None:
    """Some lists lag behind pushes; nothing in them says that somebody has answered."""
    question = office.letter("Hallo")
    office.arrive(question)
    office.box.thread_troubles += [empty(office, question)] * 9
    office.live(14, step=1)
    assert (office.states, office.box.asked.count("read_thread")) == (["sent"], 3)


def test_messages_known_by_push_alone_are_no_growth_and_no_surplus(office: Office) -> None:
    first, second = office.letter("Hallo"), office.letter("Hallo?")
    office.arrive(first, replace(second, sent_at=first.sent_at + timedelta(seconds=3)))
    tally = Tally(first.sent_at + timedelta(seconds=3), 2)
    office.box.thread_troubles.append(Page({}, messages=(first,), tally=tally))
    office.live(11, step=1)
    assert office.states == ["sent"]


def test_an_edit_or_a_deletion_makes_no_thread_grow(office: Office) -> None:
    """Whether a platform counts them as news of the thread is not documented."""
    question, slip = office.letter("Hallo"), office.letter("Hallp")
    office.arrive(question, slip)
    office.clock.advance(seconds=5)
    edited = changed(question, "Hallo!", office.clock())
    gone = Change(slip.external_id, ChangeKind.DELETED, office.clock() + timedelta(seconds=5))
    office.box.pages["messages"].append(Page({"at": 1}, messages=(edited,), changes=(gone,)))
    office.box.thread_troubles += [Page({}, messages=(edited,), tally=Tally(gone.at, 2))] * 3
    office.live(20, step=1)
    assert office.states == ["sent"]


@pytest.mark.parametrize(("known_before", "state"), [(True, "sent"), (False, "failed")])
def test_what_could_not_be_read_before_the_question_came_is_no_answer_to_it(
    office: Office, known_before: bool, state: str
) -> None:
    odd = (Unreadable("messages", "no time", '{"id": "m-1"}', "m-1"),)
    if known_before:
        office.box.pages["messages"].append(Page({"at": 1}, unreadable=odd))
        office.live(11)
    office.arrive(question := office.letter("Hallo"))
    office.box.thread_troubles += [Page({}, messages=(question,), unreadable=odd)] * 3
    office.live(20, step=1)
    assert office.states == [state]


def test_a_person_does_not_wait_for_what_a_machine_was_told_to_wait_for(office: Office) -> None:
    """The list of the thread may not be read for half an hour; who answers need not read it."""
    office.arrive(office.letter("Hallo"))
    office.box.thread_troubles.append(RateLimited("slowly", until=office.clock() + timedelta(minutes=30)))
    office.box.before_thread = lambda: None if office.outbox[1:] else answer_there(office)
    office.live(20, step=1)
    assert [(item.origin, item.state) for item in office.outbox] == [("automation", "cancelled"), ("agent", "sent")]


def test_a_persons_answer_in_a_spoiled_reading_cancels_at_once(office: Office) -> None:
    question = office.letter("Hallo")
    office.arrive(question)
    answer = office.letter("Ja, gern!", own=True, sent_at=office.clock() + timedelta(seconds=8))
    spoiled = unreadable(office, question)
    office.box.thread_troubles.append(replace(spoiled, messages=(question, answer)))
    office.live(20, step=1)
    assert (office.states, office.box.asked.count("read_thread")) == (["cancelled"], 1)


def changed(question: InboundMessage, text: str, at: datetime) -> InboundMessage:
    return replace(question, text=text, edited_at=at)


@pytest.mark.parametrize(("text", "sent"), [("Grüß Gott", 1), ("stop", 0)])
def test_what_was_edited_while_the_thread_is_read_is_judged_before_a_machine_speaks(
    office: Office, text: str, sent: int
) -> None:
    question = office.letter("Hallo")
    office.arrive(question)
    office.box.threads[question.conversation_id] = [changed(question, text, office.clock())]
    office.live(20, step=1)
    assert len(office.box.sent) == sent


def test_an_answer_to_words_that_no_longer_stand_is_not_said(office: Office) -> None:
    """Its rule does not apply to the new words, so nothing but the old ones called for this reply."""
    office.arrive(question := office.comment("Huhu, wie schön!"), stream="comments")
    assert office.states == ["queued"]
    office.arrive(changed(question, "Wie schön!", office.clock()), stream="comments")
    office.live(20, step=1)
    (item,) = office.outbox
    assert (item.state, item.reason) == ("cancelled", "The message says something else now.")


def test_who_edits_a_comma_is_answered(office: Office) -> None:
    office.arrive(question := office.comment("Huhu, wie schön!"), stream="comments")
    office.arrive(changed(question, "Huhu wie schön!", office.clock()), stream="comments")
    office.live(20, step=1)
    assert office.states == ["sent"]


def test_what_a_person_has_resolved_meanwhile_is_not_answered(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    with writing(office.runtime.sessions) as session:
        conversations.resolve(session, office.conversation.id, "anna", office.clock())
    office.live(20, step=1)
    assert office.outbox[0].reason == "A person has resolved the conversation."
    assert office.box.sent == []


def test_what_a_person_has_put_aside_or_taken_is_still_greeted(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    with writing(office.runtime.sessions) as session:
        later = office.clock() + timedelta(hours=1)
        conversations.snooze(session, office.conversation.id, later, "anna", office.clock())
    office.live(20, step=1)
    assert office.states == ["sent"]


@pytest.mark.parametrize("public", [False, True])
def test_whom_no_automatic_reply_reached_waits_for_a_person_and_shows_why(office: Office, public: bool) -> None:
    """The answer to the send was lost and nothing was found: nobody is told twice, and nobody is forgotten."""
    question = office.comment("Huhu!") if public else office.letter("Hallo")
    office.arrive(question, stream="comments" if public else "messages")
    office.box.answers.append(OutcomeUnknown("cut"))
    office.live(60, step=1)
    there = office.conversation
    assert (there.status, there.waiting_since, there.clock_kind) == ("open", question.sent_at, "first_response")
    assert there.due_at is not None
    assert there.unread == 1
    with reading(office.runtime.sessions) as session:
        counts = {each.queue: each.count for each in queue_counts(session, "anna@shop.example", office.clock())}
        (shown,) = unsettled(session, there.id)
    assert (counts["unassigned"], counts["all"]) == (1, 1)
    assert (shown.state, shown.origin) == ("failed", "automation")
    assert shown.reason.startswith("Not delivered")
    assert office.told("reply_failed")[-1]["reason"] == shown.reason
    office.live(600, step=30)
    assert len(office.box.sent) == 1


def test_who_answers_in_another_process_in_the_very_moment_wins(office: Office, colleague: Office) -> None:
    question = office.letter("Hallo")
    office.arrive(question)
    office.box.before_thread = lambda: None if colleague.outbox[1:] else answer_there(colleague)
    office.live(15, step=1)
    assert [(item.origin, item.state) for item in office.outbox] == [("automation", "cancelled"), ("agent", "sent")]
    assert [reply.written_by_human for reply in office.box.sent] == [True]


def answer_there(colleague: Office) -> None:
    colleague.reply(colleague.conversation.id, "Guten Tag, worum geht es?")
