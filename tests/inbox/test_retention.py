"""What is too old goes whole, and what somebody still needs stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from inbox.db import reading, writing
from inbox.models import (
    Arrivals,
    Base,
    Contact,
    Conversation,
    ConversationLabel,
    EarlierText,
    Event,
    Message,
    MessageDecision,
    MessageLabel,
    Note,
    OutboxItem,
    Push,
    SignInAttempt,
    Suggestion,
)
from inbox.retention import remove_conversations, retire_one
from inbox.runtime import Runtime
from inbox.search import matching
from tests.inbox.rows import MOMENT, add_account, add_conversation, add_message
from tests.inbox.shop import open_runtime
from tests.stepped_clock import SteppedClock

LATER = MOMENT + timedelta(days=400)
YEAR_BEFORE = LATER - timedelta(days=365)


def furnish(session: Session) -> Conversation:
    """A conversation with one row of everything that hangs on it."""
    account = add_account(session)
    person = Contact(account_id=account.id, external_id="p1", name="Jana", created_at=MOMENT)
    session.add(person)
    session.flush()
    row = add_conversation(session, contact_id=person.id)
    message = add_message(session, "Wo ist mein Paket?", contact_id=person.id)
    session.add_all(
        [
            EarlierText(message_id=message.id, text="Wo?", replaced_at=MOMENT),
            MessageDecision(
                message_id=message.id, playbook="x", rules=[], undecided=[], severity="none", complaint="none", score=0,
                why=[],
                answers=[],
            ),
            MessageLabel(message_id=message.id, label="complaint", at=MOMENT, account_id=account.id),
            ConversationLabel(label="complaint", conversation_id=row.id),
            Note(conversation_id=row.id, text="Stammkundin", created_at=MOMENT),
            Suggestion(
                conversation_id=row.id, message_id=message.id, kind="reply", template="t", rule="r", playbook="x",
                way="public_reply", text="", why=[], created_at=MOMENT,
            ),
            OutboxItem(
                account_id=account.id, conversation_id=row.id, client_key="k", text="Danke", way="public_reply",
                visibility="public", origin="agent", state="sent", created_at=MOMENT, not_before=MOMENT,
            ),
            Event(kind="assigned", at=MOMENT, conversation_id=row.id),
        ]
    )  # fmt: skip
    session.flush()
    return row


def test_an_old_conversation_goes_with_everything_in_it(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        furnish(session)
    with writing(sessions) as session:
        assert remove_conversations(session, YEAR_BEFORE, LATER) == 1
        assert remove_conversations(session, YEAR_BEFORE, LATER) == 0
    with reading(sessions) as session:
        left = {
            table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        }
        assert {name: count for name, count in left.items() if count} == {"accounts": 1, "events": 1}
        assert session.scalars(select(Event)).one().kind == "conversations_retired"
        assert matching(session, "paket", limit=1) == []


@pytest.mark.parametrize(
    "kept",
    [
        {"last_message_at": YEAR_BEFORE},
        {"legal_hold": True},
        {"waiting_since": MOMENT},
        {"snoozed_until": LATER},
    ],
)
def test_what_somebody_still_needs_stays(sessions: sessionmaker[Session], kept: dict[str, object]) -> None:
    with writing(sessions) as session:
        furnish(session)
        session.execute(update(Conversation).values(**kept))
    with writing(sessions) as session:
        assert remove_conversations(session, YEAR_BEFORE, LATER) == 0


@pytest.mark.parametrize("state", ["queued", "sending", "unknown"])
def test_a_reply_on_its_way_keeps_its_conversation(sessions: sessionmaker[Session], state: str) -> None:
    with writing(sessions) as session:
        furnish(session)
        session.execute(update(OutboxItem).values(state=state))
    with writing(sessions) as session:
        assert remove_conversations(session, YEAR_BEFORE, LATER) == 0


def test_an_opt_out_outlives_the_history(sessions: sessionmaker[Session]) -> None:
    with writing(sessions) as session:
        furnish(session)
        session.execute(update(Contact).values(opted_out_at=MOMENT))
    with writing(sessions) as session:
        assert remove_conversations(session, YEAR_BEFORE, LATER) == 1
    with reading(sessions) as session:
        assert session.scalars(select(Contact)).one().opted_out_at == MOMENT


@pytest.fixture
def shop(database_url: str, tmp_path: Path, clock: SteppedClock) -> Runtime:
    return open_runtime(database_url, tmp_path, clock)


def test_the_daemon_keeps_conversations_for_ever_unless_told_otherwise(shop: Runtime, clock: SteppedClock) -> None:
    with writing(shop.sessions) as session:
        furnish(session)
        account = session.scalars(select(Conversation)).one().account_id
        now = clock()
        session.add_all(
            [
                Push(account_id=account, received_at=now, body=b"read", digest="1", processed_at=now),
                Push(account_id=account, received_at=now, body=b"unread", digest="2"),
                SignInAttempt(email="a@shop.example", address="127.0.0.1", at=now),
                Arrivals(account_id=account, hour="2026-11-10T09", count=3),
            ]
        )
    assert not retire_one(shop)
    clock.advance(days=8)
    rounds = 0
    while retire_one(shop):
        rounds += 1
        assert rounds < 20
    with reading(shop.sessions) as session:
        assert session.scalars(select(Push.body)).all() == [b"unread"]
        assert session.scalars(select(SignInAttempt)).all() == []
        assert len(session.scalars(select(Arrivals)).all()) == 1
    clock.advance(days=800)
    while retire_one(shop):
        pass
    with reading(shop.sessions) as session:
        assert len(session.scalars(select(Message)).all()) == 1
        assert session.scalars(select(Arrivals)).all() == []
        assert session.scalars(select(Event).where(Event.at < clock() - timedelta(days=730))).all() == []
    shop.engine.dispose()
