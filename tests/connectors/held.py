"""A small inbox: it keeps what pages bring by the rules of `connectors.base`, as a person would see it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Change, ChangeKind, Connector, InboundMessage, Listing, Page, Poll, Visibility
from tests.connectors.stage import Stage
from tests.stepped_clock import SteppedClock


@dataclass
class Held:
    """What an inbox would hold: the latest delivery is the truth, deletions are final unless only inferred."""

    connector: Connector
    clock: SteppedClock
    since: datetime
    messages: dict[str, InboundMessage] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    inferred: set[str] = field(default_factory=set)
    cursors: dict[str, Any] = field(default_factory=dict)
    unreadable: list[Any] = field(default_factory=list)
    gaps: list[Any] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)

    def poll(self) -> Poll:
        subjects = {m.subject.external_id: m.sent_at for m in self.messages.values() if m.subject is not None}
        return Poll(self.clock(), self.since, sorted(subjects, key=lambda known: subjects[known], reverse=True))

    def step(self, stream: str, *, lost: bool = False) -> bool:
        """One page; True when there is more. `lost`: the power fails before it is stored."""
        cursor = self.cursors.get(stream)
        page = self.connector.fetch(stream, json.loads(json.dumps(cursor)), self.poll())
        if lost:
            return True
        self.keep(page)
        self.cursors[stream] = page.cursor
        return page.more

    def read(self) -> None:
        """Every stream to its end, then a second look at what is public, as the inbox does."""
        for stream in self.connector.streams():
            for _ in range(500):
                if not self.step(stream.name):
                    break
            else:
                raise AssertionError(f"stream {stream.name} never ends")
        batch = self.connector.capabilities.look_again_batch
        public = [m.external_id for m in self.messages.values() if m.visibility is Visibility.PUBLIC]
        for start in range(0, len(public), batch or 1) if batch else ():
            self.keep(self.connector.look_again(public[start : start + batch], self.poll()))

    def keep(self, page: Page) -> None:
        assert json.loads(json.dumps(page.cursor)) == page.cursor, "a cursor is JSON"
        self.pages.append(page)
        for message in page.messages:
            if message.external_id in self.inferred:
                self.inferred.discard(message.external_id)
                self.gone.discard(message.external_id)
            self.messages[message.external_id] = message
        for change in page.changes:
            self._apply(change)
        for listing in page.listings:
            if listing.certain:
                self._compare(listing)
        self.unreadable += page.unreadable
        self.gaps += page.gaps
        if page.look_at:
            self.keep(self.connector.look_again(page.look_at, self.poll()))

    def _apply(self, change: Change) -> None:
        if change.kind is ChangeKind.DELETED:
            self.gone.add(change.external_id)

    def _compare(self, listing: Listing) -> None:
        for message in self.messages.values():
            scope = message.conversation_id
            if listing.by_subject:
                scope = message.subject.external_id if message.subject else ""
            inside = listing.oldest <= message.sent_at <= listing.newest
            if scope == listing.scope and inside and message.external_id not in listing.external_ids:
                self.gone.add(message.external_id)
                self.inferred.add(message.external_id)

    @property
    def visible(self) -> dict[str, InboundMessage]:
        return {known: message for known, message in self.messages.items() if known not in self.gone}


def held(stage: Stage) -> Held:
    return Held(stage.connect(), stage.clock, stage.clock() - timedelta(days=30))
