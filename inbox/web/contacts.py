"""Everything of one person on one channel, and their rights."""

from __future__ import annotations

import json
from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from inbox import contacts
from inbox.errors import NotThere
from inbox.queries.contacts import contact
from inbox.web.desk import Form, PageRoute, Visiting, field

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ACTS: dict[str, Callable[..., None]] = {"opt-out": contacts.opt_out, "opt-in": contacts.opt_in}


@router.get("/contacts/{contact_id}")
def page(visit: Visiting, contact_id: int) -> Response:
    """The person's conversations and what may be done."""
    with visit.reading() as session:
        found = contact(session, contact_id, visit.now)
    view = {"contact": found, "rows": found.conversations, "here": "", "current": None}
    return visit.page("contact.html", view, place="contact")


@router.post("/contacts/{contact_id}/export")
def export(visit: Visiting, contact_id: int, form: Form) -> Response:
    """Everything stored about this person, as a file; for managers. A POST, because it is written down."""
    visit.must_be("manager")
    with visit.reading() as session:
        data = contacts.export(session, contact_id)
    text = json.dumps(data, ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": f'attachment; filename="contact-{contact_id}.json"', "Cache-Control": "no-store"}
    return Response(text, media_type="application/json", headers=headers)


@router.post("/contacts/{contact_id}/erase")
def erase(visit: Visiting, contact_id: int, form: Form) -> Response:
    """Removes name and words for ever; for admins, after they wrote the word that the page asks for."""
    visit.must_be("admin")
    if field(form, "sure").strip().lower() != visit.gettext("erase"):
        return RedirectResponse(f"/contacts/{contact_id}#erase", 303)
    with visit.writing() as session:
        contacts.erase(session, contact_id, visit.person.email, visit.now)
    return RedirectResponse(f"/contacts/{contact_id}", 303)


@router.post("/contacts/{contact_id}/{act}")
def decide(visit: Visiting, contact_id: int, act: str, form: Form) -> Response:
    """Opts the person out of automatic messages, or in again."""
    if act not in ACTS:
        raise NotThere(f"action {act}")
    with visit.writing() as session:
        ACTS[act](session, contact_id, visit.person.email, visit.now)
    return RedirectResponse(f"/contacts/{contact_id}", 303)
