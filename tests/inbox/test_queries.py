"""Lists and details, held against the plain way of computing the same."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from inbox.db import is_sqlite, reading, writing
from inbox.errors import NotThere, Refusal
from inbox.models import (
    Account,
    Contact,
    Conversation,
    ConversationLabel,
    EarlierText,
    Event,
    Message,
    MessageDecision,
    OutboxItem,
    Stream,
    Suggestion,
    User,
)
from inbox.queries.accounts import lag_seconds
from inbox.queries.clocks import clock as clock_of
from inbox.queries.clocks import is_overdue, is_soon, moments
from inbox.queries.conversation import MOST_MESSAGES, conversation
from inbox.queries.conversations import STATUSES, Filters, conversation_counts, conversations
from inbox.queries.cursors import decode
from inbox.queries.house import labels_in_use
from inbox.queries.outbox import outbox
from inbox.queries.queues import QUEUES, queue_counts, queue_filters
from inbox.queries.suggestions import suggestions
from inbox.queries.timeline import events_since, latest_event_id
from inbox.runtime import Sessions
from tests.inbox.rows import MOMENT, add_account, add_conversation, add_message

NOT_WAITING = 2 * 10**11
SEVERITIES = ("none", "watch", "urgent", "crisis")


def fill(session: Session, count: int, seed: int) -> None:
    """A house full of conversations of every sort, the same for the same seed."""
    chance = random.Random(seed)
    channels = {"shop-facebook": "facebook", "shop-x": "twitter", "shop-x-2": "twitter"}
    accounts = [
        add_account(session, name=name, channel=channel, external_id=name) for name, channel in channels.items()
    ]
    users = [User(email=f"{name}@shop.example", password_hash="-", role="agent", created_at=MOMENT) for name in "ab"]
    session.add_all(users)
    session.flush()
    for number in range(count):
        account = chance.choice(accounts)
        waiting = MOMENT - timedelta(minutes=chance.randrange(300)) if chance.random() < 0.5 else None
        due = waiting + timedelta(minutes=chance.randrange(20, 600)) if waiting and chance.random() < 0.9 else None
        last = MOMENT - timedelta(minutes=chance.randrange(100))
        kind = chance.choice(("comment", "mention", "direct_message"))
        row = add_conversation(
            session,
            f"thread {number}",
            account_id=account.id,
            channel=account.channel,
            kind=kind,
            visibility="private" if kind == "direct_message" else "public",
            status=chance.choice(STATUSES),
            severity=chance.choice(SEVERITIES),
            assignee_id=chance.choice([None, *(user.id for user in users)]),
            team=chance.choice([None, "social"]),
            waiting_since=waiting,
            due_at=due,
            clock_kind="first_response" if waiting else None,
            last_message_at=last,
            queue_position=int(due.timestamp()) if due else NOT_WAITING - int(last.timestamp()),
            open_suggestions=chance.randrange(2),
            held_replies=chance.randrange(2),
        )
        for label in ("complaint", "praise"):
            if chance.random() < 0.4:
                session.add(ConversationLabel(label=label, conversation_id=row.id))
    session.flush()


FILTERS: dict[str, tuple[Filters, Callable[[Conversation, dict[int, Any]], bool]]] = {
    "everything": (Filters(), lambda row, _: True),
    "one status": (Filters(status=("open",)), lambda row, _: row.status == "open"),
    "two statuses": (Filters(status=("open", "pending")), lambda row, _: row.status in ("open", "pending")),
    "channel": (Filters(channel=("twitter",)), lambda row, _: row.channel == "twitter"),
    "account and status": (
        Filters(account=("shop-x", "shop-facebook"), status=("open",)),
        lambda row, known: known[row.account_id] in ("shop-x", "shop-facebook") and row.status == "open",
    ),
    "unknown account": (Filters(account=("shop-none",)), lambda row, _: False),
    "kind": (Filters(kind=("mention", "comment")), lambda row, _: row.kind in ("mention", "comment")),
    "visibility": (Filters(visibility=("private",)), lambda row, _: row.visibility == "private"),
    "severity": (Filters(severity=("urgent", "crisis")), lambda row, _: row.severity in ("urgent", "crisis")),
    "assignee": (
        Filters(assignee="A@shop.example"),
        lambda row, known: row.assignee_id is not None and known[-row.assignee_id] == "a@shop.example",
    ),
    "unknown assignee": (Filters(assignee="z@shop.example"), lambda row, _: False),
    "nobody": (Filters(assignee="none", status=("open",)), lambda row, _: not row.assignee_id and row.status == "open"),
    "team": (Filters(assignee="social"), lambda row, _: row.team == "social"),
    "suggestions": (Filters(with_suggestions=True), lambda row, _: row.open_suggestions > 0),
    "held, on X": (
        Filters(with_held_replies=True, channel=("twitter",)),
        lambda row, _: row.held_replies > 0 and row.channel == "twitter",
    ),
    "overdue": (
        Filters(due="overdue"),
        lambda row, _: row.due_at is not None and row.due_at <= MOMENT and row.status != "resolved",
    ),
    "soon": (
        Filters(due="soon", status=("open", "pending")),
        lambda row, _: (
            row.status in ("open", "pending")
            and clock_of(row.status, row.clock_kind, row.waiting_since, row.due_at, MOMENT).state == "soon"
        ),
    ),
}


def walk(session: Session, filters: Filters, sort: Any, limit: int) -> list[int]:
    ids: list[int] = []
    cursor = None
    while True:
        page = conversations(session, filters, MOMENT, sort=sort, cursor=cursor, limit=limit)
        assert len(page.items) <= limit
        ids += [row.id for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


@pytest.fixture
def house(sessions: Sessions) -> Sessions:
    with writing(sessions) as session:
        fill(session, 160, seed=7)
    return sessions


@pytest.mark.parametrize("sort", ["due", "newest"])
@pytest.mark.parametrize("name", FILTERS)
def test_every_filter_page_by_page_is_the_plain_answer(house: Sessions, name: str, sort: str) -> None:
    filters, fits = FILTERS[name]
    with reading(house) as session:
        known: dict[int, Any] = {row.id: row.name for row in session.scalars(select(Account))}
        known |= {-row.id: row.email for row in session.scalars(select(User))}
        rows = [row for row in session.scalars(select(Conversation)) if fits(row, known)]
        if sort == "due":
            rows.sort(key=lambda row: (row.queue_position, row.id))
        else:
            rows.sort(key=lambda row: (row.last_message_at, row.id), reverse=True)
        expected = [row.id for row in rows]
        assert walk(session, filters, sort, 7) == expected
        assert walk(session, filters, sort, 200) == expected
        assert conversation_counts(session, [filters], MOMENT, at_most=10) == [min(10, len(expected))]
    assert bool(expected) == (not name.startswith("unknown"))


def test_labels_are_filtered_and_shown(house: Sessions) -> None:
    with reading(house) as session:
        both = conversations(session, Filters(label=("complaint", "praise")), MOMENT, limit=200).items
        one = conversations(session, Filters(label=("complaint",)), MOMENT, limit=200).items
        assert labels_in_use(session) == ["complaint", "praise"]
    assert both
    assert all(row.labels == ["complaint", "praise"] for row in both)
    assert len(one) > len(both)
    assert {row.id for row in both} == {row.id for row in one if "praise" in row.labels}


@pytest.mark.parametrize("sort", ["due", "newest"])
def test_common_and_rare_labels_page_alike(sessions: Sessions, sort: Any) -> None:
    """One label on most conversations, one on few: read in different ways, the answer is the same."""
    with writing(sessions) as session:
        rows = [
            add_conversation(
                session,
                f"thread {number}",
                queue_position=number * 7919 % 640,
                last_message_at=MOMENT + timedelta(seconds=number * 31 % 640),
                status="open" if number % 2 else "resolved",
            )
            for number in range(640)
        ]
        session.add_all(ConversationLabel(label="common", conversation_id=row.id) for row in rows[:620])
        session.add_all(ConversationLabel(label="rare", conversation_id=row.id) for row in rows[::9])
    with reading(sessions) as session:
        for label, wanted in (("common", rows[:620]), ("rare", rows[::9])):
            fitting = [row for row in wanted if row.status == "open"]
            if sort == "due":
                fitting.sort(key=lambda row: (row.queue_position, row.id))
            else:
                fitting.sort(key=lambda row: (row.last_message_at, row.id), reverse=True)
            filters = Filters(label=(label,), status=("open",))
            assert walk(session, filters, sort, 50) == [row.id for row in fitting]
        assert walk(session, Filters(label=("unknown",)), sort, 50) == []
        both = walk(session, Filters(label=("common", "rare")), sort, 50)
        assert set(both) == {row.id for row in rows[:620]} & {row.id for row in rows[::9]}


def test_a_conversation_that_moves_while_one_pages_is_not_shown_twice(house: Sessions) -> None:
    with writing(house) as session:
        first = conversations(session, Filters(), MOMENT, limit=10)
        moved = session.get_one(Conversation, first.items[0].id)
        moved.queue_position -= 1000
        session.flush()
        second = conversations(session, Filters(), MOMENT, cursor=first.next_cursor, limit=10)
    assert not {row.id for row in first.items} & {row.id for row in second.items}


def test_queues_count_what_they_list_and_stop_at_a_hundred(house: Sessions) -> None:
    with reading(house) as session:
        counts = {entry.queue: entry for entry in queue_counts(session, "a@shop.example", MOMENT)}
        assert tuple(counts) == QUEUES
        for queue in QUEUES:
            listed = walk(session, queue_filters(queue, "a@shop.example"), "due", 200)
            assert counts[queue].count == min(100, len(listed))
            assert counts[queue].capped == (len(listed) >= 100)
            assert counts[queue].count > 0


@pytest.mark.parametrize("cursor", ["x", "äöü", "eyJ4IjoxfQ", "W10", "AAAA", "[1,2,3]"])
def test_a_cursor_that_is_not_ours_is_refused(house: Sessions, cursor: str) -> None:
    with reading(house) as session, pytest.raises(Refusal) as refused:
        conversations(session, Filters(), MOMENT, cursor=cursor)
    assert refused.value.status == 422


def test_a_cursor_of_another_order_is_refused(house: Sessions) -> None:
    with reading(house) as session:
        cursor = conversations(session, Filters(), MOMENT, sort="due", limit=5).next_cursor
        assert cursor is not None
        with pytest.raises(Refusal):
            conversations(session, Filters(), MOMENT, sort="newest", cursor=cursor)


@given(st.text(max_size=60))
def test_no_text_is_a_cursor_by_accident(written: str) -> None:
    if written:
        with pytest.raises(Refusal):
            decode(written, "due")


def test_clocks_say_the_same_in_python_and_in_the_database(house: Sessions) -> None:
    with reading(house) as session:
        for minutes in range(0, 700, 13):
            now = MOMENT + timedelta(minutes=minutes)
            rows = list(session.scalars(select(Conversation).where(Conversation.status != "resolved")))
            states = {
                row.id: clock_of(row.status, row.clock_kind, row.waiting_since, row.due_at, now).state for row in rows
            }
            for state, condition in (("overdue", is_overdue()), ("soon", is_soon())):
                found = set(
                    session.scalars(
                        select(Conversation.id).where(condition, Conversation.status != "resolved"), moments(now)
                    )
                )
                assert found == {key for key, each in states.items() if each == state}


@pytest.mark.parametrize(
    ("given_minutes", "left_minutes", "state"),
    [
        (60, 14, "soon"),
        (60, 16, "running"),
        (120, 29, "soon"),
        (120, 31, "running"),
        (960, 59, "soon"),
        (960, 61, "running"),
        (60, 0, "overdue"),
        (60, -1, "overdue"),
    ],
)
def test_when_soon_begins(given_minutes: int, left_minutes: int, state: str) -> None:
    due = MOMENT + timedelta(minutes=left_minutes)
    since = due - timedelta(minutes=given_minutes)
    assert clock_of("open", "first_response", since, due, MOMENT).state == state
    assert clock_of("resolved", "first_response", since, due, MOMENT).state == "none"
    assert clock_of("open", None, None, None, MOMENT).state == "none"


def test_lists_are_read_from_indexes(house: Sessions) -> None:
    """On SQLite, which tells its plan: the page of every queue is found on an index, in its order."""
    with reading(house) as session:
        if not is_sqlite(session):
            pytest.skip("only SQLite's plan is looked at")
        session.execute(text("PRAGMA automatic_index = OFF"))
        seen: list[tuple[str, Any]] = []
        event.listen(
            session.get_bind(),
            "before_cursor_execute",
            lambda connection, cursor, statement, parameters, context, many: seen.append((statement, parameters)),
        )
        for queue in QUEUES:
            seen.clear()
            conversations(session, queue_filters(queue, "a@shop.example"), MOMENT, limit=50)
            statement, parameters = next(one for one in seen if "queue_position" in one[0])
            connection = session.connection()
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            read = [line for line in plan if "conversations" in line]
            assert read, queue
            assert all("USING" in line and "INDEX" in line for line in read), (queue, plan)
            assert all("ORDER BY" not in line for line in plan[: plan.index(read[-1])]), (queue, plan)


# -- one conversation ------------------------------------------------------------------------------------------------


def a_complaint_with_everything(sessions: Sessions) -> tuple[int, int]:
    """The numbers of a public conversation that has some of everything, and of its private thread."""
    with writing(sessions) as session:
        account = add_account(session)
        jana = Contact(account_id=account.id, external_id="p1", name="Jana Müller", handle="jana", created_at=MOMENT)
        session.add(jana)
        session.flush()
        public = add_conversation(session, "post", contact_id=jana.id)
        private = add_conversation(session, "dm", visibility="private", linked_conversation_id=public.id)
        question = add_message(session, "Wo ist mein Paket? 📦", "m1", contact_id=jana.id)
        answer = add_message(
            session,
            "Wir schauen nach.",
            "m2",
            direction="outbound",
            origin="agent",
            sent_at=MOMENT + timedelta(minutes=5),
        )
        session.add_all(
            [
                EarlierText(message_id=question.id, text="Wo is mein Paket", replaced_at=MOMENT),
                MessageDecision(
                    message_id=question.id,
                    playbook="abc",
                    rules=["order-status"],
                    undecided=[],
                    severity="watch",
                    complaint="possible",
                    score=2.0,
                    why=["rule order-status applied"],
                    answers=[],
                ),
                Suggestion(
                    conversation_id=public.id,
                    message_id=question.id,
                    kind="move_to_private",
                    template="complaint-to-private",
                    rule="public-complaint",
                    place="50_service.yml:3",
                    playbook="abc",
                    way="private_reply",
                    text="Liebe Jana",
                    why=["because"],
                    spans=[[0, 2]],
                    points=[],
                    created_at=MOMENT,
                ),
                an_item(public, "k1", state="sent", message_id=answer.id, author="anna@shop.example"),
                an_item(public, "k2", state="failed", reason="The window has closed."),
                an_item(public, "k3", state="cancelled"),
                Event(kind="assigned", at=MOMENT, conversation_id=public.id, actor="anna@shop.example", data={}),
            ]
        )
        return public.id, private.id


def test_one_conversation_with_everything(sessions: Sessions) -> None:
    public, private = a_complaint_with_everything(sessions)
    with reading(sessions) as session:
        found = conversation(session, public, MOMENT)
        back = conversation(session, private, MOMENT)
        with pytest.raises(NotThere):
            conversation(session, 999, MOMENT)
    assert [message.text for message in found.messages] == ["Wo ist mein Paket? 📦", "Wir schauen nach."]
    first, second = found.messages
    assert (first.author.name, first.author.handle) == ("Jana Müller", "jana")
    assert [earlier.text for earlier in first.earlier_texts] == ["Wo is mein Paket"]
    assert first.decision is not None
    assert first.decision.rules == ["order-status"]
    assert first.delivery is None
    assert second.delivery is not None
    assert second.delivery.state == "sent"
    assert second.author.name == "anna@shop.example"
    assert [(item.client_key, item.reason) for item in found.outbox] == [("k2", "The window has closed.")]
    assert [entry.template for entry in found.suggestions] == ["complaint-to-private"]
    assert found.suggestions[0].message_text == "Wo ist mein Paket? 📦"
    assert [linked.id for linked in found.linked] == [private]
    assert [linked.id for linked in back.linked] == [public]
    assert [entry.kind for entry in found.events] == ["assigned"]
    assert found.conversation.contact.name == "Jana Müller"


def an_item(row: Conversation, client_key: str, **columns: Any) -> OutboxItem:
    values: dict[str, Any] = {
        "account_id": row.account_id,
        "conversation_id": row.id,
        "client_key": client_key,
        "text": "Hallo",
        "way": "public_reply",
        "visibility": "public",
        "origin": "agent",
        "created_at": MOMENT,
        "not_before": MOMENT,
    }
    return OutboxItem(**{**values, **columns})


def test_older_messages_come_page_by_page(sessions: Sessions) -> None:
    total = 2 * MOST_MESSAGES + 11
    with writing(sessions) as session:
        row = add_conversation(session)
        for number in range(total):
            add_message(session, f"message {number}", sent_at=MOMENT + timedelta(seconds=number // 3))
    texts: list[str] = []
    before = None
    with reading(sessions) as session:
        for _ in range(3):
            found = conversation(session, row.id, MOMENT, before=before)
            texts = [message.text for message in found.messages] + texts
            before = found.older_before
        with pytest.raises(NotThere):
            conversation(session, row.id, MOMENT, before=10**9)
    assert before is None
    assert texts == [f"message {number}" for number in range(total)]


def test_found_words_lead_to_each_conversation_once_newest_first(sessions: Sessions) -> None:
    with writing(sessions) as session:
        rows = [add_conversation(session, f"thread {number}", status="open") for number in range(9)]
        rows[4].status = "resolved"
        for number in range(27):
            row = rows[number % 9]
            add_message(session, f"Paket {number}", f"m{number}", conversation_id=row.id, account_id=row.account_id)
        add_message(session, "ganz etwas anderes", "x", conversation_id=rows[0].id)
    with reading(sessions) as session:
        assert walk(session, Filters(q="paket"), "due", 4) == [row.id for row in reversed(rows)]
        open_ones = [row.id for row in reversed(rows) if row.id != rows[4].id]
        assert walk(session, Filters(q="PAKET", status=("open",)), "newest", 4) == open_ones
        assert walk(session, Filters(q="Rechnung"), "due", 4) == []
        assert walk(session, Filters(q="paket", account=("none",)), "due", 4) == []


# -- the rest --------------------------------------------------------------------------------------------------------


def test_outbox_and_suggestions_page_by_page(sessions: Sessions) -> None:
    with writing(sessions) as session:
        row = add_conversation(session)
        message = add_message(session, "Hallo")
        for number in range(12):
            session.add(an_item(row, f"k{number}", state="sent" if number % 2 else "queued"))
            session.add(
                Suggestion(
                    conversation_id=row.id,
                    message_id=message.id,
                    kind="reply",
                    template=f"t{number}",
                    rule="r",
                    playbook="abc",
                    way="public_reply",
                    text="Hallo",
                    why=[],
                    status="dismissed" if number % 3 == 0 else "open",
                    created_at=MOMENT,
                )
            )
    with reading(sessions) as session:
        keys, cursor = [], None
        while True:
            page = outbox(session, state="sent", cursor=cursor, limit=4)
            keys += [item.client_key for item in page.items]
            if (cursor := page.next_cursor) is None:
                break
        assert keys == ["k11", "k9", "k7", "k5", "k3", "k1"]
        templates, cursor = [], None
        while True:
            found = suggestions(session, cursor=cursor, limit=3)
            templates += [entry.template for entry in found.items]
            if (cursor := found.next_cursor) is None:
                break
        assert templates == ["t1", "t2", "t4", "t5", "t7", "t8", "t10", "t11"]
        assert [entry.template for entry in suggestions(session, status="dismissed").items] == ["t9", "t6", "t3", "t0"]


def test_live_pages_follow_events(sessions: Sessions) -> None:
    with writing(sessions) as session:
        assert latest_event_id(session) == 0
        session.add_all([Event(kind=f"kind {number}", at=MOMENT, data={}) for number in range(5)])
    with reading(sessions) as session:
        newest = latest_event_id(session)
        assert [entry.kind for entry in events_since(session, newest - 2)] == ["kind 3", "kind 4"]
        assert events_since(session, newest) == []


def stream(every: float, caught_up_at: datetime | None, active: bool = True) -> Stream:
    return Stream(name="s", every_seconds=every, caught_up_at=caught_up_at, active=active, next_poll_at=MOMENT)


def test_lag_is_the_slowest_streams_without_its_leisure() -> None:
    ago = MOMENT - timedelta(hours=1)
    assert lag_seconds(ago, [], MOMENT) is None
    assert lag_seconds(ago, [stream(60, MOMENT - timedelta(seconds=30))], MOMENT) == 30
    leisurely = stream(600, MOMENT - timedelta(seconds=500))
    assert lag_seconds(ago, [stream(60, MOMENT), leisurely], MOMENT) == 0
    assert lag_seconds(ago, [stream(60, None)], MOMENT) == 3600
    assert lag_seconds(ago, [stream(60, MOMENT), stream(60, None, active=False)], MOMENT) == 0


def test_a_message_that_was_deleted_has_no_text(sessions: Sessions) -> None:
    with writing(sessions) as session:
        row = add_conversation(session)
        message = add_message(session, "weg")
        session.get_one(Message, message.id).text = ""
        session.get_one(Message, message.id).deleted_at = MOMENT
    with reading(sessions) as session:
        shown = conversation(session, row.id, MOMENT).messages[0]
    assert (shown.text, shown.deleted_at) == ("", MOMENT)
