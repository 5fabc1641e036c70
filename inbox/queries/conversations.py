"""The list of conversations: any filter, most urgent or newest first, by keyset on an index.

The ids of a page are read from indexes alone. A filter with several values becomes one ordered, limited branch for
each value, merged: `status IN (…)` would make the database read and sort everything that fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import product
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, func, literal, select, tuple_, type_coerce, union_all
from sqlalchemy.orm import Session

from inbox.models import Account, Conversation, ConversationLabel, User
from inbox.queries.clocks import is_overdue, is_soon
from inbox.queries.cursors import Cursor, bounded, decode
from inbox.queries.found import found_page
from inbox.queries.rows import rows_in_order
from inbox.queries.views import ConversationPage, Sort

STATUSES = ("open", "pending", "snoozed", "resolved")
UNRESOLVED = ("open", "pending", "snoozed")
"""Where a clock may be running: what is due is looked for here unless other statuses are named."""
NOBODY = "none"
"""As `assignee`: conversations no person has."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list shows. Empty means: everything. Several values of one filter: any of them."""

    status: tuple[str, ...] = ()
    channel: tuple[str, ...] = ()
    account: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    visibility: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    label: tuple[str, ...] = ()
    """Every one of these labels."""
    assignee: str | None = None
    """An e-mail address, a team's name, or `none`."""
    due: str | None = None
    """`overdue` or `soon`."""
    q: str | None = None
    """Words to be found in messages; then newest hit first, whatever the sort."""
    with_suggestions: bool = False
    with_held_replies: bool = False
    contact_id: int | None = None


def conversations(
    session: Session,
    filters: Filters,
    now: datetime,
    *,
    sort: Sort = "due",
    cursor: str | None = None,
    limit: int = 50,
) -> ConversationPage:
    """One page. `limit` is cut to 200. Raises `Refusal` (422) for a cursor that is not this list's."""
    limit = bounded(limit)
    if filters.q and filters.q.strip():
        return found_page(session, filters.q, conditions(session, filters, now), now, cursor=cursor, limit=limit)
    after = decode(cursor, sort)
    query = _ids(session, filters, now, sort, after, limit + 1)
    if query is None:
        return ConversationPage([], None)
    found = session.execute(query).all()
    more = len(found) > limit
    found = found[:limit]
    items = rows_in_order(session, [row.id for row in found], now)
    last = Cursor(sort, found[-1].position, found[-1].id).encode() if more else None
    return ConversationPage(items, last)


def conditions(session: Session, filters: Filters, now: datetime) -> list[ColumnElement[bool]] | None:
    """Every filter but the words, as conditions on conversations; None when nothing can fit."""
    lead = _lead(session, filters)
    if lead is None:
        return None
    parts = [column.in_(values) if values != [None] else column.is_(None) for column, values in lead]
    if filters.status:
        parts.append(Conversation.status.in_(filters.status))
    elif filters.due:
        parts.append(Conversation.status.in_(UNRESOLVED))
    return parts + _other_conditions(filters, now) + _label_conditions(filters)


def _ids(
    session: Session, filters: Filters, now: datetime, sort: Sort, after: Cursor | None, limit: int
) -> Select[*tuple[Any, ...]] | None:
    """The ids and positions of one page, in order; None when nothing can fit."""
    position: ColumnElement[int] = (
        type_coerce(Conversation.queue_position, BigInteger)
        if sort == "due"
        else type_coerce(Conversation.last_message_at, BigInteger)
    )
    row = tuple_(position, Conversation.id)
    lead = _lead(session, filters)
    if lead is None:
        return None
    branches: list[Select[*tuple[Any, ...]]] = []
    for fixed in _fixed(lead, filters, sort):
        branch = select(Conversation.id.label("id"), position.label("position")).where(
            *fixed, *_other_conditions(filters, now), *_label_conditions(filters)
        )
        if after is not None:
            mark = tuple_(literal(after.position, BigInteger), literal(after.id, BigInteger))
            branch = branch.where(row > mark if sort == "due" else row < mark)
        order = (position, Conversation.id) if sort == "due" else (position.desc(), Conversation.id.desc())
        branches.append(branch.order_by(*order).limit(limit))
    if len(branches) == 1:
        return branches[0]
    merged = union_all(*(select(branch.subquery()) for branch in branches)).subquery()
    columns = (merged.c.position, merged.c.id)
    return (
        select(merged.c.id, merged.c.position)
        .order_by(*(columns if sort == "due" else (column.desc() for column in columns)))
        .limit(limit)
    )


