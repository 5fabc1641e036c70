"""Nothing the daemon does again and again reads a growing table from end to end: every statement finds its rows."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Engine, PrimaryKeyConstraint, UniqueConstraint, event, select, true, update

from connectors.base import Change, ChangeKind, Connector, Gap, Listing, Page
from inbox import automation, contacts, poll, profiles, retention, subjects, ways, work
from inbox.crises import NO_BEHAVIOUR
from inbox.db import is_sqlite, reading, writing
from inbox.models import Account, Base, Contact, Conversation, Message
from inbox.queries import contacts as people
from inbox.queries.pushes import pushes
from inbox.runtime import Runtime
from inbox.ticker import Ticker, Unit
from tests.inbox.postbox import Postbox, comment, letter
from tests.inbox.rows import MOMENT
from tests.inbox.shop import add_comment, open_runtime
from tests.stepped_clock import SteppedClock

GROWING = ("messages", "conversations", "contacts", "events", "outbox", "pushes", "decisions", "message_labels",
           "conversation_labels", "suggestions", "notices", "subjects")  # fmt: skip
READS = ("SELECT", "UPDATE", "DELETE")
ONCE_AN_HOUR = ("retention",)
"""Rounds that may read whole tables because they run rarely."""


@pytest.fixture
def runtime(database_url: str, tmp_path: Path, clock: SteppedClock) -> Iterator[Runtime]:
    """A shop with a few comments that nobody has looked at."""
    runtime = open_runtime(database_url, tmp_path, clock)
    if not is_sqlite(runtime.engine):
        pytest.skip("PostgreSQL chooses plans by the rows there are; SQLite by the indexes")
    for number in range(3):
        add_comment(runtime, "Wo ist mein Paket? Das ist eine Frechheit!", number)
    with writing(runtime.sessions) as session:
        session.execute(update(Message).values(triaged_at=None))
    yield runtime
    runtime.engine.dispose()


@contextmanager
def listening(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that is run inside the block, with its parameters."""
    heard: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        heard.append((statement, parameters[0] if many else parameters))

    event.listen(engine, "before_cursor_execute", hear)
    yield heard
    event.remove(engine, "before_cursor_execute", hear)


def scans(engine: Engine, statements: list[tuple[str, Any]]) -> list[str]:
    """The statements whose plan reads a growing table without an index, each with that line of the plan."""
    found = []
    with engine.connect() as connection:
        for statement, parameters in dict.fromkeys((text, repr(values)) for text, values in statements):
            if not statement.lstrip().startswith(READS):
                continue
            values = next(given for text, given in statements if (text, repr(given)) == (statement, parameters))
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
                scanned = re.match(r"SCAN (\w+)(?! USING)\b(?!.*USING)", row[3])
                if scanned and scanned[1] in GROWING:
                    found.append(f"{row[3]}: {statement}")
    return found


def test_asking_what_is_due_reads_indexes_alone(runtime: Runtime) -> None:
    with listening(runtime.engine) as statements:
        looked = threading.Event()

        def look(_: Runtime) -> bool:
            looked.set()
            return False

        ticker = Ticker(runtime, (*work.UNITS, Unit("last", look, lambda _now: true())), ())
        ticker.start()
        assert looked.wait(20)
        ticker.stop(timedelta(seconds=10))
    assert statements
    assert scans(runtime.engine, statements) == []


@pytest.mark.parametrize("unit", work.UNITS, ids=lambda unit: unit.name)
def test_no_unit_of_work_scans(runtime: Runtime, unit: Any) -> None:
    with listening(runtime.engine) as statements:
        unit.work(runtime)
    assert statements
    assert scans(runtime.engine, statements) == []


@pytest.mark.parametrize("one", [one for one in work.ROUNDS if one.name not in ONCE_AN_HOUR], ids=lambda one: one.name)
def test_no_frequent_round_scans(runtime: Runtime, one: Any) -> None:
    with listening(runtime.engine) as statements:
        one.work(runtime)
    assert scans(runtime.engine, statements) == []


def listing(subject: str, by_subject: bool) -> Listing:
    return Listing(subject, by_subject, MOMENT - timedelta(days=9000), MOMENT, frozenset({"10_1"}))


