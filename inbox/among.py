"""`column IN (…)` with all the values in one parameter: the statement's text stays the same however many they are.

SQLAlchemy writes a mark for each value into the text, which costs more than finding a hundred rows by their key, and
each number of values is another statement for the database to prepare. SQLite reads the values from a JSON list,
PostgreSQL from an array; both look each of them up in the column's index.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import ARRAY, BigInteger, ColumnElement, String, Text, TypeDecorator, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType, TypeEngine


def among(column: Any, name: str = "ids") -> ColumnElement[bool]:
    """Whether the column is one of the values given as parameter `name` when the statement runs: ids or texts.

    No value at all is true of no row.
    """
    return _Among(column, bindparam(name, type_=_Texts() if isinstance(column.type, String) else _Ids()))


class _Among(FunctionElement[Any]):
    inherit_cache = True
    # Not Boolean: SQLAlchemy would write `= 1` behind it, and SQLite finds nothing by an index then.
    type = NullType()


@compiles(_Among, "sqlite")
def _in_a_list(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - a column and a mark


@compiles(_Among, "postgresql")
def _in_an_array(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{column} = ANY ({values})"


class _Many(TypeDecorator[Any]):
    """Several values in one parameter, as the database reads them."""

    impl = Text
    cache_ok = True
    of: TypeEngine[Any]

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else ARRAY(self.of))

    def process_bind_param(self, value: Iterable[Any] | None, dialect: Dialect) -> Any:
        values = list(value or ())
        return orjson.dumps(values).decode() if dialect.name == "sqlite" else values


class _Ids(_Many):
    cache_ok = True
    of = BigInteger()


class _Texts(_Many):
    cache_ok = True
    of = Text()
