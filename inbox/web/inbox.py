"""The list: queues, filters, search, and bringing visible lines up to date."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from sqlalchemy.orm import Session

from inbox.queries.conversations import Filters, conversations
from inbox.queries.house import labels_in_use
from inbox.queries.queues import QUEUES, queue_filters
from inbox.queries.rows import rows_in_order
from inbox.queries.views import Sort
from inbox.web.desk import PageRoute, Visit, Visiting

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE = 50
MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class Looking:
    """Which list somebody looks at; travels in the address so that every link leads back to it."""

    queue: str = "all"
    q: str = ""
    channel: str = ""
    kind: str = ""
    severity: str = ""
    label: str = ""
    account: str = ""
    sort: Sort = "due"
    cursor: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Looking:
        """From an address; what is unknown there counts as absent."""
        words = {name: query.get(name, "").strip()[:200] for name in ("q", "channel", "kind", "severity", "label")}
        return cls(
            queue=query.get("queue", "all") if query.get("queue") in QUEUES else "all",
            account=query.get("account", "")[:200],
            sort="newest" if query.get("sort") == "newest" else "due",
            cursor=query.get("cursor", "")[:400],
            **words,
        )

    def filters(self, email: str) -> Filters:
        """As the query takes them. Searching looks through everything, resolved conversations too."""
        base = Filters() if self.q and self.queue == "all" else queue_filters(self.queue, email)
        return replace(
            base,
            channel=_only(self.channel) or base.channel,
            kind=_only(self.kind) or base.kind,
            severity=_only(self.severity) or base.severity,
            label=_only(self.label),
            account=_only(self.account),
            q=self.q or None,
        )

    def address(self, **changes: str) -> str:
        """`?queue=…` with everything that is not the default."""
        changed = replace(self, **changes)  # type: ignore[arg-type]
        default = Looking()
        set_ones = {
            name: getattr(changed, name)
            for name in Looking.__dataclass_fields__
            if getattr(changed, name) != getattr(default, name)
        }
        return f"?{urlencode(set_ones)}" if set_ones else ""

    @property
    def filtered(self) -> int:
        """How many filters narrow the queue."""
        return sum(bool(value) for value in (self.channel, self.kind, self.severity, self.label, self.account))


def _only(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def list_view(visit: Visit, session: Session, looking: Looking, current: int | None = None) -> dict[str, Any]:
    """What the list's template needs."""
    page = conversations(
        session,
        looking.filters(visit.person.email),
        visit.now,
        sort=looking.sort,
        cursor=looking.cursor or None,
        limit=PAGE,
    )
    return {
        "rows": page.items,
        "queue": looking.queue,
        "q": looking.q,
        "filters": looking,
        "filtered": looking.filtered,
        "channels": sorted(visit.runtime.channels),
        "known_labels": labels_in_use(session, at_most=100),
        "here": looking.address(),
        "cursor": looking.cursor,
        "first_page": "/inbox" + looking.address(cursor=""),
        "next_page": "/inbox" + looking.address(cursor=page.next_cursor) if page.next_cursor else None,
        "current": current,
    }


@router.get("/inbox")
def inbox(visit: Visiting) -> Response:
    """A queue or a search, most urgent first."""
    looking = Looking.of(visit.request.query_params)
    with visit.reading() as session:
        view = {**list_view(visit, session, looking), "detail": None}
    return visit.page("inbox.html", view)


@router.get("/inbox/rows")
def rows(visit: Visiting, ids: str = "", current: int | None = None) -> Response:
    """The lines of these conversations as they stand now, without moving any."""
    wanted = [int(part) for part in ids.split(",")[:MOST_ROWS] if part.isdecimal() and len(part) < 19]
    looking = Looking.of(visit.request.query_params)
    with visit.reading() as session:
        view = {"rows": rows_in_order(session, wanted, visit.now), "here": looking.address(), "current": current}
    return visit.part("rows.html", view)


@router.get("/inbox/new")
def new_arrivals(visit: Visiting, known: str = "") -> Response:
    """The ids on this list's first page now, for the page to say how many it does not show yet."""
    looking = replace(Looking.of(visit.request.query_params), cursor="")
    with visit.reading() as session:
        page = conversations(session, looking.filters(visit.person.email), visit.now, sort=looking.sort, limit=PAGE)
    seen = set(known.split(","))
    fresh = [row.id for row in page.items if str(row.id) not in seen]
    return Response(str(len(fresh)), media_type="text/plain")


@router.get("/inbox/queues")
def queues(visit: Visiting) -> Response:
    """Queue counts as they stand now."""
    looking = Looking.of(visit.request.query_params)
    with visit.reading() as session:
        view = {**visit.frame(session, ""), "queue": visit.request.query_params.get("queue"), "q": looking.q}
    return visit.part("queues.html", view)
