"""When a machine may speak: every guard beside a near miss, when a reply is queued and again just before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from connectors.base import Author, Change, ChangeKind, LoginExpired, Page, Way
from inbox import accounts, contacts, crises
from inbox.db import writing
from inbox.models import Contact, Message, OutboxItem
from inbox.settings import AutomationSettings
from tests.inbox.postbox import Office, Postbox
from tests.stepped_clock import SteppedClock


def withheld(office: Office) -> list[object]:
    """The reasons the timeline gives for silence."""
    return [data["reason"] for data in office.told("automatic_reply_withheld")]


def test_an_everyday_letter_is_answered_after_the_delay(office: Office) -> None:
    office.arrive(office.letter())
    office.work()
    assert office.box.sent == []
    office.live(15)
    assert office.states == ["sent"]
    assert [(reply.text, reply.written_by_human) for reply in office.box.sent] == [
        ("Guten Tag! Wir melden uns. (Automatische Antwort)", False)
    ]


def test_history_is_never_answered_and_what_came_just_after_is(office: Office) -> None:
    connected = office.account.connected_at
    office.arrive(office.letter("alt", "jana", sent_at=connected - timedelta(seconds=1)))
    office.arrive(office.letter("neu", "karl", sent_at=connected))
    assert [item.because_of_message_id for item in office.outbox] == [2]
    assert office.states == ["queued"]


def test_what_is_written_in_the_second_of_connecting_is_no_history(
    database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox
) -> None:
    """Most platforms leave the rest of the second out of their times."""
    clock.advance(milliseconds=900)
    office = Office(database_url, tmp_path, clock, box)
    office.arrive(office.letter(sent_at=clock().replace(microsecond=0)))
    assert office.states == ["queued"]
    office.close()


def test_our_own_message_is_not_answered(office: Office) -> None:
    office.arrive(replace(office.letter(), own=True, author=Author("1")))
    assert office.outbox == []


def test_what_waited_too_long_is_not_answered(office: Office) -> None:
    with writing(office.runtime.sessions) as session:
        account = session.merge(office.account)
        account.connected_at = office.clock() - timedelta(days=1)
    office.arrive(office.letter("alt", "jana", sent_at=office.clock() - timedelta(hours=6)))
    assert withheld(office) == ["The message is too old for an automatic answer."]
    office.arrive(office.letter("neu", "karl", sent_at=office.clock() - timedelta(hours=5)))
    assert office.states == ["queued"]


@pytest.mark.parametrize(
    "text",
    ["STOP", "stopp!", "Stop.", "bitte abmelden", "Abmelden, danke", "unsubscribe", "Unsubscribe me please",
     "keine Nachrichten mehr", "no more messages", "„STOP“", "@shop STOP", "Stop 🛑", "STOP ALL"],
)  # fmt: skip
def test_who_asks_to_stop_is_opted_out_and_not_answered(office: Office, text: str) -> None:
    office.arrive(office.letter(text))
    assert office.outbox == []
    assert office.rows(Contact)[0].opted_out_at is not None
    office.clock.advance(hours=30)
    office.arrive(office.letter("Hallo, noch da?"))
    assert office.outbox == []
    assert withheld(office)[-1] == "This person asked for no messages."


@pytest.mark.parametrize(
    "text",
    ["Stopp mal, das Paket fehlt", "stop it please, this is broken", "Wie kann ich mich abmelden?", "Abmelden?",
     "Ich will den Newsletter nicht abbestellen", "unsubscribe does not work", "Halt, ich habe noch eine Frage"],
)  # fmt: skip
def test_who_only_uses_the_word_is_answered(office: Office, text: str) -> None:
    assert not contacts.asks_to_stop(text)
    office.arrive(office.letter(text))
    assert office.states == ["queued"]


def test_a_wish_to_stop_from_before_we_were_connected_counts(office: Office) -> None:
    office.arrive(office.letter("STOP", sent_at=office.account.connected_at - timedelta(days=3)))
    office.arrive(office.letter("Hallo!"))
    assert office.outbox == []


def test_one_automatic_reply_a_person_and_day(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    office.live(15)
    office.arrive(office.comment("huhu"))
    assert withheld(office) == ["This person had an automatic reply in the last 24 hours."]
    office.arrive(office.comment("huhu", "karl"))
    assert office.states == ["sent", "queued"]


def test_two_letters_in_one_second_get_one_reply(office: Office) -> None:
    office.arrive(office.letter("Hallo"), office.letter("ist da wer?"))
    office.live(15)
    assert len(office.box.sent) == 1


def test_who_takes_back_the_first_words_is_still_answered(office: Office) -> None:
    first = office.letter("Halo")
    office.arrive(first)
    office.box.pages["messages"].append(
        Page({}, changes=(Change(first.external_id, ChangeKind.DELETED, office.clock()),))
    )
    office.arrive(office.letter("Hallo"))
    office.live(20)
    assert office.states == ["cancelled", "sent"]


def test_a_login_refused_for_a_minute_costs_nobody_the_first_reply(office: Office) -> None:
    office.box.pages["comments"].append(LoginExpired("190"))
    office.clock.advance(seconds=11)
    office.work("poll")
    assert office.account.health == "reconnect"
    office.box.pages["push hello"].append(Page({}, messages=(office.letter("Hallo"),)))
    office.push(b"hello")
    office.work("push", "triage")
    office.box.thread_troubles.append(LoginExpired("190"))
    office.live(400)
    assert office.account.health == "ok"
    assert (office.states, len(office.box.sent)) == (["sent"], 1)


def test_who_is_named_only_later_is_answered_then_and_once(office: Office) -> None:
    letter = office.letter("Hallo")
    office.arrive(replace(letter, author=Author(), correspondent=None))
    assert withheld(office) == ["It is not known who wrote the message."]
    for _ in range(2):
        office.arrive(letter)
    office.live(15)
    (message,) = office.rows(Message, direction="inbound")
    assert (message.author_name, office.conversation.contact_id) == ("Jana", message.contact_id)
    assert (office.states, len(office.box.sent)) == (["sent"], 1)


@pytest.mark.parametrize(("hours", "answered"), [(23.9, False), (24.1, True)])
def test_a_human_answer_silences_the_machine_for_a_day(office: Office, hours: float, answered: bool) -> None:
    question = office.letter("Hallo")
    office.arrive(question, office.letter("Ja, gern!", own=True))
    office.live(15)
    assert office.box.sent == []
    office.clock.advance(hours=hours)
    with writing(office.runtime.sessions) as session:
        session.merge(office.account).connected_at = office.clock()
    office.arrive(office.letter("Und noch etwas"))
    assert (office.states[-1:] == ["queued"]) is answered


def test_nobody_is_greeted_while_a_colleagues_answer_is_on_its_way(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    item = office.outbox[0]
    office.reply(item.conversation_id, "Guten Tag, worum geht es?")
    assert office.states == ["cancelled", "queued"]
    office.clock.advance(seconds=1)
    office.arrive(office.letter("Hallo?", sent_at=office.clock() + timedelta(seconds=1)))
    office.live(20)
    assert [reply.text for reply in office.box.sent] == ["Guten Tag, worum geht es?"]


def cut_off_by(office: Office, change: Callable[[], None]) -> OutboxItem:
    """A reply was queued; something happens while the thread is read again."""
    office.arrive(office.letter("Hallo"))
    assert office.states == ["queued"]
    office.box.before_thread = change
    office.live(15)
    assert office.box.sent == []
    return office.outbox[0]


def test_a_human_between_queueing_and_sending_wins(office: Office) -> None:
    answer = office.letter("Hallo Jana!", own=True)
    office.box.threads["t-jana"] = [replace(answer, sent_at=office.clock() + timedelta(seconds=15))]
    item = cut_off_by(office, lambda: None)
    assert (item.state, item.reason) == ("cancelled", "A person has answered in the last 24 hours.")


def test_an_opt_out_in_between_wins(office: Office) -> None:
    def stop() -> None:
        with writing(office.runtime.sessions) as session:
            contacts.opt_out(session, office.outbox[0].contact_id or 0, "anna", office.clock())

    assert cut_off_by(office, stop).reason == "This person asked for no messages."


def test_a_crisis_in_between_freezes(office: Office) -> None:
    def declare() -> None:
        with writing(office.runtime.sessions) as session:
            crises.declare(session, office.runtime, 4, "", "drill", "anna", office.clock())

    assert cut_off_by(office, declare).reason == "Level 4 (Krise) freezes automatic replies."


def test_a_level_with_its_own_wording_stops_the_ordinary_one(office: Office) -> None:
    def declare() -> None:
        with writing(office.runtime.sessions) as session:
            crises.declare(session, office.runtime, 3, "", "drill", "anna", office.clock())

    assert cut_off_by(office, declare).reason == "Level 3 (Halt) has another wording for automatic replies."


def test_a_pause_in_between_wins(office: Office) -> None:
    def pause() -> None:
        with writing(office.runtime.sessions) as session:
            accounts.pause(session, office.account.id, "anna", office.clock())

    assert cut_off_by(office, pause).reason == "The account is paused."


def test_a_level_says_its_own_words_to_everybody_while_people_need_approval(office: Office) -> None:
    with writing(office.runtime.sessions) as session:
        crises.declare(session, office.runtime, 3, "", "drill", "anna", office.clock())
    office.arrive(office.letter("Hallo"))
    office.live(15)
    assert [reply.text for reply in office.box.sent] == ["Wir prüfen das gerade. (Automatische Antwort)"]
    assert office.reply(office.conversation.id, "Von Hand").needs_approval


def test_a_frozen_reply_is_proposed(office: Office) -> None:
    with writing(office.runtime.sessions) as session:
        crises.declare(session, office.runtime, 4, "", "drill", "anna", office.clock())
    office.arrive(office.letter("Hallo"))
    assert office.outbox == []
    assert [(one.kind, one.template) for one in office.suggestions] == [("reply", "hello")]


def test_a_calm_level_changes_nothing(office: Office) -> None:
    with writing(office.runtime.sessions) as session:
        crises.declare(session, office.runtime, 2, "", "drill", "anna", office.clock())
    office.arrive(office.letter("Hallo"))
    assert office.states == ["queued"]


def test_a_held_conversation_gets_no_machine(office: Office) -> None:
    office.arrive(office.letter("Es ist explodiert!"))
    assert office.outbox == []
    assert office.conversation.hold_replies == "for_approval"


def test_in_public_a_machine_speaks_only_where_the_rule_says_so(office: Office) -> None:
    office.arrive(office.comment("huhu"), office.comment("servus", "karl"), stream="comments")
    assert [(item.rule, item.visibility) for item in office.outbox] == [("loud-hello", "public")]
    assert [(one.kind, one.rule, one.status) for one in office.suggestions] == [("reply", "quiet-hello", "open")]
    office.live(15)
    assert [reply.target_id for reply in office.box.sent] == [office.outbox[0].target_external_id]


@pytest.mark.parametrize("at_once", [True, False])
def test_who_called_us_is_answered_whatever_another_writes_below(office: Office, at_once: bool) -> None:
    """Where only who mentions us may be answered by a program, that is asked of the message that is answered."""
    called = office.comment("huhu", summons_us=True)
    below = office.comment(
        "Ich auch.", "karl", conversation_id=called.conversation_id, summons_us=False,
        sent_at=called.sent_at + timedelta(seconds=1),
    )  # fmt: skip
    for messages in [[called, below]] if at_once else [[called], [below]]:
        office.arrive(*messages, stream="comments")
    office.live(15)
    assert [(reply.target_id, reply.way) for reply in office.box.sent] == [(called.external_id, Way.PUBLIC_REPLY)]


@pytest.mark.parametrize("at_once", [True, False])
def test_who_did_not_call_us_is_not_answered_because_another_does(office: Office, at_once: bool) -> None:
    aside = office.comment("huhu", summons_us=False)
    below = office.comment(
        "Hallo!", "karl", conversation_id=aside.conversation_id, summons_us=True,
        sent_at=aside.sent_at + timedelta(seconds=1),
    )  # fmt: skip
    for messages in [[aside, below]] if at_once else [[aside], [below]]:
        office.arrive(*messages, stream="comments")
    office.live(15)
    assert office.box.sent == []


def test_the_hourly_cap_is_kept(database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox) -> None:
    capped = AutomationSettings(hourly_cap=2)
    office = Office(database_url, tmp_path, clock, box, automation=capped, connected_at=clock() - timedelta(hours=1))
    office.work()
    office.arrive(*[office.letter("Hallo", person) for person in ("a", "b", "c")])
    office.live(20)
    assert sorted(office.states) == ["cancelled", "sent", "sent"]
    office.clock.advance(hours=1)
    office.arrive(office.letter("Hallo", "d"))
    assert office.states[-1] == "queued"
    office.close()


def test_switched_off_nothing_is_sent_but_told(
    database_url: str, tmp_path: Path, clock: SteppedClock, box: Postbox
) -> None:
    office = Office(
        database_url, tmp_path, clock, box, automation=AutomationSettings(enabled=False),
        connected_at=clock() - timedelta(hours=1),
    )  # fmt: skip
    office.work()
    office.arrive(office.letter("Hallo"))
    assert office.outbox == []
    assert withheld(office) == ["Automation is switched off in the configuration."]
    office.close()


def test_never_outside_the_window(office: Office) -> None:
    with writing(office.runtime.sessions) as session:
        session.merge(office.account).connected_at = office.clock() - timedelta(days=3)
    office.arrive(office.letter("Hallo"))
    office.clock.advance(hours=25)
    office.work()
    assert office.states == ["cancelled"]
    assert office.box.sent == []
