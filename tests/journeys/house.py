"""A whole house for a test: the sandbox's three platforms, a database, and the daemon's work done step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from connectors import REGISTRY
from connectors.sandbox import Sandbox
from inbox import access, process, settings, work
from inbox.db import reading, writing
from inbox.models import Conversation, Message, OutboxItem, Suggestion
from inbox.runtime import Runtime
from tests.stepped_clock import SteppedClock

ACCOUNTS = ("shop-facebook", "shop-instagram", "shop-twitter")
RULES = Path(__file__).with_name("rules")
MOST_STEPS = 20_000
"""More pieces of work than any test makes: a unit that never ends fails the test instead of hanging it."""


def configuration(
    sandbox: Sandbox,
    database: str,
    *,
    accounts: Sequence[str] = ACCOUNTS,
    delay: str = "10s",
    poll_every: str = "10s",
) -> str:
    """A `zuruf.toml` whose accounts live in the sandbox."""
    lines = ["[inbox]", f'database = "{database}"', 'shop_name = "Glückspilz"', "[automation]", f'delay = "{delay}"',
             "[notices]", "enabled = false", "[playbook]", "watch = false",
             f'directory = "{RULES}"']  # fmt: skip
    for name in accounts:
        login = sandbox.login(name)
        lines += ["[[accounts]]", f'name = "{name}"', f'channel = "{login.channel}"', f'poll_every = "{poll_every}"',
                  f'external_id = "{login.external_id}"', f'api_base = "{sandbox.origin}"',
                  *(f'{key} = "{value}"' for key, value in login.options.items()), "[accounts.credentials]",
                  *(f'{key} = "{value}"' for key, value in login.credentials.items())]  # fmt: skip
    return "\n".join(lines)


class House:
    """One process of the daemon on a stepped clock. Nothing runs until `work` or `live` is called."""

    def __init__(self, sandbox: Sandbox, clock: SteppedClock, text: str) -> None:
        self.sandbox, self.clock, self.world = sandbox, clock, sandbox.world
        self.text = text
        self.runtime: Runtime = process.build(settings.load_text(text, {}, REGISTRY), REGISTRY, clock)

    def connect(self) -> House:
        """Sign the accounts in, as a start does."""
        process.connect(self.runtime)
        return self

    def restart(self) -> House:
        """Another process on the same database; this one is gone, with all it knew."""
        self.runtime.engine.dispose()
        return House(self.sandbox, self.clock, self.text).connect()

    def person(self, email: str = "anna@shop.example", role: str = "agent") -> str:
        """Somebody of the social team."""
        with writing(self.runtime.sessions) as session:
            access.add_user(session, email, "a long enough password", role, self.clock())
        return email

    def work(self, *names: str) -> int:
        """Do everything that is due now (of these kinds, or of all), until nothing is; how many pieces it were."""
        done = 0
        busy = True
        while busy:
            busy = False
            for unit in work.UNITS:
                while (not names or unit.name in names) and unit.work(self.runtime):
                    done, busy = done + 1, True
                    assert done < MOST_STEPS, f"{unit.name} never ends"
        return done

    def live(self, seconds: float, step: float = 2.0) -> None:
        """Let time pass, working all the while."""
        end = self.clock() + timedelta(seconds=seconds)
        self.work()
        while self.clock() < end:
            self.clock.advance(seconds=step)
            work.wake_and_breach(self.runtime)
            self.work()

    def live_until(self, holds: Callable[[], bool], seconds: float = 120) -> None:
        """Let time pass until something holds; fails when it does not in that time."""
        end = self.clock() + timedelta(seconds=seconds)
        self.work()
        while not holds():
            assert self.clock() < end, f"not within {seconds} s"
            self.clock.advance(seconds=2)
            self.work()

    def messages(self, **where: object) -> list[Message]:
        """Stored messages, oldest first."""
        with reading(self.runtime.sessions) as session:
            query = select(Message).filter_by(**where).order_by(Message.sent_at, Message.id)
            return list(session.scalars(query))

    def conversations(self, **where: object) -> list[Conversation]:
        """Stored conversations, most urgent first."""
        with reading(self.runtime.sessions) as session:
            query = select(Conversation).filter_by(**where).order_by(Conversation.queue_position, Conversation.id)
            return list(session.scalars(query))

    def conversation_of(self, text: str) -> Conversation:
        """The conversation in which this was said."""
        with reading(self.runtime.sessions) as session:
            return session.scalars(
                select(Conversation)
                .join(Message, Message.conversation_id == Conversation.id)
                .where(Message.text == text)
            ).one()

    def outbox(self, **where: object) -> list[OutboxItem]:
        """Outbox items, oldest first."""
        with reading(self.runtime.sessions) as session:
            return list(session.scalars(select(OutboxItem).filter_by(**where).order_by(OutboxItem.id)))

    def suggestions(self, **where: object) -> list[Suggestion]:
        """Suggestions, oldest first."""
        with reading(self.runtime.sessions) as session:
            return list(session.scalars(select(Suggestion).filter_by(**where).order_by(Suggestion.id)))


def database_in(folder: Path) -> str:
    """An SQLite file of its own."""
    return f"sqlite:///{folder / 'zuruf.db'}"
