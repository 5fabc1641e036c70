"""Our own people are told once for each cause, by real HTTP to a listener on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from connectors import REGISTRY
from inbox import notices
from inbox.db import reading, writing
from inbox.models import Notice
from inbox.process import build
from inbox.runtime import Runtime
from inbox.settings import InboxSettings, NoticeSettings, PlaybookSettings, Settings
from tests.stepped_clock import SteppedClock


class Listener:
    """Takes what apprise posts to json:// addresses; answers `status`."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.status = 200
        listener = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.taken.append({"path": self.path, **json.loads(body)})
                self.send_response(listener.status)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Door)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def address(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


def runtime_for(
    listener: Listener, database_url: str, folder: Path, clock: SteppedClock, enabled: bool = True
) -> Runtime:
    rules, templates = folder / "rules", folder / "templates"
    rules.mkdir()
    templates.mkdir()
    (rules / "00.yml").write_text(
        f"""
teams:
  social: {{members: [anna@shop.example], notify: ["{listener.address}/social"], backup: safety}}
  safety: {{members: [cleo@shop.example], notify: ["{listener.address}/safety"]}}
  silent: {{members: [ben@shop.example]}}
""",
        "utf-8",
    )
    settings = Settings(
        inbox=InboxSettings(database=database_url),
        playbook=PlaybookSettings(directory=rules, templates=templates),
        notices=NoticeSettings(enabled=enabled),
    )
    return build(settings, REGISTRY, clock)


@pytest.fixture
def runtime(listener: Listener, database_url: str, tmp_path: Path, clock: SteppedClock) -> Iterator[Runtime]:
    runtime = runtime_for(listener, database_url, tmp_path, clock)
    yield runtime
    runtime.engine.dispose()


def queue(runtime: Runtime, team: str = "social", cause: str = "rule-7") -> bool:
    with writing(runtime.sessions) as session:
        return notices.queue(
            session,
            team,
            "product-injury: X",
            "Meine Hand ist verbrannt",
            runtime.clock(),
            cause=cause,
            conversation_id=7,
        )


def work(runtime: Runtime) -> int:
    """Does all that is due; how many pieces it were."""
    done = 0
    while notices.notify_one(runtime):
        done += 1
        assert done < 20
    return done


def only_notice(runtime: Runtime) -> Notice:
    with reading(runtime.sessions) as session:
        return session.scalars(select(Notice).order_by(Notice.id)).all()[0]


def test_the_team_is_told_once_with_a_link(runtime: Runtime, listener: Listener) -> None:
    assert [queue(runtime), queue(runtime)] == [True, False]
    assert work(runtime) == 1
    (told,) = listener.taken
    assert told["path"] == "/social"
    assert told["title"] == "product-injury: X"
    assert told["message"] == "Meine Hand ist verbrannt\n\nhttp://127.0.0.1:8080/conversations/7"
    assert only_notice(runtime).sent_at == runtime.clock()
    assert queue(runtime) is False
    assert queue(runtime, "safety") is True
    assert queue(runtime, cause="rule-8") is True


def test_a_refused_notice_waits_longer_each_time_and_then_goes_to_the_backup(
    runtime: Runtime, listener: Listener, clock: SteppedClock
) -> None:
    listener.status = 500
    queue(runtime)
    assert work(runtime) == 1
    for wait in notices.WAITS:
        assert work(runtime) == 0
        clock.set(clock() + wait)
        listener.status = 500 if wait != notices.WAITS[-1] else listener.status
        assert notices.notify_one(runtime)
    assert [told["path"] for told in listener.taken] == ["/social"] * notices.MOST_ATTEMPTS
    assert "did not take it" in only_notice(runtime).reason
    assert listener.address not in only_notice(runtime).reason
    listener.status = 200
    assert work(runtime) == 1
    assert listener.taken[-1]["path"] == "/safety"
    assert only_notice(runtime).sent_at is None


@pytest.mark.parametrize(("team", "reason"), [("silent", "no address"), ("nobody", "no team")])
def test_a_team_that_cannot_be_told_is_given_up_at_once(runtime: Runtime, team: str, reason: str) -> None:
    queue(runtime, team)
    assert work(runtime) == 1
    assert reason in only_notice(runtime).reason


def test_switched_off_nothing_leaves_and_nothing_piles_up(
    listener: Listener, database_url: str, tmp_path: Path, clock: SteppedClock
) -> None:
    runtime = runtime_for(listener, database_url, tmp_path, clock, enabled=False)
    queue(runtime)
    assert work(runtime) == 1
    assert listener.taken == []
    assert only_notice(runtime).sent_at == clock()
    runtime.engine.dispose()
