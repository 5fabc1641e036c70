"""What a candidate playbook would have decided otherwise, over one's own messages, without sending anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from crisis_playbook import Facts, Playbook, evaluate
from inbox.backtest import Comparison, backtest
from inbox.db import reading, writing
from inbox.models import Base, Message
from inbox.playbooks import load_files
from tests.inbox.postbox import PLAYBOOK, Office

URGENT = PLAYBOOK.replace("rule: complaint, severity: watch", "rule: complaint, severity: urgent")
QUIET = PLAYBOOK.replace("  - {rule: first-reply, when: {visibility: private, first_of_conversation: true}, then: "
                         "[{reply: hello}]}\n", "")  # fmt: skip


def book(text: str) -> Playbook:
    return load_files({"00.yml": text})


def compare(office: Office, candidate: str, since: datetime | None = None, most: int | None = None) -> Comparison:
    seen: list[tuple[int, int]] = []
    with reading(office.runtime.sessions) as session:
        found = backtest(
            session, office.runtime.channels, office.runtime.settings.inbox, book(PLAYBOOK), book(candidate),
            since or office.clock() - timedelta(days=90), lambda done, all_: seen.append((done, all_)), most,
        )  # fmt: skip
    assert not seen or seen[-1][0] == seen[-1][1] == found.messages
    return found


def some(office: Office) -> None:
    office.arrive(*[office.comment("kaputt", "jana"), office.comment("kaputt!", "jana"),
                    office.comment("Danke schön", "ben")], stream="comments")  # fmt: skip
    office.arrive(office.letter("Guten Tag", "cleo"))


def test_the_same_playbook_differs_in_nothing(office: Office) -> None:
    some(office)
    found = compare(office, PLAYBOOK)
    assert (found.messages, found.people, found.different, found.different_people) == (4, 3, 0, 0)
    assert found.shown == []
    assert found.rules_before == found.rules_after == {"complaint": 2, "first-reply": 1}


def test_differences_are_counted_by_message_and_by_person_and_shown_with_both_sides(office: Office) -> None:
    some(office)
    found = compare(office, URGENT)
    assert (found.different, found.different_people) == (2, 1)
    assert (found.severity_before["watch"], found.severity_after["urgent"]) == (2, 2)
    assert [one.text for one in found.shown] == ["kaputt!", "kaputt"]
    assert {(one.before.severity, one.after.severity) for one in found.shown} == {("watch", "urgent")}


def test_automatic_replies_are_counted_and_nothing_is_sent_or_stored(office: Office) -> None:
    some(office)

    def rows() -> list[int]:
        with reading(office.runtime.sessions) as session:
            return [session.execute(select(func.count()).select_from(table)).scalar_one()
                    for table in Base.metadata.sorted_tables]  # fmt: skip

    before, sent = rows(), len(office.box.sent)
    found = compare(office, QUIET)
    assert (found.would_have_sent_before, found.would_have_sent_after) == (1, 0)
    assert [(one.before.automatic_reply, one.after.automatic_reply) for one in found.shown] == [("hello", None)]
    assert (rows(), len(office.box.sent)) == (before, sent)


def test_only_messages_since_then_and_only_the_newest(office: Office) -> None:
    some(office)
    office.clock.advance(days=2)
    office.arrive(office.comment("schon wieder kaputt"), stream="comments")
    assert compare(office, URGENT, office.clock() - timedelta(days=1)).messages == 1
    newest = compare(office, URGENT, most=1)
    assert (newest.messages, [one.text for one in newest.shown]) == (1, ["schon wieder kaputt"])
    assert compare(office, URGENT, office.clock() + timedelta(days=1)).messages == 0


def test_only_the_first_message_of_a_conversation_gets_a_first_reply(office: Office) -> None:
    first = office.letter("Guten Tag", "cleo")
    office.arrive(first)
    office.arrive(office.letter("Noch etwas", "cleo"))
    assert compare(office, QUIET).would_have_sent_before == 1
    office.clock.advance(hours=25)
    office.arrive(office.letter("Und heute?", "cleo"))
    assert compare(office, QUIET).would_have_sent_before == 2


def test_our_own_and_deleted_messages_are_not_judged(office: Office) -> None:
    own = replace(office.comment("kaputt? Das tut uns leid."), own=True)
    office.arrive(own, office.comment("kaputt", "jana"), office.comment("so kaputt", "ben"), stream="comments")
    with writing(office.runtime.sessions) as session:
        session.execute(update(Message).where(Message.text == "so kaputt").values(deleted_at=office.clock()))
    assert compare(office, URGENT).messages == 1


def test_the_counts_are_those_of_judging_message_by_message(office: Office) -> None:
    texts = ["kaputt", "kaputt!", "Danke schön", "kaputt", "Danke"]
    office.arrive(*[office.comment(text, f"p{number % 3}") for number, text in enumerate(texts)], stream="comments")
    office.arrive(office.letter("Guten Tag", "cleo"), office.letter("so kaputt", "ben"))
    active, candidate = book(PLAYBOOK), book(URGENT)
    found = compare(office, URGENT)
    with reading(office.runtime.sessions) as session:
        stored = session.execute(select(Message.text, Message.visibility).where(Message.direction == "inbound")).all()
    pairs = [
        [evaluate(playbook, Facts(text, visibility=visibility, first_of_conversation=True))
         for playbook in (active, candidate)]
        for text, visibility in stored
    ]  # fmt: skip
    assert found.rules_before == Counter(name for before, _ in pairs for name in before.rules)
    assert found.rules_after == Counter(name for _, after in pairs for name in after.rules)
    assert found.severity_before == Counter(before.severity for before, _ in pairs)
    assert found.severity_after == Counter(after.severity for _, after in pairs)
    assert found.suggestions_after == Counter(one.kind for _, after in pairs for one in after.suggestions)
    assert found.would_have_sent_before == sum(before.automatic_reply is not None for before, _ in pairs) > 0
    assert found.different == sum(before.severity != after.severity for before, after in pairs) > 1
