"""What every table shares: times, keys, names of constraints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time, stored as whole microseconds since 1970: the same order and speed on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuses a naive time: it would be some other moment."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone reached the database: {value!r}")
        return (value - EPOCH) // MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Back to an aware UTC time."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


# SQLite gives an autoincrementing key only to the type INTEGER.
Key = BigInteger().with_variant(Integer, "sqlite")


KEY_ALONE = {"sqlite_with_rowid": False}
"""For narrow tables found by their key: the rows lie in the key's own tree, which halves their size on SQLite."""
PLAYBOOK_HASH = 12
"""How much of a playbook's hash is kept with what it decided: what people see of it everywhere."""


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UtcDateTime,
        int: Integer,
        str: Text,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


def table(model: type[Base]) -> Table:
    """The table behind a model: its statements make no objects, and write rows at once whatever is None in them."""
    return cast(Table, model.__table__)


def key() -> Mapped[int]:
    """A primary key."""
    return mapped_column(Key, primary_key=True)


def only(condition: str) -> dict[str, Any]:
    """Makes an index partial, on both databases."""
    return {"sqlite_where": text(condition)}


def meet_postgresql() -> None:
    """Tell PostgreSQL too which indexes are partial. Only where it is used: to name it loads all of it."""
    for one in Base.metadata.tables.values():
        for index in one.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


def reference(target: str, *, nullable: bool = False, index: bool = False) -> Mapped[Any]:
    """A foreign key to `table.id`."""
    return mapped_column(Key, ForeignKey(f"{target}.id"), nullable=nullable, index=index)
