"""A stand-in for the inbox: fetches streams to their end and remembers what an inbox would hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base import ChangeKind, Connector, ConnectorError, InboundMessage, Kind, Listing, Page, Poll


class Memory:
    """What arrived, as it stands now. `deleted` holds ids that are gone; a cursor passes through JSON as in a row."""

    def __init__(self, connector: Connector, since: datetime) -> None:
        self.connector = connector
        self.since = since
        self.cursors: dict[str, Any] = {}
        self.messages: dict[str, InboundMessage] = {}
        self.deleted: set[str] = set()
        self.inferred: set[str] = set()
        self.new: Counter[str] = Counter()
        self.unreadable: list[str] = []
        self.gaps: list[str | None] = []
        self.pointers: list[str] = []
        self.calls = 0
        self.errors: list[ConnectorError] = []
        self.active: list[str] = []

    def poll(self, now: datetime, *streams: str, most: int = 200) -> None:
        """Every stream until it is through; an error ends that stream's turn and leaves its cursor where it was."""
        for stream in streams or [stream.name for stream in self.connector.streams()]:
            for _ in range(most):
                try:
                    page = self.connector.fetch(stream, self.cursors.get(stream), self.asking(now))
                except ConnectorError as error:
                    self.errors.append(error)
                    self.calls += error.usage.calls
                    break
                self.cursors[stream] = json.loads(json.dumps(page.cursor))
                self.take(page)
                self.ask_about(page.listings, now)
                if not page.more:
                    break
            else:
                raise AssertionError(f"{stream} never ends")

    def asking(self, now: datetime) -> Poll:
        """What the inbox tells a connector about what is active."""
        mentions = {_subject(message) for message in self.messages.values() if message.kind is Kind.MENTION}
        return Poll(now, self.since, self.active, frozenset(post for post in self.active if post in mentions))

    def ask_about(self, listings: Iterable[Listing], now: datetime) -> None:
        """What a list lacks that is not certain is asked for by itself."""
        for listing in listings:
            missing = [] if listing.certain else self.lacking(listing)
            if missing:
                self.take(self.connector.look_again(missing, self.asking(now)))

    def take(self, page: Page, *, pushed: bool = False) -> None:
        """Store a page as the inbox does."""
        self.calls += page.usage.calls
        for message in page.messages:
            known = message.external_id in self.messages
            if not known:
                self.new[message.external_id] += 1
            if known and pushed:
                continue
            if message.external_id in self.inferred:
                self.inferred.discard(message.external_id)
                self.deleted.discard(message.external_id)
            self.messages[message.external_id] = message
        for change in page.changes:
            if change.kind is ChangeKind.DELETED:
                self.deleted.add(change.external_id)
                self.inferred.discard(change.external_id)
            elif change.external_id in self.messages:
                message = self.messages[change.external_id]
                if change.kind is ChangeKind.EDITED:
                    message = replace(message, text=change.text or "")
                else:
                    message = replace(message, hidden=change.kind is ChangeKind.HIDDEN)
                self.messages[change.external_id] = message
        for listing in page.listings:
            for external_id in self.lacking(listing) if listing.certain else ():
                self.inferred.add(external_id)
                self.deleted.add(external_id)
        self.unreadable += [item.reason for item in page.unreadable]
        self.gaps += [gap.conversation_id for gap in page.gaps]
        self.pointers += page.look_at

    def lacking(self, listing: Listing) -> list[str]:
        """What we hold within the range and the list does not show."""
        held = [message for message in self.messages.values() if message.external_id not in self.deleted]
        return [
            message.external_id
            for message in held
            if listing.oldest <= message.sent_at <= listing.newest
            and message.external_id not in listing.external_ids
            and listing.scope == (_subject(message) if listing.by_subject else message.conversation_id)
        ]

    def texts(self) -> Counter[str]:
        """The words of everything that is not deleted."""
        return Counter(m.text for m in self.messages.values() if m.external_id not in self.deleted)


def _subject(message: InboundMessage) -> str | None:
    return message.subject.external_id if message.subject else None
