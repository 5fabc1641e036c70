"""Messages a second through poll, store, search index and triage with the shipped rules; empty against a million.

Run: python -m benchmarks.ingest [STORED …]. A connector in this process hands over ready pages of a hundred messages,
so no HTTP is in the figures. The floor is the same text in one bare table with a unique key
and a full-text index, a commit a page. CPU figures tell more than the clock where the machine has other work.
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import orjson
from sqlalchemy import select
from sqlalchemy.engine import make_url

from benchmarks.full_house import CHANNELS, NOW, fill, sentence
from connectors import REGISTRY
from connectors.base import Author, Capabilities, InboundMessage, Kind, Page, Poll, Subject, Visibility
from connectors.base import Stream as PolledStream
from inbox.db import writing
from inbox.models import Account, Stream
from inbox.poll import poll_one
from inbox.process import build, keep_what_is_loaded
from inbox.runtime import Runtime
from inbox.settings import InboxSettings, Settings
from inbox.triage import triage_one

PAGE = 100
PAGES = 30
ROUNDS = 3
COMPLAINTS = ("Das ist eine Frechheit, seit drei Wochen warte ich!", "Leider kaputt angekommen, ich bin enttäuscht.")


@dataclass
class ReadyPages:
    """A connector whose platform answers at once."""

    pages: Iterator[Page]
    channel: str = "facebook"
    capabilities: Capabilities = REGISTRY["facebook"].capabilities

    def streams(self) -> tuple[PolledStream, ...]:
        """The one that is polled."""
        return (PolledStream("comments"),)

    def fetch(self, _stream: str, _cursor: Mapping[str, object] | None, _poll: Poll) -> Page:
        """The next page."""
        return next(self.pages)


def pages(first: int, count: int, dice: random.Random) -> list[Page]:
    """New messages: two thirds comments in threads of two under twenty posts, one third direct messages."""
    made = []
    for page in range(count):
        numbers = range(first + page * PAGE, first + (page + 1) * PAGE)
        messages = tuple(message(number, dice) for number in numbers)
        made.append(Page(cursor={"page": page}, messages=messages, more=page < count - 1))
    return made


def message(number: int, dice: random.Random) -> InboundMessage:
    """One customer's message of the last minutes."""
    private = number % 3 == 0
    thread = f"new thread {number // 6} {'private' if private else number % 2}"
    person = f"new person {number // 6} {'private' if private else number % 2}"
    text = dice.choice(COMPLAINTS) if dice.random() < 0.1 else sentence(dice)
    return InboundMessage(
        external_id=f"1784{dice.randrange(10**12):012}_{number}",
        conversation_id=thread,
        kind=Kind.DIRECT_MESSAGE if private else Kind.COMMENT,
        visibility=Visibility.PRIVATE if private else Visibility.PUBLIC,
        own=False,
        text=text,
        sent_at=NOW - timedelta(seconds=300 - number % 300),
        author=Author(person, f"Jana Müller {number}", None),
        subject=None if private else Subject(f"post {number % 20}"),
        correspondent=Author(person, f"Jana Müller {number}") if private else None,
    )


def opened(folder: Path, conversations: int) -> Runtime:
    """The shipped playbook on a new SQLite database with so many conversations of three messages."""
    settings = Settings(inbox=InboxSettings(database=f"sqlite:///{folder / 'house.db'}"))
    runtime = build(settings, REGISTRY, lambda: NOW)
    fill(runtime, conversations, 3)
    with writing(runtime.sessions) as session:
        account = session.scalars(select(Account).where(Account.name == f"shop-{CHANNELS[0]}")).one()
        session.add(Stream(account_id=account.id, name="comments", every_seconds=60, next_poll_at=NOW))
    # As the daemon does before its first poll: what is loaded is not looked through by the collector.
    keep_what_is_loaded()
    return runtime


def ours(runtime: Runtime, made: list[Page]) -> None:
    """Everything from the page to the applied decision."""
    runtime.connectors[f"shop-{CHANNELS[0]}"] = ReadyPages(iter(made))  # type: ignore[assignment]
    with writing(runtime.sessions) as session:
        session.query(Stream).update({"next_poll_at": NOW})
    for _ in made:
        poll_one(runtime)
    while triage_one(runtime):
        pass


def bare(folder: Path) -> Callable[[list[Page]], None]:
    """The floor: JSON read, rows inserted, full-text index fed."""
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.executescript(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
        "CREATE TABLE m (id INTEGER PRIMARY KEY, external_id TEXT UNIQUE, thread TEXT, author TEXT, at INTEGER, "
        "text TEXT); CREATE VIRTUAL TABLE s USING fts5(text, content='m', content_rowid='id');"
    )

    def work(made: list[Page]) -> None:
        for page in made:
            raw = orjson.dumps(
                [[m.external_id, m.conversation_id, m.author.name, int(m.sent_at.timestamp()), m.text]
                 for m in page.messages]
            )  # fmt: skip
            connection.execute("BEGIN IMMEDIATE")
            for row in orjson.loads(raw):
                cursor = connection.execute("INSERT INTO m(external_id,thread,author,at,text) VALUES (?,?,?,?,?)", row)
                connection.execute("INSERT INTO s(rowid,text) VALUES (?,?)", (cursor.lastrowid, row[4]))
            connection.execute("COMMIT")

    return work


def speed(work: Callable[[list[Page]], None], made: list[Page]) -> tuple[float, float]:
    """Messages a second by the clock, and by the CPU."""
    count = sum(len(page.messages) for page in made)
    began, began_cpu = time.perf_counter(), time.process_time()
    work(made)
    cpu = time.process_time() - began_cpu
    return count / (time.perf_counter() - began), count / cpu


def main(sizes: list[int]) -> None:
    """Medians of each size, the floor beside them, and the ratio between the sizes."""
    medians = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as name:
            folder, dice = Path(name), random.Random(5)
            began = time.perf_counter()
            runtime = opened(folder, size // 3)
            print(f"  {size:,} stored (made in {time.perf_counter() - began:.0f} s)", flush=True)
            floor = bare(folder)
            speed(partial(ours, runtime), pages(10**8, 3, dice))
            found: dict[str, list[tuple[float, float]]] = {"floor": [], "ours": []}
            for number in range(ROUNDS):
                made = pages(10**7 * (number + 1), PAGES, dice)
                found["floor"].append(speed(floor, made))
                found["ours"].append(speed(partial(ours, runtime), made))
            clock, cpu = (statistics.median(pair[which] for pair in found["ours"]) for which in (0, 1))
            bare_clock, bare_cpu = (statistics.median(pair[which] for pair in found["floor"]) for which in (0, 1))
            print(f"    floor {bare_clock:9,.0f} messages a second   {bare_cpu:9,.0f} a CPU second")
            print(f"    ours  {clock:9,.0f} messages a second   {cpu:9,.0f} a CPU second   (must 2,000)")
            size_of = Path(make_url(runtime.settings.inbox.database).database or "").stat().st_size
            if size:
                print(f"    {size_of / size:,.0f} bytes of disk a message, everything included")
            medians.append(cpu)
            runtime.engine.dispose()
    if len(medians) > 1:
        print(f"  {sizes[-1]:,} stored against {sizes[0]:,}: {medians[-1] / medians[0]:.2f} of the speed (must 0.5)")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [0, 1_000_000])
