"""The list of conversations: any filter, most urgent or newest first, by keyset on an index.

The ids of a page are read from indexes alone. A filter with several values becomes one ordered, limited branch for
each value, merged: `status IN (…)` would make the database read and sort everything that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from inbox.models import Account, ConversationLabel, User
from inbox.queries import selection as selections
from inbox.queries.cursors import Cursor, bounded, decode
from inbox.queries.found import found_page
from inbox.queries.rows import rows_in_order
from inbox.queries.selection import STATUSES, Selection
from inbox.queries.views import ConversationPage, Sort

__all__ = ["NOBODY", "STATUSES", "Filters", "conversation_counts", "conversations"]

RARE_LABEL = 500
"""A label on no more conversations than this is read from its own side."""
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
    selection = _selection(session, filters)
    if filters.q and filters.q.strip():
        return found_page(session, filters.q, selection, now, cursor=cursor, limit=limit)
    after = decode(cursor, sort)
    if selection is None:
        return ConversationPage([], None)
    parameters = selections.parameters(now, limit + 1, after)
    among = _with_a_rare_label(session, filters.label)
    if among is None:
        query = selections.page(selection, sort, after is not None)
    else:
        query, parameters["among"] = selections.page_among(selection, sort, after is not None), among
    found = session.execute(query, parameters).all()
    more = len(found) > limit
    found = found[:limit]
    items = rows_in_order(session, [row.id for row in found], now)
    last = Cursor(sort, found[-1].position, found[-1].id).encode() if more else None
    return ConversationPage(items, last)


def conversation_counts(session: Session, lists: Sequence[Filters], now: datetime, *, at_most: int = 100) -> list[int]:
    """How many each list holds, words aside, counted no further than `at_most`, in one query: a count over everything
    would cost more than a page."""
    query = selections.counts(tuple(_selection(session, filters) for filters in lists))
    row = session.execute(query, selections.parameters(now, at_most)).one()
    return [min(count, at_most) for count in row]


def _with_a_rare_label(session: Session, labels: Sequence[str]) -> Sequence[int] | None:
    """The conversations that carry one of the labels which few carry: walking the whole list for them would read
    everything. None when every label is common, or none is asked for."""
    for label in labels:
        query = select(ConversationLabel.conversation_id).where(ConversationLabel.label == label).limit(RARE_LABEL + 1)
        ids = session.scalars(query).all()
        if len(ids) <= RARE_LABEL:
            return ids
    return None


def _selection(session: Session, filters: Filters) -> Selection | None:
    """The filters with ids for names; None when nothing can fit."""
    lead: list[tuple[str, tuple[object, ...]]] = []
    team = None
    if filters.contact_id is not None:
        lead.append(("contact_id", (filters.contact_id,)))
    if filters.assignee == NOBODY:
        lead.append(("assignee_id", (None,)))
    elif filters.assignee and "@" in filters.assignee:
        user_id = session.scalar(select(User.id).where(User.email == filters.assignee.strip().lower()))
        if user_id is None:
            return None
        lead.append(("assignee_id", (user_id,)))
    elif filters.assignee:
        team = filters.assignee
    if filters.account:
        ids = session.scalars(select(Account.id).where(Account.name.in_(filters.account)).order_by(Account.id)).all()
        if not ids:
            return None
        lead.append(("account_id", tuple(ids)))
    if filters.severity:
        lead.append(("severity", tuple(dict.fromkeys(filters.severity))))
    if filters.channel:
        lead.append(("channel", tuple(dict.fromkeys(filters.channel))))
    return Selection(
        lead=tuple(lead),
        status=tuple(dict.fromkeys(filters.status)),
        kind=filters.kind,
        visibility=filters.visibility,
        team=team,
        label=filters.label,
        due=filters.due,
        with_suggestions=filters.with_suggestions,
        with_held_replies=filters.with_held_replies,
    )
