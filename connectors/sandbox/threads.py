"""Private threads of Messenger and Instagram: the same store, with each platform's spelling of ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.identifiers import Identifiers
from connectors.sandbox.people import Person

Json = Any
WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)
READABLE = 20
"""Only the newest messages of a thread can be read (page/conversations, updated 2026-02-11)."""


@dataclass(eq=False)
class PrivateMessage:
    """One message of a thread; `own` when the account wrote it."""

    id: str
    thread: Thread
    own: bool
    text: str
    created_at: datetime
    attachments: list[dict[str, Json]] = field(default_factory=list)
    story: dict[str, Json] | None = None
    reply_to: str | None = None
    unsupported: bool = False
    metadata: str | None = None
    by_app: bool = False
    """Sent through the API, not in the platform's own app."""
    edits: int = 0


@dataclass(eq=False)
class Thread:
    """A private conversation with one person."""

    id: str
    person: Person
    messages: list[PrivateMessage] = field(default_factory=list)
    updated_at: datetime | None = None
    last_inbound_at: datetime | None = None
    owned_elsewhere: bool = False
    """Another app holds the thread: sending is refused with 100/2534037."""

    def readable(self) -> list[PrivateMessage]:
        """The newest messages, newest first, as many as the platform shows."""
        return self.messages[: -READABLE - 1 : -1]


class Threads:
    """All private threads of one account."""

    def __init__(self, identifiers: Identifiers, thread_prefix: str, message_prefix: str) -> None:
        self._identifiers = identifiers
        self._thread_prefix = thread_prefix
        self._message_prefix = message_prefix
        self.by_id: dict[str, Thread] = {}
        self.messages: dict[str, PrivateMessage] = {}
        self._by_person: dict[str, Thread] = {}

    def of(self, person: Person) -> Thread | None:
        """The thread with this person, if there is one."""
        return self._by_person.get(person.name)

    def newest_first(self) -> list[Thread]:
        """Threads with at least one message, the last touched first."""
        alive = [thread for thread in self.by_id.values() if thread.updated_at is not None]
        return sorted(alive, key=lambda thread: (thread.updated_at, thread.id), reverse=True)

    def add(self, person: Person, text: str, at: datetime, *, own: bool, **details: Any) -> PrivateMessage:
        """A new message; opens the thread when there is none."""
        thread = self._by_person.get(person.name) or self._open(person)
        message = PrivateMessage(self._identifiers.opaque(self._message_prefix, 60), thread, own, text, at, **details)
        position = len(thread.messages)
        while position and thread.messages[position - 1].created_at > at:
            position -= 1
        thread.messages.insert(position, message)
        self.messages[message.id] = message
        thread.updated_at = max(at, thread.updated_at or at)
        if not own:
            thread.last_inbound_at = max(at, thread.last_inbound_at or at)
        return message

    def remove(self, message: PrivateMessage) -> None:
        """Unsend: the message is gone for everybody."""
        message.thread.messages.remove(message)
        del self.messages[message.id]

    def _open(self, person: Person) -> Thread:
        raw = self._identifiers.number("58", 15)
        thread_id = f"t_{raw}" if self._thread_prefix == "t_" else self._identifiers.opaque("aWdfZAG06", 70)
        thread = Thread(thread_id, person)
        self.by_id[thread.id] = thread
        self._by_person[person.name] = thread
        return thread
