"""A push is answered after its commit and never before; those that arrive together share one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from inbox.db import writing
from inbox.intake import Intake
from inbox.models import Push
from tests.inbox.rows import MOMENT, add_account

PATIENCE = 20.0


@pytest.fixture
def intake(sessions: sessionmaker[Session]) -> Intake:
    """With one account, `shop`."""
    with writing(sessions) as session:
        add_account(session)
    return Intake(sessions)


@dataclass(frozen=True, slots=True)
class Commits:
    """Tells of each commit before it happens, and lets it pass when it may."""

    reached: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_pass: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @contextmanager
    def of(self, engine: Engine) -> Iterator[None]:
        def pause(_connection: object) -> None:
            self.reached.release()
            assert self.may_pass.acquire(timeout=PATIENCE)

        event.listen(engine, "commit", pause)
        yield
        event.remove(engine, "commit", pause)


def bodies(sessions: sessionmaker[Session]) -> list[bytes]:
    with sessions() as session:
        return list(session.scalars(select(Push.body).order_by(Push.id)))


def test_none_is_answered_before_its_commit_and_all_that_came_meanwhile_share_the_next(
    engine: Engine, sessions: sessionmaker[Session], intake: Intake
) -> None:
    commits = Commits()
    with commits.of(engine):
        first = intake.store("shop", b"0", MOMENT)
        assert commits.reached.acquire(timeout=PATIENCE)
        others = [intake.store("shop", str(number).encode(), MOMENT) for number in range(1, 30)]
        assert not any(one.done() for one in [first, *others])
        assert bodies(sessions) == []
        commits.may_pass.release()
        assert first.result(PATIENCE)
        assert commits.reached.acquire(timeout=PATIENCE)
        assert not any(one.done() for one in others)
        commits.may_pass.release()
        assert all(one.result(PATIENCE) for one in others)
    assert not commits.reached.acquire(blocking=False)
    assert bodies(sessions) == [str(number).encode() for number in range(30)]


def test_what_nobody_knows_is_not_stored_and_stops_nobody(intake: Intake, sessions: sessionmaker[Session]) -> None:
    stored = [intake.store(name, name.encode(), MOMENT) for name in ("shop", "nobody", "shop")]
    assert [one.result(PATIENCE) for one in stored] == [True, False, True]
    assert bodies(sessions) == [b"shop", b"shop"]


def test_who_goes_away_does_not_take_the_push_along(intake: Intake, sessions: sessionmaker[Session]) -> None:
    stored: Future[bool] = intake.store("shop", b"mine", MOMENT)
    assert not stored.cancel()
    assert stored.result(PATIENCE)
    assert bodies(sessions) == [b"mine"]


def test_a_database_that_fails_fails_each_of_them_and_the_next_are_tried_again(
    engine: Engine, sessions: sessionmaker[Session], intake: Intake
) -> None:
    def fail(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith("INSERT"):
            raise OperationalError(statement, {}, Exception("disk full"))

    event.listen(engine, "before_cursor_execute", fail)
    with pytest.raises(OperationalError):
        intake.store("shop", b"lost", MOMENT).result(PATIENCE)
    event.remove(engine, "before_cursor_execute", fail)
    assert intake.store("shop", b"kept", MOMENT).result(PATIENCE)
    assert bodies(sessions) == [b"kept"]
