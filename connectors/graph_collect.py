"""Gathers what several answers brought into one `Page`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from connectors.base import Change, ChangeKind, Cursor, Gap, InboundMessage, Listing, Page, Unreadable, Usage
from connectors.graph_usage import together


class Collected:
    """A page in the making."""

    def __init__(self) -> None:
        self.messages: dict[str, InboundMessage] = {}
        self.changes: list[Change] = []
        self.listings: list[Listing] = []
        self.unreadable: list[Unreadable] = []
        self.gaps: list[Gap] = []
        self.pointers: list[str] = []
        self.usage = Usage()

    def add(self, messages: Iterable[InboundMessage], unreadable: Iterable[Unreadable] = ()) -> None:
        """Messages, each once, and items that could not be read."""
        for message in messages:
            self.messages.setdefault(message.external_id, message)
        self.unreadable.extend(unreadable)

    def gone(self, external_id: str, now: datetime) -> None:
        """The platform was asked for this one, and it does not exist."""
        self.changes.append(Change(external_id, ChangeKind.DELETED, now))

    def used(self, usage: Usage) -> None:
        """What a call consumed."""
        self.usage = together(self.usage, usage)

    def page(self, cursor: Cursor, *, more: bool = False) -> Page:
        """The page, oldest message first."""
        return Page(
            cursor=cursor,
            messages=tuple(sorted(self.messages.values(), key=lambda m: m.sent_at)),
            changes=tuple(self.changes),
            listings=tuple(self.listings),
            unreadable=tuple(self.unreadable),
            gaps=tuple(self.gaps),
            look_at=tuple(self.pointers),
            more=more,
            usage=self.usage,
        )
