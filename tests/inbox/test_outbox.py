"""Claim, send, settle: nothing goes out twice, and every doubt ends visibly."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from connectors.base import (
    Author,
    ConnectorError,
    LoginExpired,
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    Receipt,
    RefusalReason,
    Refused,
    Unavailable,
    WritesBlocked,
)
from inbox import accounts, conversations, crises, outbox, replies, settling, ways, work
from inbox.db import reading, writing
from inbox.errors import Refusal
from inbox.models import Contact, Conversation, Event, Message, OutboxItem, Silence
from inbox.queries.messages import message_views
from tests.inbox.postbox import Office


@pytest.fixture
def asked(office: Office) -> Office:
    """Somebody wrote, and a colleague will answer by hand."""
    office.arrive(office.letter("Gibt es Größe 38?"))
    return office


@pytest.mark.parametrize(
    ("error", "state", "wait", "health"),
    [
        (Refused("gone", reason=RefusalReason.TARGET_GONE), "failed", None, "ok"),
        (Refused("blocked", reason=RefusalReason.PERSON_UNAVAILABLE), "failed", None, "ok"),
        (Misconfigured("no such field"), "failed", None, "ok"),
        (Unavailable("down"), "queued", 2, "ok"),
        (RateLimited("slow", until=None), "queued", 60, "limited"),
        (LoginExpired("190"), "queued", 60, "reconnect"),
        (WritesBlocked("368"), "queued", 60, "blocked"),
        (OutcomeUnknown("cut"), "unknown", 0, "ok"),
        (Refused("same", reason=RefusalReason.DUPLICATE), "unknown", 0, "ok"),
        (ZeroDivisionError("a bug"), "unknown", 0, "ok"),
    ],
)
def test_every_error_leads_to_what_must_happen_next(
    asked: Office, error: ConnectorError, state: str, wait: float | None, health: str
) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    asked.box.answers.append(error)
    asked.work("dispatch")
    item = asked.outbox[-1]
    assert (item.state, asked.account.health) == (state, health)
    assert item.reason
    assert item.claim is None
    if wait is not None:
        assert item.not_before == asked.clock() + timedelta(seconds=wait)
    assert len(asked.box.sent) == 1


def test_a_told_time_is_kept_for_every_reply_of_the_account(asked: Office) -> None:
    asked.arrive(asked.letter("Und ich?", "karl"))
    until = asked.clock() + timedelta(minutes=5)
    for number, conversation in enumerate(asked.rows(Conversation)):
        asked.reply(conversation.id, f"Antwort {number}")
    asked.box.answers.append(RateLimited("wait", until=until))
    asked.work("dispatch")
    assert len(asked.box.sent) == 1
    asked.live(290)
    assert len(asked.box.sent) == 1
    asked.live(20)
    assert len(asked.box.sent) == 3


def test_a_platform_that_is_down_is_asked_ever_more_rarely_and_then_given_up(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    asked.box.answers += [Unavailable("down")] * 20
    asked.live(900)
    item = asked.outbox[-1]
    assert (item.state, len(asked.box.sent)) == ("failed", settling.RETRIES)
    assert "nothing went out" in item.reason


def test_doubt_is_read_back_and_settled_as_sent(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    asked.box.answers.append(OutcomeUnknown("cut"))
    asked.box.found += [None, Unavailable("down"), Receipt("own-77", sent_at=asked.clock())]
    asked.live(30, step=1)
    item = asked.outbox[-1]
    assert (item.state, item.external_id, len(asked.box.sent)) == ("sent", "own-77", 1)
    assert [message.origin for message in asked.rows(Message, direction="outbound")] == ["agent"]


def test_doubt_without_a_trace_fails_within_45_seconds_and_only_a_person_sends_again(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    asked.box.answers.append(OutcomeUnknown("cut"))
    asked.live(44, step=1)
    item = asked.outbox[-1]
    assert item.state == "failed"
    assert item.reason.startswith("Not delivered")
    asked.live(600, step=60)
    assert len(asked.box.sent) == 1
    with writing(asked.runtime.sessions) as session:
        outbox.retry(session, item.id, "anna", asked.clock())
    asked.work()
    assert (asked.outbox[-1].state, len(asked.box.sent)) == ("sent", 2)


def test_a_duplicate_that_is_not_there_tells_to_change_the_words(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Danke!")
    asked.box.answers.append(Refused("187", reason=RefusalReason.DUPLICATE))
    asked.live(44, step=1)
    assert asked.outbox[-1].state == "failed"
    assert "Change the words" in asked.outbox[-1].reason


def test_one_message_on_the_platform_proves_only_one_of_two_equal_replies(asked: Office) -> None:
    for key in ("a", "b"):
        asked.reply(asked.conversation.id, "Danke!", key=key)
    asked.box.answers += [OutcomeUnknown("cut"), OutcomeUnknown("cut")]
    asked.work("dispatch")
    asked.clock.advance(seconds=1)
    asked.work("dispatch")
    assert asked.states == ["cancelled", "unknown", "unknown"]
    asked.box.found += [Receipt("own-1")] * 8
    asked.live(44, step=1)
    assert sorted(asked.states[1:]) == ["failed", "sent"]
    assert len(asked.rows(Message, external_id="own-1")) == 1


def test_the_same_words_twice_on_purpose_both_go_out(asked: Office) -> None:
    for key in ("a", "b"):
        asked.reply(asked.conversation.id, "Danke!", key=key)
    asked.live(5, step=1)
    assert asked.states[1:] == ["sent", "sent"]
    assert len(asked.rows(Message, direction="outbound")) == 2


def test_an_attempt_whose_claim_was_lost_and_taken_again_leaves_once(asked: Office) -> None:
    """The lease ends while the thread is read; another thread of the same process sends meanwhile."""
    with writing(asked.runtime.sessions) as session:
        session.merge(asked.outbox[0]).not_before = asked.clock()

    def too_slow() -> None:
        asked.box.before_thread = lambda: None
        asked.clock.advance(seconds=26)
        asked.work("reconcile", "dispatch")

    asked.box.before_thread = too_slow
    asked.work("dispatch")
    assert asked.states == ["sent"]
    assert len(asked.box.sent) == 1


def test_a_process_that_died_before_sending_leaves_a_queued_reply(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    with writing(asked.runtime.sessions) as session:
        item = session.merge(asked.outbox[-1])
        item.state, item.claim, item.claimed_until = "sending", "gone", asked.clock() + outbox.LEASE
    asked.work()
    assert asked.box.sent == []
    asked.live(30)
    assert (asked.outbox[-1].state, len(asked.box.sent)) == ("sent", 1)


def test_a_process_that_died_while_sending_leaves_a_doubt(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    with writing(asked.runtime.sessions) as session:
        item = session.merge(asked.outbox[-1])
        item.state, item.claim, item.claimed_until = "sending", "gone", asked.clock()
        item.attempted_at = asked.clock()
    asked.box.found.append(Receipt("own-5"))
    asked.work()
    assert (asked.outbox[-1].state, asked.box.sent) == ("sent", [])


def test_an_echo_that_arrives_before_the_answer_settles_and_is_nobody_elses(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    asked.box.during_send = lambda: asked.arrive(asked.letter("Ja,  ab Montag.", own=True, external_id="own-1"))
    asked.work("dispatch")
    assert (asked.outbox[-1].state, asked.outbox[-1].external_id) == ("sent", "own-1")
    assert [message.origin for message in asked.rows(Message, direction="outbound")] == ["agent"]


def test_an_echo_settles_what_was_given_up(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    asked.box.answers.append(OutcomeUnknown("cut"))
    sent_at = asked.clock()
    asked.live(44, step=1)
    assert asked.outbox[-1].state == "failed"
    asked.arrive(asked.letter("Ja, ab Montag.", own=True, external_id="late", sent_at=sent_at))
    assert (asked.outbox[-1].state, asked.outbox[-1].external_id) == ("sent", "late")


def test_the_same_words_of_a_colleague_a_week_later_settle_nothing(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    asked.box.answers.append(OutcomeUnknown("cut"))
    asked.live(44, step=1)
    asked.clock.advance(days=7)
    asked.arrive(asked.letter("Ja, ab Montag.", own=True, external_id="later"))
    assert asked.outbox[-1].state == "failed"
    assert [message.origin for message in asked.rows(Message, direction="outbound")] == ["native"]


def test_a_private_reply_goes_to_nobody_we_know_where_the_author_is_withheld(office: Office) -> None:
    """The thread's first person would be a guess, and the wrong one as often as not."""
    root = office.comment("Gibt es die in Blau?")
    nameless = office.comment("Preis?", "karl", conversation_id=root.external_id, author=Author())
    office.arrive(root, nameless, stream="comments")
    item = office.reply(office.conversation.id, "Hier drinnen gern.")
    assert (item.target_external_id, item.contact_id, item.recipient_external_id) == (nameless.external_id, None, None)
    with reading(office.runtime.sessions) as session:
        assert replies.reader(session, office.conversation.id).name is None


