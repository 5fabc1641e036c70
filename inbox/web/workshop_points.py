"""What the team's clicks say: suggestions accepted and dismissed by rule, and better points for complaints."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from inbox import playbook_drafts, point_proposals
from inbox.errors import Refusal
from inbox.web.desk import Form, PageRoute, Visiting

router = APIRouter(route_class=PageRoute, include_in_schema=False)
CHOICES = (30, 90, 365)


@router.get("/playbook/points")
def points(visit: Visiting, days: int = 90) -> Response:
    """The counts of so many days, and what follows from them."""
    visit.must_be("manager")
    days = days if days in CHOICES else 90
    since = visit.now - timedelta(days=days)
    with visit.reading() as session:
        rules = point_proposals.by_rule(session, since)
        lines = point_proposals.by_line(visit.runtime.playbook.current(), point_proposals.clicks(session, since))
        draft = playbook_drafts.open_draft(session, visit.person.email)
    view = {
        "days": days,
        "choices": CHOICES,
        "rules": rules,
        "lines": lines,
        "proposals": [line for line in lines if line.proposed is not None],
        "fewest": point_proposals.FEWEST,
        "much": point_proposals.MUCH,
        "draft": draft,
    }
    return visit.page("workshop_points.html", view, place="playbook")


@router.post("/playbook/points")
def draft_points(visit: Visiting, form: Form, days: int = 90) -> Response:
    """A draft with the chosen proposals; somebody still has to publish it."""
    visit.must_be("manager")
    since = visit.now - timedelta(days=days if days in CHOICES else 90)
    wanted = {str(value) for value in form.getlist("line")}
    playbook = visit.runtime.playbook.current()
    with visit.writing() as session:
        if playbook_drafts.open_draft(session, visit.person.email) is not None:
            raise Refusal("You have a draft already. Publish or discard it first.", 409)
        in_force = playbook_drafts.in_force(session)
        lines = point_proposals.by_line(playbook, point_proposals.clicks(session, since))
        chosen = [line for line in lines if line.proposed is not None and line.place in wanted]
        if in_force is None or not chosen:
            raise Refusal("Choose at least one proposal.", 422)
        changes = {line.place: (line.points, line.proposed) for line in chosen if line.proposed is not None}
        files = point_proposals.rewritten(in_force.files, changes)
        reason = "; ".join(point_proposals.sentence(line) for line in chosen)
        number = playbook_drafts.save(session, files, reason, visit.person.email, visit.now)
    return RedirectResponse(f"/playbook/versions/{number}", 303)
