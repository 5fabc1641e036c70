"""The power fails before or after any commit of the journey: nothing is lost, nothing is said twice.

"forgotten": it fails after the commit, and takes every commit back that did not wait for the disk.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from connectors.sandbox import Sandbox
from inbox import replies
from inbox.db import writing
from tests.journeys.house import House, configuration, database_in
from tests.stepped_clock import SteppedClock

QUESTION = "Guten Tag, ich hätte eine Frage zu meinem neuen Rucksack."
COMMENT = "Gibt es die Schuhe auch in Größe 38?"
ANSWER = "Ja, Größe 38 ist wieder da."


class PowerCut(BaseException):
    """Nothing after this line happens."""


class Fuse:
    """Blows at the n-th commit that wrote something, just before it or just after it; never when n is 0."""

    def __init__(self, house: House, blow_at: int, moment: str) -> None:
        self.written: list[tuple[str, ...]] = []
        """For each commit so far what it wrote: the beginnings of its statements."""
        self.factory, self.engine = house.runtime.sessions, house.runtime.engine
        self.blow_at, self.moment = blow_at, moment
        self.lasting = Path(house.runtime.engine.url.database or "").with_suffix(".lasting")
        """The database as it was after the last commit that waited for the disk."""
        self.repeatable = False
        """Whether the last transaction need not wait for the disk."""
        self._writes: list[str] = []
        self._blows = False

    def __enter__(self) -> Fuse:
        event.listen(self.factory, "before_commit", self._before)
        event.listen(self.factory, "after_commit", self._after)
        event.listen(self.engine, "after_cursor_execute", self._executed)
        if self.moment == "forgotten":
            event.listen(self.engine, "begin", self._begun)
            self._keep()
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(self.factory, "before_commit", self._before)
        event.remove(self.factory, "after_commit", self._after)
        event.remove(self.engine, "after_cursor_execute", self._executed)
        if self.moment == "forgotten":
            event.remove(self.engine, "begin", self._begun)

    def _begun(self, connection: Connection) -> None:
        self.repeatable = bool(connection.get_execution_options().get("repeatable"))

    def _keep(self) -> None:
        with (
            closing(sqlite3.connect(str(self.engine.url.database))) as now,
            closing(sqlite3.connect(self.lasting)) as kept,
        ):
            now.backup(kept)

    def forget(self) -> None:
        """Put the database back to what had reached the disk."""
        self.engine.dispose()
        database = Path(str(self.engine.url.database))
        for left in (database, Path(f"{database}-wal"), Path(f"{database}-shm")):
            left.unlink(missing_ok=True)
        self.lasting.rename(database)

    def _executed(
        self, _connection: Connection, cursor: Any, statement: str, _parameters: Any, _context: Any, _many: bool
    ) -> None:
        """What claims nothing and changes nothing is no step: an idle look may be interrupted anywhere."""
        if statement.startswith(("INSERT", "UPDATE", "DELETE")) and cursor.rowcount != 0:
            self._writes.append(" ".join(statement.split()[:3]))

    def _before(self, session: Session) -> None:
        session.flush()
        if not self._writes:
            return
        self.written.append(tuple(self._writes))
        self._writes.clear()
        self._blows = len(self.written) == self.blow_at
        if self._blows and self.moment == "before":
            raise PowerCut

    def _after(self, _session: Session) -> None:
        if self.moment == "forgotten" and not self.repeatable:
            self._keep()
        if self._blows and self.moment in ("after", "forgotten"):
            raise PowerCut


def journey(house: House, anna: str) -> None:
    """A message and a comment come in, the machine answers the one, Anna the other."""
    house.live(25, step=5)
    comment = house.conversation_of(COMMENT)
    with writing(house.runtime.sessions) as session:
        draft = replies.Draft(ANSWER, "public", "anna-1", anna)
        replies.reply(session, house.runtime, comment.id, draft, house.clock())
    house.live(10, step=5)


def outcome(house: House) -> tuple[list[tuple[str, str]], list[str]]:
    """What the platform holds of ours, and how our own items ended."""
    said = sorted((row["action"], row["text"][:20]) for row in house.sandbox.journal)
    return said, sorted(item.state for item in house.outbox())


def build(clock: SteppedClock, sandbox: Sandbox, database: str) -> tuple[House, str]:
    house = House(
        sandbox, clock, configuration(sandbox, database, accounts=["shop-facebook"], poll_every="60s")
    ).connect()
    anna = house.person()
    house.work()
    clock.advance(seconds=50)
    post = house.world.facebook.post("Neue Wanderschuhe sind da!")
    house.world.facebook.comment(post, "Jana Prohaska", COMMENT)
    house.world.facebook.message("Karl Brunner", QUESTION)
    return house, anna


def commits_of_the_journey(tmp_path: Path) -> list[int]:
    """The numbers of the commits to die at: of those that write alike, one poll like another, the first."""
    clock = SteppedClock()
    with Sandbox(seed=1, now=clock) as sandbox:
        house, anna = build(clock, sandbox, database_in(tmp_path / "count"))
        with Fuse(house, 0, "never") as fuse:
            journey(house, anna)
        assert outcome(house)[1] == ["sent", "sent"]
        house.runtime.engine.dispose()
    firsts: dict[tuple[str, ...], int] = {}
    for number, writes in enumerate(fuse.written, 1):
        firsts.setdefault(tuple(dict.fromkeys(writes)), number)
    return list(firsts.values())


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("moment", ["before", "after", "forgotten"])
def test_a_power_cut_at_any_commit_loses_and_repeats_nothing(tmp_path: Path, moment: str) -> None:
    forgotten = 0
    for blow_at in commits_of_the_journey(tmp_path):
        clock = SteppedClock()
        with Sandbox(seed=1, now=clock) as sandbox:
            house, anna = build(clock, sandbox, database_in(tmp_path / f"{moment}-{blow_at}"))
            fuse = Fuse(house, blow_at, moment)
            try:
                with fuse:
                    journey(house, anna)
            except PowerCut:
                if moment == "forgotten":
                    fuse.forget()
                    forgotten += fuse.repeatable
                house = house.restart()
                house.live(48, step=16)
                journey(house, anna)
                house.live(48, step=24)
            check(house, f"{moment} commit {blow_at}")
            house.runtime.engine.dispose()
    assert moment != "forgotten" or forgotten > 3


def check(house: House, when: str) -> None:
    texts = Counter(message.text for message in house.messages(direction="inbound"))
    assert texts == {QUESTION: 1, COMMENT: 1}, when
    said, states = outcome(house)
    assert max(Counter(said).values()) == 1, f"said twice, {when}: {said}"
    ended = Counter(states)
    assert ended["sent"] == len(said), f"{when}: {states} {said}"
    assert ended["sent"] + ended["failed"] == 2, f"{when}: {states}"
    ours = house.messages(direction="outbound")
    assert {message.origin for message in ours} <= {"agent", "automation"}, when
    assert len(ours) == len(said), when
