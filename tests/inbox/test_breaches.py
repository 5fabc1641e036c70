"""What missed targets have in common, and what is asked again and again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from inbox import answers
from inbox.breaches import Breaches, Cause, breaches
from inbox.db import reading, writing
from inbox.errors import NotThere
from inbox.models import Conversation, ConversationLabel, Message, MessageDecision
from inbox.runtime import Runtime
from tests.inbox.rows import add_conversation, add_message
from tests.inbox.test_reports import MONDAY, Thread

NIGHT = 14 * 60
"""Minutes from Monday, ten o'clock in Vienna, to midnight."""


def found(runtime: Runtime) -> Breaches:
    with reading(runtime.sessions) as session:
        return breaches(
            session, runtime, MONDAY - timedelta(days=1), MONDAY + timedelta(days=2), MONDAY + timedelta(days=3)
        )


def judged(session: Session, message_id: int, rules: list[str], answering: list[str]) -> None:
    session.add(
        MessageDecision(
            message_id=message_id, playbook="x", rules=rules, undecided=[], severity="none", complaint="none", score=0,
            why=[],
            answers=answering,
        )
    )  # fmt: skip


def test_causes_are_counted_against_all_judged_waits(runtime: Runtime) -> None:
    Thread(runtime, "in time").theirs(0).ours(5)
    Thread(runtime, "late").theirs(0).ours(500)
    Thread(runtime, "night").theirs(NIGHT).ours(NIGHT + 24 * 60)
    Thread(runtime, "never", channel="twitter").theirs(3)
    with writing(runtime.sessions) as session:
        for name, label, team in (
            ("late", "delivery", "social"),
            ("in time", "delivery", None),
            ("night", "refund", None),
        ):
            row = session.query(Conversation).filter_by(external_id=name).one()
            row.team = team
            session.add(ConversationLabel(conversation_id=row.id, label=label))
            message = session.query(Message).filter_by(conversation_id=row.id, direction="inbound").one()
            judged(session, message.id, ["complaint"], [])
    report = found(runtime)
    assert (report.missed, report.waits) == (3, 4)
    assert (report.outside_hours, report.unassigned) == (1, 2)
    assert report.channels == [Cause("facebook", 2, 3), Cause("twitter", 1, 1)]
    assert report.hours == [Cause("10", 2, 3), Cause("00", 1, 1)]
    assert report.labels == [Cause("delivery", 1, 2), Cause("refund", 1, 1)]
    assert report.rules == [Cause("complaint", 2, 3)]
    assert report.labels[0].share == 0.5


def test_nothing_missed_is_nothing_to_explain(runtime: Runtime) -> None:
    Thread(runtime, "in time").theirs(0).ours(5)
    report = found(runtime)
    assert (report.missed, report.waits, report.channels, report.rules) == (0, 1, [], [])


def test_what_is_asked_is_counted_in_its_window(runtime: Runtime) -> None:
    with writing(runtime.sessions) as session:
        add_conversation(session)
        for number, (age, answering, history) in enumerate(
            ((0, ["opening"], False), (0, ["opening", "return"], False), (40, ["return"], False), (0, ["data"], True))
        ):
            message = add_message(session, f"Frage {number}", sent_at=MONDAY - timedelta(days=age), history=history)
            judged(session, message.id, [], answering)
        judged(session, add_message(session, "keine Frage", sent_at=MONDAY).id, ["spam"], [])
    with reading(runtime.sessions) as session:
        asked = answers.asked(session, MONDAY - timedelta(days=28), MONDAY + timedelta(days=1))
    assert asked == [("opening", 2), ("return", 1)]


def test_answers_fit_what_nobody_has_answered(runtime: Runtime) -> None:
    folder = runtime.settings.playbook.templates / "de"
    folder.mkdir(exist_ok=True)
    (folder / "answer-return.txt").write_text("{{ contact_name or 'Guten Tag' }}, 30 Tage. {{ agent_name }}", "utf-8")
    with writing(runtime.sessions) as session:
        row = add_conversation(session)
        message = add_message(session, "Kann ich das zurückgeben?", sent_at=MONDAY)
        judged(session, message.id, [], ["answer-return", "answer-that-is-gone"])
        number = row.id
    with writing(runtime.sessions) as session:
        offered = answers.fitting(session, runtime, number, "de", "Anna", MONDAY)
        assert [(one.name, one.text) for one in offered] == [("answer-return", "Guten Tag, 30 Tage. Anna")]
        session.get_one(Conversation, number).last_human_reply_at = MONDAY + timedelta(minutes=1)
        assert answers.fitting(session, runtime, number, "de", "Anna", MONDAY) == []
        with pytest.raises(NotThere):
            answers.fitting(session, runtime, 999, "de", "Anna", MONDAY)
