"""Migrations run at start, once, whoever else starts; they lead to what the models say; newer databases are refused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Engine, event, inspect, text

from inbox.db import migrate, open_engine
from inbox.migrations import FOLDER, HEAD, NewerDatabase, version_of
from inbox.models import Base, UtcDateTime
from tests.databases import Databases

KEPT_BY_HAND = ("message_search", "ix_messages_search")
"""The full-text index, which the models do not know."""


@pytest.fixture
def empty(databases: Databases) -> Iterator[Engine]:
    engine = open_engine(databases.empty())
    yield engine
    engine.dispose()


def described_by_models(thing: Any, name: str | None, kind: str, reflected: bool, compare_to: Any) -> bool:
    return not (reflected and (name or "").startswith(KEPT_BY_HAND))


def same_to_the_database(_context: Any, _column: Any, _old: Any, reflected: Any, wanted: Any) -> bool | None:
    return not isinstance(reflected, BigInteger) if isinstance(wanted, UtcDateTime) else None


def test_the_migrated_schema_is_what_the_models_say(empty: Engine) -> None:
    migrate(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_object": described_by_models,
                "compare_type": same_to_the_database,
                "compare_server_default": True,
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_an_empty_database_has_no_version_and_a_migrated_one_the_newest(empty: Engine) -> None:
    with empty.connect() as connection:
        assert version_of(connection) is None
    migrate(empty)
    with empty.connect() as connection:
        assert version_of(connection) == HEAD


def test_a_second_start_changes_nothing(empty: Engine) -> None:
    migrate(empty)
    statements: list[str] = []
    event.listen(empty, "before_cursor_execute", lambda c, cu, statement, *rest: statements.append(statement))
    migrate(empty)
    assert [one for one in statements if one.split()[0].upper() in ("CREATE", "ALTER", "INSERT", "UPDATE")] == []


def test_several_that_start_at_once_migrate_once(databases: Databases) -> None:
    url = databases.empty()
    engines = [open_engine(url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate, engines))
    with engines[0].connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [HEAD]
    for engine in engines:
        engine.dispose()


def test_a_newer_database_is_refused_and_left_as_it_is(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    with pytest.raises(NewerDatabase, match="newer Zuruf"):
        migrate(empty)
    with empty.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
