"""A drill with real processes: the daemon is killed again and again while the platforms misbehave.

python -m tests.journeys.drill [MESSAGES] [KILLS]      default 600 messages, 8 kills; the last line is the verdict
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from connectors.sandbox import (
    Fault,
    Sandbox,
    cut_after,
    cut_before,
    disordered_delivery,
    duplicate_delivery,
    garbage,
    malformed_item,
    null_batch_items,
    rate_limited,
    server_error,
)
from tests.journeys.house import ACCOUNTS, RULES

PROJECT = Path(__file__).resolve().parents[2]
READING: tuple[Fault, ...] = (
    cut_before(), garbage(), server_error(), rate_limited(reset=2), duplicate_delivery(), disordered_delivery(),
    null_batch_items(), malformed_item(extra=True),
)  # fmt: skip
WRITING: tuple[Fault, ...] = (cut_after(), server_error(done=True), garbage(done=True))
SETTLED = ("sent", "failed", "unknown", "cancelled")


@dataclass
class Drill:
    """One house under fire."""

    folder: Path
    sandbox: Sandbox
    port: int
    token: str = ""
    daemon: subprocess.Popen[bytes] | None = None
    expected: set[str] = field(default_factory=set)
    kills: int = 0
    silent: bool = False

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "ZURUF_CONFIG": str(self.folder / "zuruf.toml")}

    def command(self, *arguments: str, answer: str = "") -> str:
        """A command of the daemon's own command line; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "daemon.py", *arguments], cwd=PROJECT, env=self.environment, input=answer.encode(),
            stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        return done.stdout.decode().strip()

    def configure(self) -> None:
        lines = ["[inbox]", f'database = "sqlite:///{self.folder / "zuruf.db"}"',
                 "[web]", f'listen = "127.0.0.1:{self.port}"', "[automation]", 'delay = "0s"', "hourly_cap = 100000",
                 f"enabled = {'false' if self.silent else 'true'}",
                 "[notices]", "enabled = false", "[playbook]", f'directory = "{RULES}"']  # fmt: skip
        for name in ACCOUNTS:
            login = self.sandbox.login(name)
            lines += ["[[accounts]]", f'name = "{name}"', f'channel = "{login.channel}"', 'poll_every = "2s"',
                      f'external_id = "{login.external_id}"', f'api_base = "{self.sandbox.origin}"',
                      *(f'{key} = "{value}"' for key, value in login.options.items()), "[accounts.credentials]",
                      *(f'{key} = "{value}"' for key, value in login.credentials.items())]  # fmt: skip
        (self.folder / "zuruf.toml").write_text("\n".join(lines))

    def start(self) -> None:
        log = (self.folder / "log").open("ab")
        self.daemon = subprocess.Popen(
            [sys.executable, "daemon.py", "run"], cwd=PROJECT, env=self.environment, stdout=log, stderr=log
        )
        self.wait_until(self.answers, 60)

    def kill(self) -> None:
        """No goodbye."""
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()
        self.kills += 1

    def stop(self) -> None:
        if self.daemon is not None and self.daemon.poll() is None:
            self.daemon.terminate()
            try:
                self.daemon.wait(10)
            except subprocess.TimeoutExpired:
                self.daemon.kill()

    def answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def wait_until(self, holds: Callable[[], bool], seconds: float) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise SystemExit(f"not within {seconds} s: see {self.folder / 'log'}")
            threading.Event().wait(min(1.0, seconds / 100))

    def get(self, path: str, **query: str | int | None) -> dict[str, Any]:
        answer = requests.get(
            f"http://127.0.0.1:{self.port}/api/v1/{path}", params=query,
            headers={"Authorization": f"Bearer {self.token}"}, timeout=30,
        )  # fmt: skip
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def everything(self, path: str) -> list[dict[str, Any]]:
        """Every item of a list, page by page."""
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            page = self.get(path, limit=200, cursor=cursor)
            items += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return items

    def say(self, number: int, chance: random.Random) -> None:
        """Somebody says something somewhere."""
        world, person = self.sandbox.world, f"Person {chance.randrange(100000)}"
        text = f"Frage {number}: gibt es das noch, {chance.randrange(10**9)}?"
        match number % 5:
            case 0:
                world.facebook.comment(chance.choice(self.posts), person, text)
            case 1:
                world.facebook.message(person, text)
            case 2:
                world.instagram.comment(chance.choice(self.pictures), person, text)
            case 3:
                world.twitter.mention(person, text)
            case _:
                world.twitter.direct_message(person, text)
        self.expected.add(text)

    def prepare(self) -> None:
        self.posts = [self.sandbox.world.facebook.post(f"Beitrag {number}") for number in range(8)]
        self.pictures = [self.sandbox.world.instagram.media(f"Bild {number}") for number in range(8)]

    def held(self) -> Counter[str]:
        """How often each text stands in the inbox."""
        counted: Counter[str] = Counter()
        for conversation in self.everything("conversations"):
            whole = self.get(f"conversations/{conversation['id']}")
            for message in whole["messages"]:
                if message["direction"] == "inbound":
                    counted[message["text"].removeprefix("@glueckspilz_at ")] += 1
        return counted

    def settled(self) -> bool:
        return all(item["state"] in ("sent", "failed", "cancelled") for item in self.everything("outbox"))