def test_a_private_reply_in_a_thread_of_many_names_who_reads_it(office: Office) -> None:
    root = office.comment("Gibt es die in Blau?")
    second = office.comment("Preis?", "karl", conversation_id=root.external_id)
    office.arrive(root, second, stream="comments")
    with reading(office.runtime.sessions) as session:
        assert replies.reader(session, office.conversation.id).name == "Karl"
    assert office.reply(office.conversation.id, "Hier drinnen gern.").recipient_external_id == "karl"


def test_the_reader_is_another_one_as_soon_as_it_may_be_another_person(office: Office) -> None:
    root = office.comment("Gibt es die in Blau?")
    marks: list[str] = []
    for person, author in (("jana", None), ("jana", None), ("karl", None), ("x", Author()), ("y", Author())):
        parts = {"conversation_id": root.external_id, **({"author": author} if author else {})}
        office.arrive(office.comment(f"Und {len(marks)}?", person, **parts) if marks else root, stream="comments")
        with reading(office.runtime.sessions) as session:
            marks.append(replies.reader(session, office.conversation.id).mark)
    assert marks[0] == marks[1]
    assert len(set(marks)) == 4


def test_a_private_reply_stops_the_public_clock_and_is_linked(office: Office) -> None:
    complaint = office.comment("kaputt!")
    office.arrive(complaint, stream="comments")
    public = office.conversation
    assert public.due_at is not None
    office.reply(public.id, "Das tut uns leid.", key="p")
    office.work()
    assert office.rows(Conversation)[0].waiting_since is None
    office.arrive(office.letter("Das tut uns leid.", own=True, external_id="own-1"))
    first, second = office.rows(Conversation)
    assert (first.linked_conversation_id, second.linked_conversation_id) == (second.id, first.id)
    linked = {event.conversation_id for event in office.rows(Event, kind="conversations_linked")}
    assert (linked, len(office.told("conversations_linked"))) == ({first.id, second.id}, 2), (
        "an open page shows the way"
    )
    assert first.due_at is None
    (said,) = office.rows(Message, direction="outbound")
    assert said.origin == "agent"
    with reading(office.runtime.sessions) as session:
        (shown,) = message_views(session, [said])
    assert shown.delivery is not None
    assert shown.delivery.state == "sent"


