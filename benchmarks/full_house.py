"""A made-up shop with as many conversations as wanted, and a runtime on it. Seeded: the same shop each time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from connectors import REGISTRY
from inbox import access
from inbox.db import writing
from inbox.models import Account, Contact, Conversation, ConversationLabel, Message, Subject, User
from inbox.process import build
from inbox.runtime import Runtime
from inbox.settings import InboxSettings, PlaybookSettings, Settings

NOW = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)
NOT_WAITING = 2 * 10**11
CHANNELS = ("facebook", "instagram", "twitter")
LABELS = ("complaint", "praise", "order-status", "product-safety")
TEXT = (
    "Guten Tag, wo bleibt mein Paket? Seit Tagen keine Antwort, bitte um Rückmeldung. Hello, is the kettle back in "
    "stock? Vielen Dank für die schnelle Hilfe! Die Größe passt leider nicht, wie kann ich umtauschen?"
)
WORDS = TEXT.split()
PLAYBOOK = """
teams:
  social: {members: [anna@shop.example]}
hours:
  support: {open: {mon-fri: ["08:30-17:30"]}, holidays: [AT]}
targets:
  - {when: {visibility: public}, first_response: 1h, next_response: 2h, hours: support}
"""


def open_house(folder: Path, conversations: int, messages_each: int) -> Runtime:
    """A runtime on a new SQLite database with so many conversations; 3 % wait, 7 % are open or pending besides."""
    rules = folder / "rules"
    rules.mkdir()
    (rules / "00_basics.yml").write_text(PLAYBOOK, "utf-8")
    settings = Settings(
        inbox=InboxSettings(database=f"sqlite:///{folder / 'house.db'}"), playbook=PlaybookSettings(directory=rules)
    )
    runtime = build(settings, REGISTRY, lambda: NOW)
    fill(runtime, conversations, messages_each)
    return runtime


def fill(runtime: Runtime, conversations: int, messages_each: int) -> None:
    """Writes accounts, people, conversations and messages, in batches."""
    dice = random.Random(11)
    with writing(runtime.sessions) as session:
        access.add_user(session, "anna@shop.example", "obviously-not-secret", "admin", NOW)
        access.add_user(session, "ben@shop.example", "obviously-not-secret", "agent", NOW)
        accounts = [
            Account(
                name=f"shop-{channel}", channel=channel, external_id=channel, connected_at=NOW - timedelta(days=900),
                history_since=NOW - timedelta(days=930), quotas=[],
            )
            for channel in CHANNELS
        ]  # fmt: skip
        session.add_all(accounts)
        session.flush()
        users = [user.id for user in session.query(User)]
        for account in accounts:
            session.add_all(
                Subject(account_id=account.id, external_id=f"post {number}", text=sentence(dice), last_activity_at=NOW)
                for number in range(20)
            )
    step = 5_000
    for first in range(0, conversations, step):
        numbers = range(first, min(first + step, conversations))
        with writing(runtime.sessions) as session:
            session.execute(insert(Contact), [contact(number) for number in numbers])
            rows = [conversation(number, dice, users) for number in numbers]
            session.execute(insert(Conversation), rows)
            labels = [
                {"label": dice.choice(LABELS), "conversation_id": row["id"]} for row in rows if dice.random() < 0.3
            ]
            session.execute(insert(ConversationLabel), labels)
            session.execute(insert(Message), [each for row in rows for each in messages(row, messages_each, dice)])


def sentence(dice: random.Random) -> str:
    """Eight to thirty words."""
    return " ".join(dice.choices(WORDS, k=dice.randrange(8, 30)))


def contact(number: int) -> dict[str, Any]:
    """One person for each conversation."""
    return {
        "id": number + 1,
        "account_id": number % 3 + 1,
        "external_id": f"person {number}",
        "name": f"Jana Müller-Lüdenscheidt {number}",
        "handle": f"jana{number}",
        "created_at": NOW,
    }


def conversation(number: int, dice: random.Random, users: list[int]) -> dict[str, Any]:
    """One conversation; the newest have the highest numbers."""
    chance = dice.random()
    status = "open" if chance < 0.06 else "pending" if chance < 0.10 else "snoozed" if chance < 0.11 else "resolved"
    last = NOW - timedelta(minutes=dice.randrange(1, 1_200_000))
    waiting = NOW - timedelta(minutes=dice.randrange(1, 600)) if chance < 0.03 else None
    due = waiting + timedelta(minutes=dice.randrange(60, 700)) if waiting else None
    kind = dice.choice(("comment", "comment", "mention", "direct_message"))
    return {
        "id": number + 1,
        "account_id": number % 3 + 1,
        "channel": CHANNELS[number % 3],
        "external_id": f"thread {number}",
        "kind": kind,
        "visibility": "private" if kind == "direct_message" else "public",
        "status": status,
        "severity": dice.choices(("none", "watch", "urgent", "crisis"), (80, 15, 4, 1))[0],
        "contact_id": number + 1,
        "subject_id": dice.randrange(1, 61) if number % 3 else None,
        "preview": sentence(dice)[:140],
        "last_message_at": waiting or last,
        "waiting_since": waiting,
        "due_at": due,
        "clock_kind": "first_response" if waiting else None,
        "queue_position": int(due.timestamp()) if due else NOT_WAITING - int(last.timestamp()),
        "assignee_id": dice.choice([None, *users]),
        "unread": int(waiting is not None),
        "open_suggestions": int(waiting is not None and dice.random() < 0.3),
    }


def messages(row: dict[str, Any], count: int, dice: random.Random) -> Iterator[dict[str, Any]]:
    """The thread of one conversation, the customer's and ours by turns."""
    for number in range(count):
        at = row["last_message_at"] - timedelta(minutes=7 * (count - number - 1))
        yield {
            "account_id": row["account_id"],
            "conversation_id": row["id"],
            "external_id": f"{row['external_id']} {number}",
            "direction": "outbound" if number % 2 else "inbound",
            "origin": "agent" if number % 2 else "customer",
            "visibility": row["visibility"],
            "text": sentence(dice),
            "sent_at": at,
            "received_at": at,
            "contact_id": None if number % 2 else row["contact_id"],
            "attachments": [],
            "triaged_at": at,
        }
