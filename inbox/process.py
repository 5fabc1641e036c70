"""One running process: built from settings, started, and stopped within three seconds."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

import structlog
import uvicorn

from inbox import accounts, claims, logins, logs, playbooks, work
from inbox.clock import Clock, system_clock
from inbox.db import migrate, open_engine, session_factory, writing
from inbox.errors import InboxError
from inbox.playbooks import NoPlaybook, PlaybookInForce
from inbox.runtime import Channels, Runtime
from inbox.secrets_at_rest import key_file_for, open_secrets
from inbox.settings import Settings, WebSettings
from inbox.ticker import Ticker
from inbox.wording import open_wording

log = structlog.get_logger("zuruf")

Role = Literal["all", "worker", "web"]
GRACE = timedelta(seconds=2)
SWITCH_SECONDS = 0.001
"""For which one thread may compute while others wait (Python's own: 0.005): pages and pushes pass between the work."""


class CannotStart(InboxError):
    """Something the process needs is wrong; the text says where and what to write instead."""


def build(settings: Settings, channels: Channels, clock: Clock = system_clock) -> Runtime:
    """Open the database, bring it up to date, load wording and playbook, sign the accounts in. Starts nothing.

    Raises InboxError kinds whose text is for the operator.
    """
    engine = open_engine(settings.inbox.database)
    migrate(engine)
    sessions = session_factory(engine)
    wording = open_wording(settings.playbook.templates, settings.inbox.language)
    problems = wording.check()
    if problems:
        raise CannotStart("A reply template cannot be used:\n  " + "\n  ".join(problems))
    runtime = Runtime(
        settings=settings,
        engine=engine,
        sessions=sessions,
        clock=clock,
        channels=channels,
        playbook=PlaybookInForce(sessions, clock, wording.names()),
        wording=wording,
        vault=open_secrets(key_file_for(settings.inbox.database)),
        process=claims.this_process(),
    )
    _bring_playbook_in_force(runtime)
    return runtime


def _bring_playbook_in_force(runtime: Runtime) -> None:
    """A broken playbook stops the start, whatever was in force before: the operator is looking now."""
    settings = runtime.settings.playbook
    playbooks.follow_directory(
        runtime.sessions,
        settings.directory,
        runtime.wording.names(),
        runtime.clock(),
        second_person=settings.second_person,
    )
    with runtime.sessions() as session:
        problem = playbooks.problem(session)
    if problem is not None:
        mistakes = "\n  ".join(problem.mistakes)
        raise CannotStart(f"The playbook in {settings.directory} does not pass:\n  {mistakes}")
    try:
        runtime.playbook.current()
    except NoPlaybook as error:
        raise CannotStart(str(error)) from None


def connect(runtime: Runtime, connected_at: datetime | None = None) -> None:
    """Bring the configured accounts into the database and sign them in."""
    now = runtime.clock()
    with writing(runtime.sessions) as session:
        claims.free_the_dead(session, work.CLAIMED, runtime.process, now)
        for configured in runtime.settings.accounts:
            login = configured.as_login()
            connector = runtime.channels[configured.channel](login)
            accounts.bring_in(
                session, configured.name, configured.channel, configured.external_id, configured.credentials,
                connector.streams(), configured.poll_every, now, connected_at=connected_at,
                human_agent=configured.human_agent, enterprise=configured.enterprise,
            )  # fmt: skip
            runtime.connectors[configured.name] = logins.sign_in(session, runtime, login, runtime.vault)
        names = [configured.name for configured in runtime.settings.accounts]
        accounts.retire_others(session, names)
        logins.after_restart(session, names)


def run(
    settings: Settings,
    channels: Channels,
    *,
    role: Role = "all",
    clock: Clock = system_clock,
    connected_at: datetime | None = None,
    started: Callable[[Runtime], None] | None = None,
) -> int:
    """Run until SIGTERM or Ctrl-C; 0 after a clean stop. `started` is called once the web inbox listens."""
    logs.set_up(settings, clock=clock)
    sys.setswitchinterval(SWITCH_SECONDS)
    # Before anything is polled or sent: where another Zuruf listens already, this one must not begin to work.
    door = None if role == "worker" else listening(settings.web)
    runtime = build(settings, channels, clock)
    connect(runtime, connected_at)
    ticker = Ticker(runtime, work.UNITS, work.ROUNDS) if role in ("all", "worker") else None
    if ticker is not None:
        runtime.scheduler_ticked_at = lambda: ticker.beat
    asked = _when_asked_to_stop() if door is None else threading.Event()
    log.info("started", role=role, accounts=len(runtime.connectors), database=runtime.engine.dialect.name)
    try:
        if door is None:
            keep_what_is_loaded()
            if ticker is not None:
                ticker.start()
            asked.wait()
        else:
            _serve(runtime, door, ticker, started)
    finally:
        if ticker is not None:
            ticker.stop(GRACE)
        runtime.engine.dispose()
        log.info("stopped")
        # The process ends in a moment: to look for cycles in all of its memory once more would take up to a second.
        gc.freeze()
    return 0


def listening(web: WebSettings) -> socket.socket:
    """The socket of `[web] listen`. Raises CannotStart when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in web.host else socket.AF_INET
    try:
        return socket.create_server((web.host, web.port), family=family, backlog=2048)
    except OSError as error:
        raise CannotStart(
            f"[web] listen: {web.listen} cannot be listened on ({os.strerror(error.errno) if error.errno else error}). "
            "End what listens there, or write another host:port."
        ) from None


def _when_asked_to_stop() -> threading.Event:
    """Set at Ctrl-C or SIGTERM. Called before anybody is told that we have started."""
    asked = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: asked.set())
    return asked


class _Server(uvicorn.Server):
    """uvicorn raises the signal again after its own shutdown, which would end us before our own; and it looks ten times
    a second whether it shall end, where ours is told."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self._tell: Callable[[], object] = lambda: None

    async def main_loop(self) -> None:
        asked, loop = asyncio.Event(), asyncio.get_running_loop()
        self._tell = partial(loop.call_soon_threadsafe, asked.set)
        # Once a second, for the date that answers carry.
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), 1.0)

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started:
            self._ready()

    def handle_exit(self, sig: int, frame: object) -> None:
        """A second Ctrl-C does not wait for open pages."""
        self.force_exit = self.should_exit
        self.should_exit = True
        self._tell()


def keep_what_is_loaded() -> None:
    """Everything loaded so far stays to the end: the collector begins here and never looks through it."""
    gc.freeze()
    gc.enable()


def _serve(
    runtime: Runtime, door: socket.socket, ticker: Ticker | None, started: Callable[[Runtime], None] | None
) -> None:
    from inbox.web.app import create_app

    config = uvicorn.Config(
        create_app(runtime), log_config=None, access_log=False,
        timeout_graceful_shutdown=1, server_header=False, proxy_headers=False,
    )  # fmt: skip
    keep_what_is_loaded()
    host, port = door.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def ready() -> None:
        # Not earlier: whoever waits for the first page would wait for the first polls too.
        if ticker is not None:
            ticker.start()
        log.info("the inbox listens", address=address)
        if started is not None:
            started(runtime)

    _Server(config, ready).run([door])