def test_a_comment_opens_no_window_for_direct_messages(office: Office) -> None:
    office.arrive(office.comment("kaputt!"), stream="comments")
    assert _last_private_words(office) is None
    letter = office.letter()
    office.arrive(letter)
    office.clock.advance(days=3)
    office.arrive(office.comment("Noch immer kaputt!"), stream="comments")
    assert _last_private_words(office) == letter.sent_at


def _last_private_words(office: Office) -> datetime | None:
    with reading(office.runtime.sessions) as session:
        newest = select(Conversation).where(Conversation.visibility == "public").order_by(Conversation.id.desc())
        public = session.scalars(newest).first()
        assert public is not None
        return ways.situations(session, [public], office.clock(), human=True)[public.id].last_inbound_at


def test_in_a_thread_of_many_the_answer_goes_to_who_wrote_last(office: Office) -> None:
    root = office.comment("Schön!")
    office.arrive(root, stream="comments")
    below = office.comment("kaputt!", "karl", conversation_id=root.external_id, parent_id=root.external_id)
    office.arrive(below, stream="comments")
    item = office.reply(office.conversation.id, "Das tut uns leid.")
    assert (item.target_external_id, item.recipient_external_id) == (below.external_id, "karl")
    assert [one.external_id for one in office.rows(Contact, id=office.conversation.contact_id)] == ["jana"]


def test_replies_held_in_a_crisis_wait_for_somebody_else(asked: Office) -> None:
    with writing(asked.runtime.sessions) as session:
        crises.declare(session, asked.runtime, 4, "", "drill", "anna", asked.clock())
    item = asked.reply(asked.conversation.id, "Ja, ab Montag.", actor="anna@shop.example")
    asked.live(30)
    assert asked.box.sent == []
    assert asked.conversation.held_replies == 1
    with pytest.raises(Refusal) as refused, writing(asked.runtime.sessions) as session:
        outbox.approve(session, item.id, "anna@shop.example", asked.clock())
    assert refused.value.status == 403
    with writing(asked.runtime.sessions) as session:
        outbox.approve(session, item.id, "ben@shop.example", asked.clock())
    asked.work()
    assert [reply.text for reply in asked.box.sent] == ["Ja, ab Montag."]
    assert asked.conversation.held_replies == 0


def test_what_is_leaving_cannot_be_cancelled(asked: Office) -> None:
    item = asked.reply(asked.conversation.id, "Ja, ab Montag.")
    refused: list[str] = []

    def cancel() -> None:
        try:
            with writing(asked.runtime.sessions) as session:
                outbox.cancel(session, item.id, "anna", asked.clock())
        except Refusal as refusal:
            refused.append(refusal.detail)

    asked.box.during_send = cancel
    asked.work()
    assert refused == ["This reply is sending; it cannot be cancelled any more."]
    assert asked.states[-1] == "sent"


