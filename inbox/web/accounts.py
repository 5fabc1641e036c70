"""How the signed-in accounts fare, and what to do about it."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from inbox import accounts, inspection
from inbox.errors import NotThere
from inbox.queries import accounts as queries
from inbox.queries.pushes import pushes
from inbox.queries.usual import silences
from inbox.web.desk import Form, PageRoute, Visit, Visiting

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ACTS = {"pause": accounts.pause, "resume": accounts.resume}


@router.get("/accounts")
def page(visit: Visiting) -> Response:
    """Health in words, quota, cost, and what a platform never shows."""
    return _page(visit)


@router.post("/accounts/{name}/test")
def test(visit: Visiting, name: str, form: Form) -> Response:
    """Asks the platform now."""
    return _page(visit, tested=name, answer=inspection.inspect(visit.runtime, name, visit.now))


@router.post("/accounts/{name}/{act}")
def decide(visit: Visiting, name: str, act: str, form: Form) -> Response:
    """Pauses or resumes; for managers."""
    visit.must_be("manager")
    if act not in ACTS:
        raise NotThere(f"action {act}")
    with visit.writing() as session:
        ACTS[act](session, queries.account_id(session, name), visit.person.email, visit.now)
    return RedirectResponse("/accounts", 303)


def _page(visit: Visit, tested: str = "", answer: list[str] | None = None) -> Response:
    with visit.reading() as session:
        found = queries.accounts(session, visit.runtime.channels, visit.now)
        odd = queries.unreadable_items(session, limit=20)
        heard = silences(session, visit.now, visit.runtime.settings.inbox.zone)
        pushed = pushes(session, visit.now)
    view = {
        "accounts": found, "unreadable": odd, "tested": tested, "answer": answer, "silences": heard, "pushes": pushed,
        "public_url": visit.runtime.settings.web.public_url.rstrip("/"),
    }  # fmt: skip
    return visit.page("accounts.html", view, place="accounts")
