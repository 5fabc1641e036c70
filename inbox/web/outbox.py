"""What is on its way, and what needs a person to decide."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from inbox import outbox
from inbox.errors import NotThere
from inbox.queries import outbox as queries
from inbox.web.conversation import done
from inbox.web.desk import Form, PageRoute, Visiting, field

router = APIRouter(route_class=PageRoute, include_in_schema=False)
STATES = ("failed", "unknown", "queued", "sending", "sent", "cancelled")
ACTS: dict[str, Callable[..., None]] = {"approve": outbox.approve, "cancel": outbox.cancel, "retry": outbox.retry}


@router.get("/outbox")
def page(visit: Visiting, state: str = "", cursor: str = "") -> Response:
    """Everything, or one state, newest first."""
    wanted = state if state in STATES else None
    with visit.reading() as session:
        found = queries.outbox(session, state=wanted, held=state == "held", cursor=cursor or None)
    view = {"items": found.items, "next_cursor": found.next_cursor, "state": state, "states": STATES}
    return visit.page("outbox.html", view, place="outbox")


@router.post("/outbox/{item_id}/{act}")
def decide(visit: Visiting, item_id: int, act: str, form: Form) -> Response:
    """Approves, withdraws or tries again."""
    if act not in ACTS:
        raise NotThere(f"action {act}")
    with visit.writing() as session:
        ACTS[act](session, item_id, visit.person.email, visit.now)
    conversation = field(form, "conversation")
    if conversation.isdecimal():
        return done(visit, int(conversation))
    return RedirectResponse("/outbox", 303)