def test_blocked_writes_wait_for_a_person(asked: Office) -> None:
    asked.reply(asked.conversation.id, "Ja, ab Montag.")
    asked.box.answers.append(WritesBlocked("368"))
    asked.live(600, step=30)
    assert (asked.account.health, len(asked.box.sent)) == ("blocked", 1)
    with writing(asked.runtime.sessions) as session:
        accounts.resume(session, asked.account.id, "anna", asked.clock())
    asked.work()
    assert (asked.account.health, asked.outbox[-1].state) == ("ok", "sent")


def test_a_stop_that_is_told_too_late_for_its_own_reply_stops_all_others(asked: Office) -> None:
    def slower_than_the_claim() -> None:
        asked.clock.advance(seconds=40)
        asked.work("reconcile")

    asked.box.during_send = slower_than_the_claim
    asked.box.answers.append(WritesBlocked("368"))
    asked.reply(asked.conversation.id, "Guten Tag")
    asked.work("dispatch")
    assert (asked.states[-1], asked.account.health) == ("unknown", "blocked")


def test_two_processes_send_each_reply_once(asked: Office, colleague: Office) -> None:
    asked.arrive(*[asked.letter("Frage", f"p{number}") for number in range(6)])
    for conversation in asked.rows(Conversation):
        asked.reply(conversation.id, f"Antwort {conversation.id}")
    both = [asked, colleague]
    for turn in range(40):
        outbox.dispatch_one(both[turn % 2].runtime)
        asked.clock.advance(seconds=0.5)
    texts = [reply.text for reply in asked.box.sent]
    assert sorted(texts) == sorted(f"Antwort {conversation.id}" for conversation in asked.rows(Conversation))


def test_two_processes_poll_a_stream_once(asked: Office, colleague: Office) -> None:
    asked.clock.advance(seconds=11)
    asked.box.asked.clear()
    asked.work("poll")
    colleague.work("poll")
    assert sorted(asked.box.asked) == ["fetch comments", "fetch messages"]


def test_what_a_connector_breaks_at_while_looking_does_not_stay_in_hand(asked: Office) -> None:
    with writing(asked.runtime.sessions) as session:
        session.merge(asked.outbox[0]).not_before = asked.clock()
    asked.box.thread_troubles.append(KeyError("a bug"))
    asked.work("dispatch")
    assert asked.states == ["queued"]
    asked.live(10, step=1)
    assert asked.states == ["sent"]


def test_snoozed_until_now_wakes_once(asked: Office) -> None:
    with writing(asked.runtime.sessions) as session:
        conversations.snooze(
            session, asked.conversation.id, asked.clock() + timedelta(minutes=5), "anna", asked.clock()
        )
    asked.clock.advance(minutes=4)
    work.wake_and_breach(asked.runtime)
    assert asked.conversation.status == "snoozed"
    asked.clock.advance(minutes=1)
    work.wake_and_breach(asked.runtime)
    work.wake_and_breach(asked.runtime)
    assert asked.conversation.status == "open"
    assert len(asked.rows(Event, kind="woke")) == 1
    assert asked.rows(OutboxItem)[0].state == "queued"


def test_other_troubles_do_not_lengthen_the_silence_a_limit_asks_for(office: Office) -> None:
    for person in ("jana", "karl", "lena"):
        office.arrive(office.letter("Hallo", person))
    office.box.thread_troubles += [Unavailable("503")] * 9
    office.box.answers += [RateLimited("613", until=None), RateLimited("613", until=None)]
    waits = []
    for left in (1, 0):
        while len(office.box.answers) > left:
            office.clock.advance(seconds=1)
            office.work("dispatch")
        (silence,) = office.rows(Silence, way="direct_message")
        waits.append((silence.until - office.clock()).total_seconds())
    assert waits == [60, 120]


@pytest.mark.parametrize("error", [Unavailable("late"), RateLimited("late", until=None), OutcomeUnknown("late")])
def test_what_comes_of_an_overtaken_attempt_changes_nothing_of_the_one_in_hand(
    asked: Office, error: ConnectorError
) -> None:
    """The reading before the send outlasts its claim; meanwhile the reply leaves by another thread, and its answer is
    lost. The late error of the first must not put it back into the queue."""
    with writing(asked.runtime.sessions) as session:
        session.merge(asked.outbox[0]).not_before = asked.clock()
    asked.box.answers.append(OutcomeUnknown("cut"))

    def late_error_while_sending() -> None:
        asked.box.during_send = lambda: None
        settling.settle_error(asked.runtime, settling.Attempt(asked.outbox[0].id, 1), error)

    def too_slow() -> None:
        asked.box.before_thread = lambda: None
        asked.clock.advance(seconds=26)
        asked.box.during_send = late_error_while_sending
        asked.work("reconcile", "dispatch")

    asked.box.before_thread = too_slow
    asked.work("dispatch")
    assert (asked.states, len(asked.box.sent)) == (["unknown"], 1)
    asked.live(60, step=1)
    assert (asked.states, len(asked.box.sent)) == (["failed"], 1)
