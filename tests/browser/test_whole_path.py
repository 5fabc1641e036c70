"""A person's whole path through a real daemon, a real browser and the three platforms' stand-in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox import Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(180)]

PROJECT = Path(__file__).resolve().parents[2]
EMAIL, PASSWORD = "anna@shop.example", "correct horse battery"
PERSON = "Jana Prohaska"
COMPLAINT = "Mein Paket ist seit drei Wochen nicht angekommen, eine Frechheit!"
ANSWER = "Danke, Jana. Das Paket geht heute neu auf den Weg."
RULES = """
teams:
  social: {members: [anna@shop.example]}
targets:
  - {when: {severity: urgent}, first_response: 30m, next_response: 1h, hours: always}
  - {first_response: 4h, next_response: 8h, hours: always}
topics:
  complaint: {any: [frechheit]}
rules:
  - rule: public-complaint
    severity: urgent
    when: {visibility: public, topic: complaint}
    then:
      - suggest: {move_to_private: complaint-to-private}
      - label: complaint
    examples:
      applies: [Eine Frechheit!]
      does_not_apply: [Eine Freude!]
  - rule: first-reply-private
    when: {visibility: private, first_of_conversation: true}
    then:
      - reply: first-reply
"""


class Daemon:
    """`daemon.py run` as an operator starts it, with accounts that live in the sandbox."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.log = folder / "log"
        (folder / "rules").mkdir()
        (folder / "rules" / "rules.yml").write_text(RULES, "utf-8")
        self.configuration = folder / "zuruf.toml"
        self.configuration.write_text(configuration(folder, sandbox, port), "utf-8")
        self.command("user", "add", EMAIL, "--role", "admin", "--name", "Anna Huber", "--language", "de", said=PASSWORD)
        self.process = subprocess.Popen(
            [sys.executable, "daemon.py", "run"], cwd=PROJECT, env=self.environment, stderr=subprocess.PIPE
        )
        self.settled = threading.Event()
        """It listens, or it has ended."""
        self.following = threading.Thread(target=self._follow_its_log, daemon=True)
        self.following.start()

    def _follow_its_log(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines, self.log.open("ab") as log:
            for line in lines:
                log.write(line)
                log.flush()
                if b"the inbox listens" in line:
                    self.settled.set()
        self.settled.set()

    @property
    def environment(self) -> dict[str, str]:
        """Everything inherited, and where the configuration lies."""
        return {**os.environ, "ZURUF_CONFIG": str(self.configuration)}

    def command(self, *arguments: str, said: str = "") -> None:
        """One command of the command line."""
        subprocess.run(
            [sys.executable, "daemon.py", *arguments], cwd=PROJECT, env=self.environment, input=said.encode(),
            stdout=subprocess.PIPE, check=True,
        )  # fmt: skip

    def stop(self) -> None:
        """Ends it as an operator would."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            self.following.join(10)


def configuration(folder: Path, sandbox: Sandbox, port: int) -> str:
    """Three accounts, asked every two seconds."""
    lines = ["[inbox]", f'database = "sqlite:///{folder / "zuruf.db"}"', 'shop_name = "Glückspilz"',
             "[web]", f'listen = "127.0.0.1:{port}"', f'public_url = "http://127.0.0.1:{port}"',
             "[playbook]", f'directory = "{folder / "rules"}"', "watch = false",
             "[automation]", 'delay = "0s"', "[notices]", "enabled = false"]  # fmt: skip
    for name in ("shop-facebook", "shop-instagram", "shop-twitter"):
        login = sandbox.login(name)
        lines += ["[[accounts]]", f'name = "{name}"', f'channel = "{login.channel}"', 'poll_every = "2s"',
                  f'external_id = "{login.external_id}"', f'api_base = "{sandbox.origin}"',
                  *(f'{key} = "{value}"' for key, value in login.options.items()), "[accounts.credentials]",
                  *(f'{key} = "{value}"' for key, value in login.credentials.items())]  # fmt: skip
    return "\n".join(lines)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The three platforms, on the real clock."""
    with Sandbox(seed=4) as running:
        yield running


@pytest.fixture
def daemon(tmp_path: Path, sandbox: Sandbox) -> Iterator[Daemon]:
    """A daemon that is up: what is written from now on is no history to it."""
    running = Daemon(tmp_path, sandbox)
    assert running.settled.wait(60), f"not up within 60 s: {running.log.read_text('utf-8')[-4000:]}"
    assert running.process.poll() is None, running.log.read_text("utf-8")
    yield running
    running.stop()


def test_a_persons_whole_path(chromium: Any, daemon: Daemon, sandbox: Sandbox) -> None:
    """Sign in, open the most urgent complaint, accept the suggestion, follow to the private thread, answer, resolve;
    the platforms were told exactly that and nothing else."""
    post = sandbox.world.facebook.post("Neue Wanderschuhe sind da!")
    sandbox.world.facebook.comment(post, "Ben Moser", "Gibt es die auch in 38?")
    comment = sandbox.world.facebook.comment(post, PERSON, COMPLAINT)
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="de-AT", reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(30_000)

    page.goto(daemon.address)
    page.fill("#email", EMAIL)
    page.fill("#password", PASSWORD)
    page.click("button.primary")
    page.wait_for_url("**/inbox")
    until_shown(page, "#rows a.who", PERSON)
    until_shown(page, "#rows a.who", "Ben Moser")
    first = page.locator("#rows li").first
    assert PERSON in first.inner_text()
    assert "Dringend" in first.inner_text()
    first.locator("a.who").click()

    page.locator(".suggestion button[data-key=y]").click()
    page.locator("article.ours.private").first.wait_for()
    linked = page.locator(".side a", has_text="Direktnachricht")
    linked.wait_for()
    linked.click()
    page.locator(".side a", has_text="Kommentar · öffentlich").wait_for()
    private = page.url

    sandbox.world.facebook.message(PERSON, "Gern, die Bestellnummer ist 4711.")
    page.locator("article.message.customer", has_text="4711").wait_for()
    page.click("#reply-text")
    page.keyboard.type(ANSWER)
    page.keyboard.press("Control+Enter")
    page.locator("article.ours", has_text=ANSWER).wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.locator(".conversation-head", has_text="Erledigt").wait_for()

    page.wait_for_function("() => !document.querySelector('article[id^=outbox-]')")
    assert page.url.split("?")[0] == private.split("?")[0]
    written = {row["action"]: row for row in sandbox.journal}
    assert sorted(row["action"] for row in sandbox.journal) == ["direct_message", "private_reply", "public_reply"]
    assert written["private_reply"]["target"] == written["public_reply"]["target"] == comment
    assert written["private_reply"]["person"] == written["direct_message"]["person"]
    assert sandbox.journal[-1]["text"] == ANSWER
    assert sandbox.refused == []
    context.close()


def until_shown(page: Any, selector: str, words: str) -> None:
    """New arrivals announce themselves: take them in until the words stand there."""
    wanted = page.locator(selector, has_text=words)
    arrivals = page.locator("#arrivals:not([hidden])")
    while not wanted.count():
        wanted.or_(arrivals).first.wait_for()
        if not wanted.count() and arrivals.count():
            arrivals.click()
            page.wait_for_load_state()
