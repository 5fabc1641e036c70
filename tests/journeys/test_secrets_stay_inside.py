"""A platform that repeats our own secrets in everything it says: none of them is logged, stored, shown or exported."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import select

from connectors import REGISTRY
from inbox import access, contacts, inspection, logins, logs, process, replies, settings, work
from inbox.db import reading, writing
from inbox.models import Account, Base, Contact, Message
from inbox.runtime import Runtime
from inbox.web.app import create_app
from tests.inbox.rows import add_conversation, add_message
from tests.stepped_clock import SteppedClock

SECRETS = {
    "access_token": "EAAfakeButSecretToken0123456789",
    "app_secret": "fake-but-secret-app-0123456789",
    "verify_token": "fake-but-secret-verify-0123",
    "consumer_key": "fakeButSecretConsumerKey01",
    "consumer_secret": "fakeButSecretConsumerSecret01",
    "access_token_secret": "fakeButSecretAccessTokenSecret01",
}
OF_META = ("access_token", "app_secret", "verify_token")
OF_X = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
CHANNELS = {"facebook": OF_META, "instagram": OF_META, "twitter": OF_X}


class Parrot(BaseHTTPRequestHandler):
    """Fails in every way in turn, and says back what it was told and all secrets there are."""

    statuses = cycle((500, 201, 400, 401, 201, 503, 200, 201, 403, 429))
    """201: a list as it should be, in which somebody has written the account's own secrets."""

    def answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        told = [self.path, str(self.headers), self.rfile.read(length).decode("utf-8", "replace")]
        said = f"Bad request: {told} {json.dumps(SECRETS)} {' '.join(SECRETS.values())}"
        status = next(self.statuses)
        trouble = {
            "error": {"message": said, "type": "OAuthException", "code": 190 if status == 401 else 2}, "title": said,
            "detail": said, "errors": [{"message": said, "code": 89}], "status": status,
        }  # fmt: skip
        body = json.dumps(self.listed() if status == 201 else trouble).encode()
        status = 200 if status == 201 else status
        self.send_response(status, said.replace("\r", " ").replace("\n", " ")[:400].encode("ascii", "replace").decode())
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def listed(self) -> dict[str, object]:
        """One row that every list of either platform can be made of."""
        theirs = " ".join(SECRETS[name] for name in (OF_X if self.path.startswith("/2/") else OF_META))
        at, words = "2026-11-10T08:59:00+0000", f"Leaked: {theirs}"
        who = {"id": "77", "name": words, "username": words}
        row = {
            "id": "100_55", "message": words, "text": words, "caption": words, "created_time": at, "timestamp": at,
            "created_at": "2026-11-10T08:59:00.000Z", "from": who, "author_id": "77", "conversation_id": "55",
            "sender_id": "77", "event_type": "MessageCreate", "dm_conversation_id": "200-77",
        }  # fmt: skip
        below = {"comments": {"data": [row]}, "messages": {"data": [{**row, "id": "m_1", "to": {"data": [who]}}]}}
        return {"data": [{**row, **below, "participants": {"data": [who]}, "id": "100_5"}, row, {"odd": words}]}

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 the server calls them so

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing on the terminal."""


@pytest.fixture
def origin() -> Iterator[str]:
    """Where the parrot sits."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Parrot)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What is logged at the level that says most."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def configuration(origin: str, database: str) -> str:
    rules = Path(__file__).with_name("rules")
    lines = ["[inbox]", f'database = "{database}"', "[notices]", "enabled = false", "[logs]", 'level = "debug"',
             "[playbook]", "watch = false", f'directory = "{rules}"']  # fmt: skip
    for number, (channel, names) in enumerate(CHANNELS.items(), 1):
        lines += ["[[accounts]]", f'name = "shop-{channel}"', f'channel = "{channel}"', f'external_id = "{number}00"',
                  'poll_every = "10s"', f'api_base = "{origin}"',
                  *(['login = "facebook"', 'page_id = "100"'] if channel == "instagram" else []),
                  "[accounts.credentials]", *(f'{name} = "{SECRETS[name]}"' for name in names)]  # fmt: skip
    return "\n".join(lines)


