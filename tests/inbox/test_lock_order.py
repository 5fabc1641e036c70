"""Rows are locked in one order, accounts first: two who lock them the other way round wait for each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import OutcomeUnknown, Page, RateLimited, Receipt, RefusalReason, Refused, Tally, Unavailable
from inbox import conversations, messages
from inbox.db import writing
from inbox.models import Message
from inbox.retention import remove_conversations
from tests.databases import ON_POSTGRESQL
from tests.inbox.postbox import Office
from tests.inbox.rows import MOMENT, add_message

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="SQLite has one writer at a time and no locks on rows")

LOCKS = re.compile(r"\A\s*(?:UPDATE\s+(\w+)|DELETE FROM\s+(\w+)|.*?\bFROM\s+(\w+)\b.*\bFOR (?:NO KEY )?UPDATE)", re.S)


@contextmanager
def watched(office: Office) -> Iterator[list[list[tuple[str, str]]]]:
    """The tables whose rows each transaction locked, in order, with the statements."""
    transactions: list[list[tuple[str, str]]] = []

    def begun(_connection: Any) -> None:
        transactions.append([])

    def executed(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found = LOCKS.match(statement)
        if found and transactions:
            transactions[-1].append((next(filter(None, found.groups())), statement))

    engine = office.runtime.engine
    event.listen(engine, "begin", begun)
    event.listen(engine, "before_cursor_execute", executed)
    try:
        yield transactions
    finally:
        event.remove(engine, "begin", begun)
        event.remove(engine, "before_cursor_execute", executed)


def a_first_reply_and_a_persons(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    office.live(15, step=1)
    office.reply(office.conversation.id, "Guten Tag, worum geht es?")
    office.work()
    office.arrive(office.letter("Guten Tag, worum geht es?", own=True, external_id="own-2"))


def a_private_answer_to_a_comment(office: Office) -> None:
    office.arrive(office.comment("Das ist kaputt"), stream="comments")
    office.reply(office.conversation.id, "Bitte hier weiter.")
    office.work()


def sends_that_fail(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    office.box.answers += [
        RateLimited("slowly", until=office.clock() + timedelta(seconds=5)),
        RateLimited("all slowly", until=office.clock() + timedelta(seconds=5), whole_account=True),
        Unavailable("not now"),
        OutcomeUnknown("cut"),
    ]
    office.box.found += [Unavailable("not now"), None, Receipt("own-9")]
    office.reply(office.conversation.id, "Guten Tag, worum geht es?")
    office.live(120)
    assert office.states[-1] == "sent"


def polls_that_are_limited(office: Office) -> None:
    for stream in ("comments", "messages"):
        office.box.pages[stream] += [RateLimited("all slowly", until=None, whole_account=True), Unavailable("no")]
    office.live(200)


def a_look_at_the_thread_that_is_limited(office: Office) -> None:
    office.arrive(office.letter("Hallo"))
    office.box.thread_troubles += [
        RateLimited("slowly", until=office.clock() + timedelta(seconds=20)),
        Page({}, tally=Tally(count=9)),
    ]
    office.live(60, step=1)


def hiding(office: Office) -> None:
    office.arrive(office.comment("Das ist kaputt"), office.comment("Frechheit", "karl"), stream="comments")
    office.box.hides.append(Refused("no", reason=RefusalReason.NOT_PERMITTED))
    for message in office.rows(Message):
        with writing(office.runtime.sessions) as session:
            messages.hide(session, office.runtime, message.id, True, "anna", office.clock())
        office.work()


DAYS = [
    a_first_reply_and_a_persons, a_private_answer_to_a_comment, sends_that_fail, polls_that_are_limited,
    a_look_at_the_thread_that_is_limited, hiding,
]  # fmt: skip


@pytest.mark.parametrize("day", DAYS)
def test_whoever_locks_an_account_locks_it_first(office: Office, day: Callable[[Office], None]) -> None:
    with watched(office) as transactions:
        day(office)
    late = {
        (locks[0][1], statement)
        for locks in transactions
        for table, statement in locks
        if table == "accounts" and locks[0][0] != "accounts"
    }
    assert not late
    assert any(table == "accounts" for locks in transactions for table, _ in locks)


@pytest.mark.parametrize("day", DAYS)
def test_rows_that_name_an_account_or_conversation_may_be_written_while_it_is_locked(
    office: Office, day: Callable[[Office], None]
) -> None:
    with watched(office) as transactions:
        day(office)
    whole = {
        statement
        for locks in transactions
        for table, statement in locks
        if table in ("accounts", "conversations") and " FOR UPDATE" in statement
    }
    assert not whole


def test_an_old_conversation_somebody_writes_to_just_now_is_not_removed(sessions: sessionmaker[Session]) -> None:
    """Else the new message would go with the old ones, and no platform shows it again."""
    with writing(sessions) as session:
        add_message(session, "Danke!")
    with writing(sessions) as arriving:
        add_message(arriving, "Noch eine Frage", sent_at=MOMENT + timedelta(days=400))
        with writing(sessions) as session:
            session.execute(text("SET LOCAL lock_timeout = '1s'"))
            assert remove_conversations(session, MOMENT + timedelta(days=35), MOMENT + timedelta(days=400)) == 0
    with writing(sessions) as session:
        assert remove_conversations(session, MOMENT + timedelta(days=35), MOMENT + timedelta(days=400)) == 1


def test_what_was_read_before_it_was_locked_is_read_again(office: Office, colleague: Office) -> None:
    """Else two colleagues answer the same thread at once, and neither is told of the other."""
    office.arrive(office.letter("Hallo"))
    conversation_id = office.conversation.id
    with writing(office.runtime.sessions) as session:
        before = conversations.get(session, conversation_id).version
        colleague.reply(conversation_id, "Guten Tag, worum geht es?")
        assert conversations.get(session, conversation_id, lock=True).version > before
