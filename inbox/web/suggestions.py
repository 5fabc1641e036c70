"""Accepting, changing and dismissing what the playbook proposes."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from inbox import suggestions
from inbox.errors import Refusal
from inbox.queries import suggestions as queries
from inbox.queries.conversations import Filters, conversations
from inbox.web.conversation import Unsent, done, shown
from inbox.web.desk import Form, PageRoute, Visiting, field

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/suggestions")
def next_suggestion(visit: Visiting) -> Response:
    """The most urgent conversation with a suggestion, in its queue."""
    with visit.reading() as session:
        page = conversations(session, Filters(with_suggestions=True), visit.now, limit=1)
    if not page.items:
        return RedirectResponse("/inbox?queue=suggestions", 303)
    return RedirectResponse(f"/conversations/{page.items[0].id}?queue=suggestions", 303)


@router.post("/suggestions/{suggestion_id}/accept")
def accept(visit: Visiting, suggestion_id: int, form: Form) -> Response:
    """Queues what it proposes, with the words as they stand in the form."""
    text = field(form, "text").strip() or None
    note = field(form, "public_note").strip() or None
    with visit.reading() as session:
        conversation_id = queries.suggestion(session, suggestion_id).conversation_id
    try:
        with visit.writing() as session:
            suggestions.accept(
                session, visit.runtime, suggestion_id, text, visit.person.email, visit.now, public_note=note
            )
    except Refusal as refusal:
        unsent = Unsent(problem=refusal.detail, alternatives=refusal.alternatives)
        return shown(visit, conversation_id, unsent=unsent, status=refusal.status)
    return done(visit, conversation_id)


@router.post("/suggestions/{suggestion_id}/dismiss")
def dismiss(visit: Visiting, suggestion_id: int, form: Form) -> Response:
    """Not this time; the report counts it against the rule."""
    with visit.writing() as session:
        conversation_id = queries.suggestion(session, suggestion_id).conversation_id
        suggestions.dismiss(session, suggestion_id, visit.person.email, visit.now)
    return done(visit, conversation_id)
