"""A process starts only when everything it needs is right, and says file and line where it is not."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import REGISTRY
from inbox.playbooks import active
from inbox.process import CannotStart, build, connect, listening
from inbox.settings import InboxSettings, PlaybookSettings, Settings, WebSettings
from tests.databases import ON_POSTGRESQL
from tests.inbox.postbox import PLAYBOOK, TEMPLATES, Office
from tests.stepped_clock import SteppedClock

PROJECT = Path(__file__).resolve().parents[2]
Configured = Callable[[], Settings]


@pytest.fixture
def configured(database_url: str, tmp_path: Path) -> Configured:
    """Settings of a house whose playbook and templates lie in `tmp_path`."""
    (tmp_path / "rules").mkdir()
    (tmp_path / "templates" / "de").mkdir(parents=True)
    (tmp_path / "rules" / "00.yml").write_text(PLAYBOOK, "utf-8")
    for name, text in TEMPLATES.items():
        (tmp_path / "templates" / "de" / f"{name}.txt").write_text(text, "utf-8")
    playbook = PlaybookSettings(directory=tmp_path / "rules", templates=tmp_path / "templates")
    return lambda: Settings(inbox=InboxSettings(database=database_url), playbook=playbook)


def test_a_broken_template_stops_the_start_with_file_and_line(
    configured: Configured, tmp_path: Path, clock: SteppedClock
) -> None:
    file = tmp_path / "templates" / "de" / "hello.txt"
    file.write_text("Guten Tag\n{{ shop_nam }}", "utf-8")
    with pytest.raises(CannotStart, match=re.escape(f"{file}:2: there is no variable shop_nam; write shop_name")):
        build(configured(), REGISTRY, clock)


def test_a_broken_playbook_stops_the_start_with_file_and_line(
    configured: Configured, tmp_path: Path, clock: SteppedClock
) -> None:
    (tmp_path / "rules" / "00.yml").write_text(PLAYBOOK.replace("label: complaint}]", "labl: complaint}]"), "utf-8")
    line = next(number for number, line in enumerate(PLAYBOOK.splitlines(), 1) if "label: complaint}]" in line)
    with pytest.raises(CannotStart, match=rf"00\.yml:{line}:") as stopped:
        build(configured(), REGISTRY, clock)
    assert "label" in str(stopped.value)


def test_files_that_broke_later_stop_the_next_start_and_leave_the_good_version(
    configured: Configured, tmp_path: Path, clock: SteppedClock
) -> None:
    first = build(configured(), REGISTRY, clock)
    (tmp_path / "rules" / "00.yml").write_text("rules: [", "utf-8")
    with pytest.raises(CannotStart, match=r"00\.yml:"):
        build(configured(), REGISTRY, clock)
    with first.sessions() as session:
        found = active(session)
        assert found is not None
        assert found.files["00.yml"] == PLAYBOOK
    first.engine.dispose()
    (tmp_path / "rules" / "00.yml").write_text(PLAYBOOK, "utf-8")
    build(configured(), REGISTRY, clock).engine.dispose()


def test_a_template_the_playbook_names_must_be_there(
    configured: Configured, tmp_path: Path, clock: SteppedClock
) -> None:
    (tmp_path / "templates" / "de" / "to-private.txt").unlink()
    with pytest.raises(CannotStart, match="to-private"):
        build(configured(), REGISTRY, clock)


def test_connecting_again_keeps_history_and_retires_what_left_the_configuration(
    office: Office, clock: SteppedClock
) -> None:
    office.arrive(office.letter())
    before = office.account
    connect(office.runtime)
    assert (office.account.id, office.account.connected_at) == (before.id, before.connected_at)
    assert office.texts() == ["Guten Tag, eine Frage."]
    office.runtime.settings.accounts.clear()
    connect(office.runtime)
    assert office.account.configured is False
    clock.advance(minutes=5)
    asked = len(office.box.asked)
    office.work("poll")
    assert len(office.box.asked) == asked
    assert office.texts() == ["Guten Tag, eine Frage."]


def test_an_address_that_is_taken_is_said_in_words() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(CannotStart, match=rf"\[web\] listen: {address} cannot be listened on"):
            listening(WebSettings(listen=address))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


@pytest.mark.skipif(ON_POSTGRESQL, reason="one database suffices to see what a role does")
@pytest.mark.parametrize(("role", "listens"), [("worker", False), ("web", True)])
def test_a_role_does_its_part_and_ends_at_once_when_asked(
    database_url: str, tmp_path: Path, role: str, listens: bool
) -> None:
    port = free_port()
    config = tmp_path / "zuruf.toml"
    config.write_text(f'[inbox]\ndatabase = "{database_url}"\n[web]\nlisten = "127.0.0.1:{port}"\n', "utf-8")
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "daemon.py"), "run", "--role", role],
        env={**os.environ, "ZURUF_CONFIG": str(config)}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    killer = threading.Timer(60, process.kill)
    killer.start()
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if ("the inbox listens" if listens else "started") in line:
            break
    with socket.socket() as knocking:
        assert (knocking.connect_ex(("127.0.0.1", port)) == 0) is listens, lines
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait(10) == 0, lines
    killer.cancel()
    assert f"role={role}" in "".join(lines)
    assert "stopped" in rest