def run(messages: int, kills: int, folder: Path, *, silent: bool = False) -> str:
    """The whole drill; returns the verdict, which begins with `ok` when nothing was lost or doubled."""
    chance = random.Random(11)
    with Sandbox(seed=3) as sandbox:
        drill = Drill(folder, sandbox, _free_port(), silent=silent)
        drill.configure()
        drill.prepare()
        drill.token = drill.command("token", "add", "drill", "--role", "admin").splitlines()[-1]
        try:
            drill.start()
            for number, fault in enumerate(READING):
                sandbox.faults.rate(fault, 0.05, seed=number, endpoint="GET *")
            for number, fault in enumerate(WRITING):
                sandbox.faults.rate(fault, 0.05, seed=number, endpoint="POST *")
            for number in range(messages):
                drill.say(number, chance)
                if number % max(messages // kills, 1) == max(messages // kills, 1) - 1:
                    threading.Event().wait(chance.uniform(0.5, 4.0))
                    drill.kill()
                    drill.start()
            threading.Event().wait(10)
            sandbox.faults.clear()
            drill.wait_until(lambda: set(drill.held()) >= drill.expected, 600)
            drill.wait_until(drill.settled, 420)
            return verdict(drill)
        finally:
            drill.stop()


def verdict(drill: Drill) -> str:
    held = drill.held()
    lost = drill.expected - set(held)
    doubled = [text for text in drill.expected if held[text] > 1]
    said = Counter((row["platform"], row["person"], row["text"]) for row in drill.sandbox.journal)
    twice = [key for key, times in said.items() if times > 1]
    states = Counter(str(item["state"]) for item in drill.everything("outbox"))
    good = not lost and not doubled and not twice
    return (
        f"{'ok' if good else 'WRONG'}: {len(drill.expected)} messages, {drill.kills} kills, {len(lost)} lost, "
        f"{len(doubled)} doubled; {sum(said.values())} replies on the platforms, {len(twice)} said twice; "
        f"outbox {dict(states)}; faults {len(drill.sandbox.faults.struck)}; {datetime.now(UTC):%H:%M:%S}"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    quiet = "silent" in sys.argv
    wanted = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    how_many, how_often = wanted + [600, 8][len(wanted) :]
    with tempfile.TemporaryDirectory(prefix="zuruf-drill-") as place:
        outcome = run(how_many, how_often, Path(place), silent=quiet)
        print(outcome)
        sys.exit(not outcome.startswith("ok"))
