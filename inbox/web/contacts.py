"""Everything of one person on one channel, and their rights."""

from __future__ import annotations

import json
from collections.abc import Callable

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from inbox import contacts, profiles
from inbox.errors import NotThere
from inbox.queries.contacts import alike, contact
from inbox.web.desk import Form, PageRoute, Visiting, field

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ACTS: dict[str, Callable[..., None]] = {"opt-out": contacts.opt_out, "opt-in": contacts.opt_in}


@router.get("/contacts/{contact_id}")
def page(visit: Visiting, contact_id: int, find: str = "") -> Response:
    """The person's conversations, their other profiles, and what may be done."""
    with visit.reading() as session:
        found = contact(session, contact_id, visit.now)
        perhaps = [] if found.erased_at else alike(session, contact_id, find[:100])
    view = {
        "contact": found, "rows": found.conversations, "here": "", "current": None,
        "perhaps": perhaps, "find": find[:100],
    }  # fmt: skip
    return visit.page("contact.html", view, place="contact")


@router.post("/contacts/{contact_id}/link")
def link(visit: Visiting, contact_id: int, form: Form) -> Response:
    """The same person as another profile, because somebody who knows says so."""
    other = field(form, "other")
    if not other.isdecimal() or len(other) > 18:
        raise NotThere(f"contact {other[:20]}")
    with visit.writing() as session:
        profiles.link(session, contact_id, int(other), visit.person.email, visit.now)
    return RedirectResponse(f"/contacts/{contact_id}#profiles", 303)


@router.post("/contacts/{contact_id}/unlink")
def unlink(visit: Visiting, contact_id: int, form: Form) -> Response:
    """Another person after all. `other` names the profile to take out of the group; without it, this one."""
    other = field(form, "other", str(contact_id))
    if not other.isdecimal() or len(other) > 18:
        raise NotThere(f"contact {other[:20]}")
    with visit.writing() as session:
        profiles.unlink(session, int(other), visit.person.email, visit.now)
    return RedirectResponse(f"/contacts/{contact_id}#profiles", 303)


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
