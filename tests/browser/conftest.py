"""A real browser on a real server with the demonstration shop; skipped, with the reason, where there is no browser."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from inbox import access
from inbox.db import writing
from inbox.runtime import Runtime
from inbox.web.app import create_app
from tests.browser import demo
from tests.stepped_clock import SteppedClock

CHROMIUM = os.environ.get("ZURUF_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = Path(__file__).parent / "vendor" / "axe.min.js"


@dataclass(frozen=True, slots=True)
class Desk:
    """The running shop."""

    runtime: Runtime
    address: str
    clock: SteppedClock

    def sign_in(self, email: str) -> str:
        """A fresh sign-in; returns the cookie's value."""
        with writing(self.runtime.sessions) as session:
            person = access.person_by_email(session, email)
            assert person is not None
            return access.start_sign_in(session, person.id, self.runtime.clock())


def serve(database: Path, playbook: Path = demo.SMALL) -> Iterator[Desk]:
    """Serves a seeded shop on a free loopback port."""
    clock = SteppedClock(demo.PICTURE)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    runtime = demo.open_shop(database, clock, port, playbook)
    server = uvicorn.Server(uvicorn.Config(create_app(runtime), log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    # The port is open already: who comes before the server has started waits there for its answer.
    thread.start()
    yield Desk(runtime, f"http://127.0.0.1:{port}", clock)
    server.should_exit = True
    thread.join(10)
    runtime.engine.dispose()


@pytest.fixture(scope="session")
def seeded(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the shop's morning; tests work on copies."""
    database = tmp_path_factory.mktemp("seeded") / "shop.db"
    demo.seed(database, SteppedClock(), demo.SMALL)
    return database


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}; install Debian's chromium, or name one with ZURUF_CHROMIUM")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def desk(seeded: Path, tmp_path: Path) -> Iterator[Desk]:
    """A shop of one's own."""
    shutil.copy(seeded, tmp_path / "shop.db")
    yield from serve(tmp_path / "shop.db")


@pytest.fixture(scope="module")
def shared_desk(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A shop for tests that only look."""
    database = tmp_path_factory.mktemp("desk") / "shop.db"
    shutil.copy(seeded, database)
    yield from serve(database)


Open = Callable[..., Any]


@pytest.fixture
def page_of(chromium: Any) -> Iterator[Open]:
    """Opens a page of a desk as somebody; any script error or refused resource fails the test."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def opened(
        desk: Desk,
        path: str,
        *,
        email: str | None = demo.ANNA,
        width: int = 1440,
        height: int = 900,
        scheme: str = "light",
        locale: str = "de-AT",
        scripts: bool = True,
    ) -> Any:
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale=locale,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        if email is not None:
            context.add_cookies([{"name": "zuruf_session", "value": desk.sign_in(email), "url": desk.address}])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda line: complaints.append(line.text) if "Security Policy" in line.text else None)
        page.goto(desk.address + path, wait_until="load")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
