"""A new database is what the models say, and what all migrations lead to; they run once, whoever else starts; newer
databases are refused."""

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
from inbox.migrations import FOLDER, HEAD, NewerDatabase, create, upgrade, version_of
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
    with empty.begin() as connection:
        upgrade(connection)
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


def described(engine: Engine) -> dict[str, Any]:
    """Everything the database tells about its schema, in an order of its own choosing no more."""
    found = inspect(engine)
    told = {
        kind: {table[1]: by_name(each) for table, each in getattr(found, f"get_multi_{kind}")().items()}
        for kind in ("columns", "indexes", "unique_constraints", "foreign_keys", "pk_constraint", "check_constraints")
    }
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            rest = "SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') ORDER BY name"
            told["written"] = {name: written for name, written in connection.execute(text(rest))}  # noqa: C416
    return told


def by_name(things: Any) -> Any:
    if isinstance(things, dict):
        return sorted((key, by_name(value)) for key, value in things.items())
    if isinstance(things, list):
        return sorted(map(by_name, things))
    return str(things)


def test_a_new_database_is_what_all_migrations_lead_to(databases: Databases) -> None:
    made = []
    for make in (create, upgrade):
        engine = open_engine(databases.empty())
        with engine.begin() as connection:
            make(connection)
        made.append(described(engine))
        engine.dispose()
    assert len(made[0]["columns"]) > 30
    assert made[0] == made[1]


def test_an_older_database_is_brought_up_to_date(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
    migrate(empty)
    with empty.connect() as connection:
        assert version_of(connection) == HEAD


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