Lead = list[tuple[Any, list[Any]]]


def _lead(session: Session, filters: Filters) -> Lead | None:
    """The filters that have an index of their own, most telling first: [(column, values)]; None: nothing can fit."""
    lead: Lead = []
    if filters.contact_id is not None:
        lead.append((Conversation.contact_id, [filters.contact_id]))
    if filters.assignee == NOBODY:
        lead.append((Conversation.assignee_id, [None]))
    elif filters.assignee and "@" in filters.assignee:
        user_id = session.scalar(select(User.id).where(User.email == filters.assignee.strip().lower()))
        if user_id is None:
            return None
        lead.append((Conversation.assignee_id, [user_id]))
    if filters.account:
        ids = list(session.scalars(select(Account.id).where(Account.name.in_(filters.account))))
        if not ids:
            return None
        lead.append((Conversation.account_id, ids))
    if filters.severity:
        lead.append((Conversation.severity, list(filters.severity)))
    if filters.channel:
        lead.append((Conversation.channel, list(filters.channel)))
    return lead


def _fixed(lead: Lead, filters: Filters, sort: Sort) -> Iterator[Sequence[ColumnElement[bool]]]:
    """The branches of a page: in each, every column in front of the order column of one index has one value.

    Partial indexes (suggestions, held) and the order by newest need no value for the status.
    """
    own_index = filters.with_suggestions or filters.with_held_replies or filters.contact_id is not None
    columns = list(lead)
    if filters.status:
        columns.append((Conversation.status, list(dict.fromkeys(filters.status))))
    elif filters.due:
        columns.append((Conversation.status, list(UNRESOLVED)))
    elif lead and sort == "due" and not own_index:
        columns.append((Conversation.status, list(STATUSES)))
    for values in product(*(values for _, values in columns)):
        yield [
            column.is_(None) if value is None else column == value
            for (column, _), value in zip(columns, values, strict=True)
        ]


def _other_conditions(filters: Filters, now: datetime) -> list[ColumnElement[bool]]:
    parts: list[ColumnElement[bool]] = []
    if filters.kind:
        parts.append(Conversation.kind.in_(filters.kind))
    if filters.visibility:
        parts.append(Conversation.visibility.in_(filters.visibility))
    if filters.assignee and filters.assignee != NOBODY and "@" not in filters.assignee:
        parts.append(Conversation.team == filters.assignee)
    if filters.due == "overdue":
        parts.append(is_overdue(now))
    elif filters.due == "soon":
        parts.append(is_soon(now))
    if filters.with_suggestions:
        parts.append(Conversation.open_suggestions > 0)
    if filters.with_held_replies:
        parts.append(Conversation.held_replies > 0)
    return parts


def _label_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    return [
        select(ConversationLabel.label)
        .where(ConversationLabel.label == label, ConversationLabel.conversation_id == Conversation.id)
        .exists()
        for label in filters.label
    ]


def conversation_count(session: Session, filters: Filters, now: datetime, *, at_most: int = 100) -> int:
    """How many there are, counted no further than `at_most`: a count over everything would cost more than a page."""
    query = _ids(session, replace(filters, q=None), now, "due", None, at_most)
    return 0 if query is None else session.scalar(select(func.count()).select_from(query.subquery())) or 0