def test_storing_a_page_reads_indexes_alone(runtime: Runtime) -> None:
    """Also where a list shows what is gone: it is asked of the post's own conversations, not of all there ever were."""
    page = Page(
        {},
        messages=(comment("Frechheit!", "jana", MOMENT), letter("Hallo?", "karl", MOMENT)),
        changes=(Change("10_2", ChangeKind.DELETED, MOMENT), Change("never-seen", ChangeKind.EDITED, MOMENT, "neu")),
        listings=(listing("post-1", True), listing("10_3", False), replace(listing("post-1", True), certain=False)),
        gaps=(Gap("10_3", MOMENT - timedelta(days=2), MOMENT, "only_20_newest"),),
        look_at=("pointed-at",),
    )
    with listening(runtime.engine) as statements, writing(runtime.sessions) as session:
        account = session.scalars(select(Account)).one()
        poll.store_page(session, account, page, cast("Connector", Postbox().connector()), MOMENT)
        subjects.lately_active(session, account.id, MOMENT - timedelta(days=14))
    assert scans(runtime.engine, statements) == []
    below_a_post = [text for text, _ in statements if text.startswith("SELECT") and "subject_id = " in text]
    assert below_a_post
    for text, values in statements:
        if text in below_a_post:
            with runtime.engine.connect() as connection:
                plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
            assert any("ix_conversations_subject" in line for line in plan), (text, plan)


SMALL = ("accounts", "users")
"""What refers to these need not be found by it: they are few, and hardly ever removed."""


def test_what_refers_to_a_row_is_found_by_it() -> None:
    """Else removing one row reads the whole table that may refer to it."""
    lacking = []
    for table in Base.metadata.sorted_tables:
        unique = [one for one in table.constraints if isinstance(one, (UniqueConstraint, PrimaryKeyConstraint))]
        indexes = [[column.name for column in one.columns] for one in (*table.indexes, *unique)]
        for foreign_key in table.foreign_key_constraints:
            columns = [column.name for column in foreign_key.columns]
            found = any(index[: len(columns)] == columns for index in indexes)
            if not found and foreign_key.referred_table.name not in SMALL:
                lacking.append((table.name, columns))
    assert lacking == []


def test_a_person_is_shown_linked_exported_erased_and_retired_on_indexes_alone(runtime: Runtime) -> None:
    with writing(runtime.sessions) as session:
        one, other, _ = session.scalars(select(Contact.id).order_by(Contact.id)).all()
        session.execute(update(Conversation).values(waiting_since=None))
    with listening(runtime.engine) as statements, writing(runtime.sessions) as session:
        people.contact(session, one, MOMENT)
        profiles.link(session, one, other, "anna@shop.example", MOMENT)
        contacts.export(session, one)
        profiles.unlink(session, one, "anna@shop.example", MOMENT)
        contacts.erase(session, one, "anna@shop.example", MOMENT)
        assert retention.remove_conversations(session, MOMENT + timedelta(days=9000), MOMENT) == 3
    assert scans(runtime.engine, statements) == []
    with reading(runtime.sessions) as session:
        assert session.scalars(select(Contact)).all() == []


def test_the_page_of_accounts_reads_no_webhook_bodies(runtime: Runtime) -> None:
    with listening(runtime.engine) as statements, reading(runtime.sessions) as session:
        pushes(session, MOMENT)
    plans = []
    with runtime.engine.connect() as connection:
        for text, values in statements:
            if "FROM pushes" in text:
                plans += [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
    assert plans
    assert all("COVERING INDEX ix_pushes_received" in plan for plan in plans if "pushes" in plan), plans


def test_what_is_asked_for_a_batch_reads_no_reply_of_other_conversations(runtime: Runtime) -> None:
    """Every reply ever sent has the state `sent`: by the index of states all of them would be read for each batch."""
    with writing(runtime.sessions) as session:
        messages = session.scalars(select(Message)).all()
        conversations = session.scalars(select(Conversation)).all()
        with listening(runtime.engine) as statements:
            ways.situations(session, conversations, runtime.clock(), human=True)
            automation.look_around(session, messages, NO_BEHAVIOUR, runtime.clock())
        asked = [(text, values) for text, values in statements if "FROM outbox" in text]
        plans = [
            session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all() for text, values in asked
        ]
    assert len(conversations) == 3
    assert len(plans) == 4
    assert [row[3] for plan in plans for row in plan if "ix_outbox_state" in row[3]] == []


def test_a_scan_would_be_found(runtime: Runtime) -> None:
    assert scans(runtime.engine, [("SELECT * FROM messages WHERE text = 'x'", ())])
    assert scans(runtime.engine, [("SELECT * FROM messages WHERE id = 1", ())]) == []
