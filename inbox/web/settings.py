"""The person's own profile, and for those who may: people, hours, prepared texts, tokens, and the log."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from inbox import access, canned
from inbox.business_hours import BusinessHours
from inbox.errors import NotThere, Refusal
from inbox.queries.house import canned_responses
from inbox.queries.timeline import audit_log
from inbox.sla import shop_hours
from inbox.web.desk import Form, PageRoute, Visit, Visiting, field
from inbox.web.i18n import LANGUAGES

router = APIRouter(route_class=PageRoute, include_in_schema=False)
WEEKS = 6


@router.get("/settings")
def profile(visit: Visiting) -> Response:
    """What people may change about themselves."""
    return _page(visit, "profile", {"languages": LANGUAGES})


@router.post("/settings")
def change_profile(visit: Visiting, form: Form) -> Response:
    """Name, language, signature."""
    language = field(form, "language") if field(form, "language") in LANGUAGES else None
    with visit.writing() as session:
        access.change_profile(
            session,
            visit.person.id,
            name=field(form, "name")[:200],
            language=language,
            signature=field(form, "signature")[:500],
        )
    return RedirectResponse("/settings", 303)


@router.post("/settings/password")
def change_password(visit: Visiting, form: Form) -> Response:
    """The person's own password; ends every sign-in of theirs."""
    address = visit.request.client.host if visit.request.client else ""
    answer = access.verify(visit.runtime.sessions, visit.person.email, field(form, "current"), address, visit.now)
    if answer is None:
        raise Refusal("The current password is not right.", 422)
    with visit.writing() as session:
        access.set_password(session, visit.person.email, field(form, "new"), visit.now, actor=visit.person.email)
    return RedirectResponse("/sign-in", 303)


@router.get("/settings/people")
def people(visit: Visiting) -> Response:
    """Who may sign in."""
    with visit.reading() as session:
        everybody = access.people(session, disabled=True)
    return _page(visit, "people", {"everybody": everybody, "roles": access.ROLES})


@router.post("/settings/people")
def add_person(visit: Visiting, form: Form) -> Response:
    """For admins."""
    visit.must_be("admin")
    with visit.writing() as session:
        access.add_user(
            session,
            field(form, "email"),
            field(form, "password"),
            field(form, "role"),
            visit.now,
            name=field(form, "name"),
            actor=visit.person.email,
        )
    return RedirectResponse("/settings/people", 303)


@router.post("/settings/people/{act}")
def change_person(visit: Visiting, act: str, form: Form) -> Response:
    """Another role, no access any more, or access again; for admins."""
    visit.must_be("admin")
    email, actor = field(form, "email"), visit.person.email
    with visit.writing() as session:
        if act == "role":
            access.change_role(session, email, field(form, "role"), visit.now, actor=actor)
        elif act == "disable":
            access.disable(session, email, visit.now, actor=actor)
        elif act == "enable":
            access.enable(session, email, visit.now, actor=actor)
        else:
            raise NotThere(f"action {act}")
    return RedirectResponse("/settings/people", 303)


@router.get("/settings/hours")
def hours(visit: Visiting) -> Response:
    """Opening hours as a calendar, with each holiday that applies."""
    playbook = visit.runtime.playbook.current()
    shop = shop_hours(playbook, visit.runtime.settings.inbox)
    today = visit.now.astimezone(visit.runtime.settings.inbox.zone).date()
    monday = today - timedelta(days=today.weekday())
    weeks = [[_day(visit, shop, monday + timedelta(days=7 * week + day)) for day in range(7)] for week in range(WEEKS)]
    return _page(
        visit, "hours", {"weeks": weeks, "today": today, "open_now": shop.is_open(visit.now) if shop else None}
    )


def _day(visit: Visit, shop: BusinessHours | None, day: date) -> dict[str, Any]:
    if shop is None:
        return {"date": day, "spans": [], "closed_for": None}
    return {"date": day, "spans": shop.spans(day), "closed_for": shop.closed_for(day, visit.language)}


@router.get("/settings/texts")
def texts(visit: Visiting, edit: int | None = None) -> Response:
    """Prepared texts."""
    with visit.reading() as session:
        found = canned_responses(session)
    edited = next((one for one in found if one.id == edit), None)
    view = {"texts": found, "edited": edited, "variables": canned.VARIABLES, "languages": LANGUAGES}
    return _page(visit, "texts", view)


@router.post("/settings/texts")
def save_text(visit: Visiting, form: Form) -> Response:
    """Adds or replaces one."""
    language = field(form, "language") if field(form, "language") in LANGUAGES else visit.language
    with visit.writing() as session:
        canned.save(session, field(form, "name"), language, field(form, "text"), visit.person.email, visit.now)
    return RedirectResponse("/settings/texts", 303)


@router.post("/settings/texts/{response_id}/remove")
def remove_text(visit: Visiting, response_id: int, form: Form) -> Response:
    """Takes one away; for managers."""
    visit.must_be("manager")
    with visit.writing() as session:
        canned.remove(session, response_id, visit.person.email, visit.now)
    return RedirectResponse("/settings/texts", 303)


@router.get("/settings/tokens")
def tokens(visit: Visiting) -> Response:
    """Keys of programs; for admins."""
    return _tokens(visit, "")


@router.post("/settings/tokens")
def add_token(visit: Visiting, form: Form) -> Response:
    """Shows the new key once, on this very page."""
    visit.must_be("admin")
    with visit.writing() as session:
        secret = access.add_token(
            session, field(form, "name"), field(form, "role"), visit.now, actor=visit.person.email
        )
    return _tokens(visit, secret)


@router.post("/settings/tokens/revoke")
def revoke_token(visit: Visiting, form: Form) -> Response:
    """Ends a key at once."""
    visit.must_be("admin")
    with visit.writing() as session:
        access.revoke_token(session, field(form, "name"), visit.now, actor=visit.person.email)
    return RedirectResponse("/settings/tokens", 303)


def _tokens(visit: Visit, fresh: str) -> Response:
    visit.must_be("admin")
    with visit.reading() as session:
        found = access.tokens(session)
    return _page(visit, "tokens", {"tokens": found, "fresh": fresh, "roles": access.ROLES})


@router.get("/settings/log")
def log(visit: Visiting, cursor: str = "") -> Response:
    """Everything that happened, newest first; for managers."""
    visit.must_be("manager")
    with visit.reading() as session:
        events, next_cursor = audit_log(session, cursor=cursor or None)
    return _page(visit, "log", {"events": events, "next_cursor": next_cursor})


@router.get("/settings/retention")
def retention(visit: Visiting) -> Response:
    """How long things are kept."""
    return _page(visit, "retention", {"retention": visit.runtime.settings.retention})


def _page(visit: Visit, tab: str, view: dict[str, Any]) -> Response:
    return visit.page("settings.html", {"tab": tab, **view}, place="settings")
