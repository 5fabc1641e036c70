"""Which conversations a list holds, as statements that read only indexes.

A statement is built once for each combination of filters and kept: building one costs ten times what the database
needs to answer it. What differs from call to call (now, the cursor, the limit) is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import product
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    type_coerce,
    union_all,
)

from inbox.models import Conversation, ConversationLabel
from inbox.queries.clocks import is_overdue, is_soon, moments, places_of_soon
from inbox.queries.cursors import Cursor
from inbox.queries.views import Sort

STATUSES = ("open", "pending", "snoozed", "resolved")
UNRESOLVED = ("open", "pending", "snoozed")
"""Where a clock may be running: what is due is looked for here unless other statuses are named."""
Statement = Select[*tuple[Any, ...]]
POSITIONS: dict[Sort, ColumnElement[int]] = {
    "due": type_coerce(Conversation.queue_position, BigInteger),
    "newest": type_coerce(Conversation.last_message_at, BigInteger),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Filters after names have become ids. `lead` are those with an index of their own, most telling first."""

    lead: tuple[tuple[str, tuple[Any, ...]], ...] = ()
    """Pairs of a column's name and the values it may have; the value None stands alone."""
    status: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    visibility: tuple[str, ...] = ()
    team: str | None = None
    label: tuple[str, ...] = ()
    due: str | None = None
    with_suggestions: bool = False
    with_held_replies: bool = False


def parameters(now: datetime, limit: int, after: Cursor | None = None) -> dict[str, Any]:
    """What the statements of this file are executed with."""
    mark = {} if after is None else {"after_position": after.position, "after_id": after.id}
    return {**moments(now), **mark, "most": limit}


@lru_cache(maxsize=512)
def page(selection: Selection, sort: Sort, resumed: bool) -> Statement:
    """`id` and `position` of at most `most` conversations, in order; `resumed`: after a cursor."""
    branches = [_branch((*fixed, *_others(selection)), sort, resumed) for fixed in _fixed(selection, sort)]
    if len(branches) == 1:
        return branches[0]
    merged = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
    columns = (merged.c.position, merged.c.id)
    order = columns if sort == "due" else tuple(column.desc() for column in columns)
    return select(merged.c.id, merged.c.position).order_by(*order).limit(_most())


@lru_cache(maxsize=128)
def page_among(selection: Selection, sort: Sort, resumed: bool) -> Statement:
    """The same as `page` where all that can fit is known: conversations with one of the ids `among`."""
    among = Conversation.id.in_(bindparam("among", expanding=True))
    return _branch((among, *conditions(selection)), sort, resumed)


@lru_cache(maxsize=64)
def counts(selections: tuple[Selection | None, ...]) -> Statement:
    """One row with a number for each selection; each branch is counted no further than `most`. None counts 0."""
    return select(*(literal(0) if each is None else _count(each) for each in selections))


@lru_cache(maxsize=512)
def conditions(selection: Selection) -> tuple[ColumnElement[bool], ...]:
    """The whole selection as conditions on conversations, for rows that are known already."""
    leads = [_one_of(getattr(Conversation, name), values) for name, values in selection.lead]
    status = selection.status or (UNRESOLVED if selection.due else ())
    statuses = [Conversation.status.in_(status)] if status else []
    return (*leads, *statuses, *_others(selection))


def _branch(fitting: Sequence[ColumnElement[bool]], sort: Sort, resumed: bool) -> Statement:
    position = POSITIONS[sort]
    branch = select(Conversation.id.label("id"), position.label("position")).where(*fitting)
    if resumed:
        row = tuple_(position, Conversation.id)
        mark = tuple_(bindparam("after_position", type_=BigInteger), bindparam("after_id", type_=BigInteger))
        branch = branch.where(row > mark if sort == "due" else row < mark)
    order = (position, Conversation.id) if sort == "due" else (position.desc(), Conversation.id.desc())
    return branch.order_by(*order).limit(_most())


def _count(selection: Selection) -> ColumnElement[int]:
    total: ColumnElement[int] = literal_column("0", Integer)
    for fixed in _fixed(selection, "due"):
        branch = _branch((*fixed, *_others(selection)), "due", False).subquery()
        total = total + select(func.count()).select_from(branch).scalar_subquery()
    return total


def _fixed(selection: Selection, sort: Sort) -> Iterator[list[ColumnElement[bool]]]:
    """The branches of a page: in each, every column in front of the order column of one index has one value.

    Partial indexes (suggestions, held) and the order by newest need no value for the status.
    """
    first, rest = selection.lead[:1], selection.lead[1:]
    others = [_one_of(getattr(Conversation, name), values) for name, values in rest]
    columns: list[tuple[str, tuple[Any, ...]]] = list(first)
    if selection.status:
        columns.append(("status", selection.status))
    elif selection.due:
        columns.append(("status", UNRESOLVED))
    elif first and first[0][0] != "contact_id" and sort == "due":
        columns.append(("status", STATUSES))
    places: tuple[tuple[ColumnElement[bool], ...], ...] = ((),)
    if selection.due == "soon":
        places = tuple((place,) for place in places_of_soon())
    for values, place in product(product(*(values for _, values in columns)), places):
        yield [
            *(_is(getattr(Conversation, name), value) for (name, _), value in zip(columns, values, strict=True)),
            *place,
            *others,
        ]


def _is(column: Any, value: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = column.is_(None) if value is None else column == value
    return condition


def _one_of(column: Any, values: tuple[Any, ...]) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = _is(column, values[0]) if len(values) == 1 else column.in_(values)
    return condition


def _others(selection: Selection) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if selection.kind:
        parts.append(_one_of(Conversation.kind, selection.kind))
    if selection.visibility:
        parts.append(_one_of(Conversation.visibility, selection.visibility))
    if selection.team is not None:
        parts.append(Conversation.team == selection.team)
    if selection.due == "overdue":
        parts.append(is_overdue())
    elif selection.due == "soon":
        parts.append(is_soon())
    # Written out, not as parameters: a database that plans before it knows them could not use the partial indexes.
    if selection.with_suggestions:
        parts.append(Conversation.open_suggestions > literal_column("0"))
    if selection.with_held_replies:
        parts.append(Conversation.held_replies > literal_column("0"))
    parts += [
        select(ConversationLabel.label)
        .where(ConversationLabel.label == label, ConversationLabel.conversation_id == Conversation.id)
        .exists()
        for label in selection.label
    ]
    return parts


def _most() -> ColumnElement[int]:
    return bindparam("most", type_=Integer)