def add_question(runtime: Runtime, account: Account) -> int:
    """A person's question that somebody answers."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        person = Contact(account_id=account.id, external_id=f"9{account.id}", name="Jana", created_at=now)
        session.add(person)
        session.flush()
        row = add_conversation(
            session, f"7_{account.id}", account_id=account.id, channel=account.channel, contact_id=person.id,
            kind="mention" if account.channel == "twitter" else "comment", last_message_at=now, last_inbound_at=now,
        )  # fmt: skip
        add_message(
            session, "Wo ist mein Paket?", f"7_{account.id}", account_id=account.id, conversation_id=row.id,
            contact_id=person.id, sent_at=now, triaged_at=now, summons_us=True,
        )  # fmt: skip
        return row.id


def live(runtime: Runtime, clock: SteppedClock) -> None:
    """Poll, send, look up, inspect and refresh, again and again while everything fails."""
    for _ in range(8):
        for unit in work.UNITS:
            steps = 0
            while unit.work(runtime) and steps < 50:
                steps += 1
        logins.keep_fresh(runtime)
        for name in runtime.connectors:
            inspection.inspect(runtime, name, clock())
        clock.advance(minutes=6)


def shown(runtime: Runtime) -> Iterator[str]:
    """Everything a person or a program gets to see."""
    with writing(runtime.sessions) as session:
        person = access.add_user(session, "anna@shop.example", "obviously-not-secret", "admin", runtime.clock())
        cookie = access.start_sign_in(session, person.id, runtime.clock())
        token = access.add_token(session, "script", "admin", runtime.clock())
        ids = list(session.scalars(select(Message.conversation_id)))
        people = list(session.scalars(select(Contact.id)))
    with TestClient(create_app(runtime), base_url="http://127.0.0.1:8080", raise_server_exceptions=False) as client:
        headers = {"authorization": f"Bearer {token}"}
        calls = (
            "accounts",
            "outbox",
            "suggestions",
            "crises",
            "conversations",
            *(f"conversations/{one}" for one in ids),
        )
        for path in (*(f"/api/v1/{call}" for call in calls), "/metrics", "/readyz", "/api/v1/nothing"):
            yield client.get(path, headers=headers).text
        for one in ids:
            wrong = {"text": "x" * 9000, "visibility": "private", "client_key": "again"}
            yield client.post(f"/api/v1/conversations/{one}/replies", json=wrong, headers=headers).text
        client.cookies.set("zuruf_session", cookie)
        for path in ("/accounts", "/outbox", "/settings", "/settings/audit", "/inbox", "/nothing",
                     *(f"/conversations/{one}" for one in ids)):  # fmt: skip
            yield client.get(path).text
    with reading(runtime.sessions) as session:
        for contact_id in people:
            yield json.dumps(contacts.export(session, contact_id), default=str)


def stored(runtime: Runtime) -> Iterator[str]:
    """Every row there is."""
    with reading(runtime.sessions) as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                yield f"{table.name}: {row!r}"


@pytest.mark.timeout(120)
def test_no_secret_is_logged_stored_shown_or_exported(
    origin: str, written: io.StringIO, clock: SteppedClock, database_url: str
) -> None:
    configured = settings.load_text(configuration(origin, database_url), {}, REGISTRY)
    logs.set_up(configured, clock=clock, stream=written)
    runtime = process.build(configured, REGISTRY, clock)
    process.connect(runtime, clock() - timedelta(hours=1))
    with reading(runtime.sessions) as session:
        accounts = list(session.scalars(select(Account)))
    for account in accounts:
        conversation_id = add_question(runtime, account)
        with writing(runtime.sessions) as session:
            draft = replies.Draft("Unterwegs!", "public", "k", "anna@shop.example")
            replies.reply(session, runtime, conversation_id, draft, clock())
    live(runtime, clock)

    pages, rows, lines = list(shown(runtime)), list(stored(runtime)), written.getvalue()
    runtime.engine.dispose()
    assert all(any(account.name in page for page in pages) for account in accounts)
    assert any("health_detail" in page for page in pages)
    assert "shop-facebook" in lines
    assert any(row.startswith("messages: ") and "Leaked: …" in row for row in rows), "what is written reaches us"
    assert any("Bad request" in row for row in rows), "what the platform says reaches us, without the secrets"
    for secret in SECRETS.values():
        assert [page[max(0, page.index(secret) - 200) :][:300] for page in pages if secret in page] == []
        assert [row for row in rows if secret in row] == []
        assert [line for line in lines.splitlines() if secret in line] == []
