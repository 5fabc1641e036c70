"""A shop's inbox in one process, without platforms: the runtime, and a client that speaks HTTP to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from connectors import REGISTRY
from inbox import access
from inbox.clock import Clock
from inbox.db import open_engine, session_factory, writing
from inbox.models import Contact, Conversation, Message
from inbox.process import build
from inbox.runtime import Runtime
from inbox.settings import InboxSettings, PlaybookSettings, Settings, WebSettings
from inbox.web.app import create_app
from tests.inbox.rows import MOMENT, add_account, add_conversation

PLAYBOOK = """
teams:
  social: {members: [anna@shop.example]}
hours:
  support: {open: {mon-fri: ["08:30-17:30"]}, holidays: [AT]}
targets:
  - {when: {visibility: public}, first_response: 1h, next_response: 2h, hours: support}
  - {when: {visibility: private}, first_response: 2h, next_response: 4h, hours: support}
"""
HOME = "http://127.0.0.1:8080"


def open_runtime(database_url: str, folder: Path, clock: Clock, **web: Any) -> Runtime:
    """A runtime on a migrated database, with a small playbook in `folder`. Close its engine at the end."""
    rules, templates = folder / "rules", folder / "templates"
    rules.mkdir()
    templates.mkdir()
    (rules / "00_basics.yml").write_text(PLAYBOOK, "utf-8")
    settings = Settings(
        inbox=InboxSettings(database=database_url),
        web=WebSettings(**web),
        playbook=PlaybookSettings(directory=rules, templates=templates),
    )
    return build(settings, REGISTRY, clock)


def with_a_broken_database(runtime: Runtime, folder: Path) -> Runtime:
    """The same runtime, its database without a single table."""
    engine = open_engine(f"sqlite:///{folder / 'broken.db'}")
    return replace(runtime, engine=engine, sessions=session_factory(engine))


def client_of(runtime: Runtime, token: str | None = None) -> TestClient:
    """Speaks HTTP to the application; with a token it sends it along."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return TestClient(
        create_app(runtime), base_url=HOME, headers=headers, follow_redirects=False, raise_server_exceptions=False
    )


def token_for(runtime: Runtime, role: str = "manager") -> str:
    """A token of that role, named after it."""
    with writing(runtime.sessions) as session:
        return access.add_token(session, f"script of a {role}", role, runtime.clock())


def add_comment(runtime: Runtime, text: str = "Wo ist mein Paket?", number: int = 1, **columns: Any) -> int:
    """A conversation with one public comment under a post of our Facebook page; returns its id."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        known = session.query(Conversation).first()
        account_id = known.account_id if known else add_account(session, name="shop-facebook").id
        person = Contact(account_id=account_id, external_id=f"p{number}", name="Jana Müller", created_at=MOMENT)
        session.add(person)
        session.flush()
        row = add_conversation(
            session, f"10_{number}", account_id=account_id, contact_id=person.id, status="open",
            last_message_at=now, last_inbound_at=now, waiting_since=now, due_at=now + timedelta(hours=1),
            clock_kind="first_response", preview=text, unread=1, **columns,
        )  # fmt: skip
        session.add(
            Message(
                account_id=account_id, conversation_id=row.id, external_id=f"10_{number}", direction="inbound",
                origin="customer", visibility="public", text=text, sent_at=now, received_at=now,
                contact_id=person.id, triaged_at=now, can_reply_privately=True,
            )
        )  # fmt: skip
        return row.id
