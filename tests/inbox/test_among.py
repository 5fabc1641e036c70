"""Many values in one parameter: the same rows as `IN`, by the column's index, on both databases."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import Session, sessionmaker

from inbox.among import among
from inbox.db import is_sqlite, reading, writing
from inbox.models import Contact, table
from tests.inbox.rows import MOMENT, add_account

PEOPLE = table(Contact).c
BY_ID = select(PEOPLE.external_id).where(among(PEOPLE.id)).order_by(PEOPLE.id)
BY_NAME = select(PEOPLE.external_id).where(among(PEOPLE.external_id, "names")).order_by(PEOPLE.id)
NAMES = ["anna", "17841400000000001", 'quo"te', "Jürgen", "🙂"]


@pytest.fixture
def ids(sessions: sessionmaker[Session]) -> list[int]:
    """One person of each name."""
    with writing(sessions) as session:
        account = add_account(session)
        people = [Contact(account_id=account.id, external_id=name, created_at=MOMENT) for name in NAMES]
        session.add_all(people)
        session.flush()
        return [person.id for person in people]


def test_rows_are_found_by_their_ids(sessions: sessionmaker[Session], ids: list[int]) -> None:
    with reading(sessions) as session:
        assert session.scalars(BY_ID, {"ids": {ids[3], ids[0], 10**15}}).all() == ["anna", "Jürgen"]


def test_texts_are_found_as_they_are_written(sessions: sessionmaker[Session], ids: list[int]) -> None:
    with reading(sessions) as session:
        assert session.scalars(BY_NAME, {"names": [*reversed(NAMES), "nobody"]}).all() == NAMES
        assert session.scalars(BY_NAME, {"names": dict.fromkeys(["jürgen"])}).all() == []


def test_no_value_is_true_of_no_row(sessions: sessionmaker[Session], ids: list[int]) -> None:
    with reading(sessions) as session:
        assert session.scalars(BY_ID, {"ids": []}).all() == []
        assert session.scalars(BY_NAME, {"names": ()}).all() == []


def test_more_values_than_a_statement_takes_parameters(sessions: sessionmaker[Session], ids: list[int]) -> None:
    with reading(sessions) as session:
        assert session.scalars(BY_ID, {"ids": range(ids[0], ids[0] + 70_000)}).all() == NAMES


def test_rows_are_written_too(sessions: sessionmaker[Session], ids: list[int]) -> None:
    rename = update(table(Contact)).where(among(PEOPLE.id)).values(name=bindparam("new"))
    with writing(sessions) as session:
        session.execute(rename, {"ids": ids[:2], "new": "Jana"})
    with reading(sessions) as session:
        assert session.scalars(select(Contact.name).order_by(Contact.id)).all() == ["Jana", "Jana", None, None, None]


@pytest.mark.parametrize(("query", "values"), [(BY_ID, {"ids": [1]}), (BY_NAME, {"names": ["anna"]})])
def test_it_is_looked_up_in_an_index(
    sessions: sessionmaker[Session], query: Select[Any], values: dict[str, object]
) -> None:
    with reading(sessions) as session:
        if not is_sqlite(session):
            pytest.skip("PostgreSQL chooses plans by the rows there are; SQLite by the indexes")
        of_account = query.where(PEOPLE.account_id == 1)
        text = str(of_account.compile(session.get_bind()))
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("[1]", 1)).all()
    assert any(row[3].startswith("SEARCH contacts USING") for row in plan), plan
