"""One conversation: reading it, and everything done to it besides answering."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from inbox import access, answers, conversations, messages, replies
from inbox.errors import Refusal
from inbox.queries.attachments import unused_files
from inbox.queries.conversation import conversation, conversation_of_message, present
from inbox.queries.views import ConversationDetail
from inbox.ways import SENDABLE, Option
from inbox.web.desk import Form, PageRoute, Visit, Visiting, field, is_htmx
from inbox.web.entries import entries
from inbox.web.i18n import translations
from inbox.web.inbox import Looking, list_view
from inbox.web.refusals import translated
from inbox.web.takings import takings

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MORNING = time(8, 30)


@dataclass(frozen=True, slots=True)
class Unsent:
    """What the composer holds when a conversation is shown again after a refusal."""

    text: str = ""
    way: str = ""
    problem: str = ""
    alternatives: Sequence[Any] = ()
    attachment_ids: Sequence[int] = ()


@router.get("/conversations/{conversation_id}")
def show(visit: Visiting, conversation_id: int, before: int | None = None) -> Response:
    """The conversation, beside the list it was opened from."""
    response, unread = _shown(visit, conversation_id, Unsent(), 200, before)
    if unread:
        with visit.writing() as session:
            conversations.mark_read(session, conversation_id, visit.person.id)
    return response


def shown(
    visit: Visit, conversation_id: int, *, unsent: Unsent | None = None, status: int = 200, before: int | None = None
) -> Response:
    """The pane alone for a swap, the whole page otherwise."""
    return _shown(visit, conversation_id, unsent or Unsent(), status, before)[0]


def _shown(visit: Visit, conversation_id: int, unsent: Unsent, status: int, before: int | None) -> tuple[Response, int]:
    looking = looked_from(visit)
    with visit.reading() as session:
        view = conversation_view(visit, session, conversation_id, unsent, before=before)
        unread = view["detail"].conversation.unread
        view |= {"here": looking.address(), "current": conversation_id}
        if is_htmx(visit.request):
            view |= {"known_labels": [], "rows": [], "queue": looking.queue}
            return visit.part("pane.html", view, status=status), unread
        view = {**list_view(visit, session, looking, conversation_id), **view}
    return visit.page("inbox.html", view, status=status), unread


def looked_from(visit: Visit) -> Looking:
    """The list this request came from: named in its own address, or in that of the page it was made on."""
    if visit.request.query_params:
        return Looking.of(visit.request.query_params)
    page = visit.request.headers.get("hx-current-url") or visit.request.headers.get("referer") or ""
    return Looking.of(dict(parse_qsl(urlsplit(page).query)))


def conversation_view(
    visit: Visit, session: Session, conversation_id: int, unsent: Unsent, *, before: int | None = None
) -> dict[str, Any]:
    """What the conversation's templates need."""
    detail = conversation(session, conversation_id, visit.now, before=before)
    options = replies.options(session, visit.runtime.channels, conversation_id, visit.now)
    others = present(session, conversation_id, visit.now, besides=visit.person.id)
    ways = offered_ways(options)
    chosen = _chosen_way(detail, ways, unsent)
    return {
        "detail": detail,
        "withheld": withheld(detail),
        "entries": entries(detail, visit.runtime.settings.inbox.zone),
        "options": options,
        "reader": replies.reader(session, conversation_id),
        "offered": ways,
        "open_ways": bool(ways),
        "chosen": chosen,
        "chosen_visibility": next((str(option.visibility) for option in ways if option.way == chosen), "note"),
        "writers": [one.name for one in others if one.writing],
        "colleagues": access.people(session),
        "teams": sorted(visit.runtime.playbook.current().teams),
        "prepared": answers.fitting(
            session,
            visit.runtime,
            conversation_id,
            detail.language or visit.runtime.settings.inbox.language,
            visit.person.shown_name,
            visit.now,
        ),
        "can_hide": visit.runtime.channels[detail.conversation.channel].capabilities.can_hide,
        "snoozes": snooze_choices(visit),
        "client_key": f"web-{uuid4()}",
        "files": unused_files(session, unsent.attachment_ids, visit.person.email),
        "taken": takings(visit, detail, ways),
        "draft": unsent.text,
        "problem": translated_for(visit, unsent.problem),
        "alternatives": unsent.alternatives,
    }


def withheld(detail: ConversationDetail) -> dict[int, str]:
    """Why no machine answered: the reason by message, where the playbook had an automatic reply."""
    return {
        event.data["message_id"]: str(event.data.get("reason", ""))
        for event in detail.events
        if event.kind == "automatic_reply_withheld" and "message_id" in event.data
    }


def translated_for(visit: Visit, sentence: str) -> str:
    """A refusal in the visitor's language."""
    return translated(sentence, translations(visit.language))


def offered_ways(options: Sequence[Option]) -> list[Option]:
    """What the composer offers: one public and one private way, and public ways of asking for a private message only
    where no private way is open."""
    open_ones = [option for option in options if option.state == "available" and option.way in SENDABLE]
    public = [option for option in open_ones if option.way == "public_reply"]
    private = [option for option in open_ones if option.visibility == "private"]
    asking = [option for option in open_ones if option.visibility == "public" and option.way != "public_reply"]
    return public[:1] + (private[:1] or asking[:1])


def _chosen_way(detail: ConversationDetail, ways: Sequence[Option], unsent: Unsent) -> str:
    if unsent.way:
        return unsent.way
    same = [option for option in ways if option.visibility == detail.conversation.visibility]
    plain = same or list(ways)
    return str(plain[0].way) if plain else "note"


def snooze_choices(visit: Visit) -> list[tuple[datetime, str]]:
    """Times to put a conversation off to, in the shop's zone."""
    zone = visit.runtime.settings.inbox.zone
    here = visit.now.astimezone(zone)
    tomorrow = datetime.combine(here.date() + timedelta(days=1), MORNING, zone)
    monday = datetime.combine(here.date() + timedelta(days=7 - here.weekday()), MORNING, zone)
    return [
        (visit.now + timedelta(hours=1), visit.gettext("In an hour")),
        (visit.now + timedelta(hours=3), visit.gettext("In three hours")),
        (tomorrow, visit.gettext("Tomorrow morning")),
        (monday, visit.gettext("Monday morning")),
    ]


@router.get("/conversations/{conversation_id}/thread")
def thread(visit: Visiting, conversation_id: int) -> Response:
    """Head, messages, composer and side as they stand now, for a page that is open."""
    with visit.reading() as session:
        view = conversation_view(visit, session, conversation_id, Unsent())
    response = visit.part("fresh.html", view | {"here": looked_from(visit).address()})
    response.headers["Zuruf-Version"] = str(view["detail"].version)
    return response


# -- what is done to it ----------------------------------------------------------------------------------------------


def done(visit: Visit, conversation_id: int) -> Response:
    """After a change: the pane anew, or without scripts back to the conversation."""
    if is_htmx(visit.request):
        return shown(visit, conversation_id)
    return RedirectResponse(f"/conversations/{conversation_id}{looked_from(visit).address()}", 303)


@router.post("/conversations/{conversation_id}/assign")
def assign(visit: Visiting, conversation_id: int, form: Form) -> Response:
    """To a person, a team, or nobody."""
    with visit.writing() as session:
        conversations.assign(session, conversation_id, field(form, "assignee") or None, visit.person.email, visit.now)
    return done(visit, conversation_id)


@router.post("/conversations/{conversation_id}/labels")
def labels(visit: Visiting, conversation_id: int, form: Form) -> Response:
    """Adds and removes labels; several may be written with commas."""
    add = [label.strip() for label in field(form, "add").split(",") if label.strip()]
    remove = [field(form, "remove")] if field(form, "remove") else []
    with visit.writing() as session:
        conversations.change_labels(session, conversation_id, add, remove, visit.person.email, visit.now)
    return done(visit, conversation_id)


@router.post("/conversations/{conversation_id}/notes")
def note(visit: Visiting, conversation_id: int, form: Form) -> Response:
    """An internal note."""
    with visit.writing() as session:
        conversations.add_note(session, conversation_id, field(form, "text"), visit.person.email, visit.now)
    return done(visit, conversation_id)


@router.post("/conversations/{conversation_id}/snooze")
def snooze(visit: Visiting, conversation_id: int, form: Form) -> Response:
    """Puts it off until a time."""
    try:
        until = datetime.fromisoformat(field(form, "until"))
    except ValueError:
        raise Refusal("Snoozing needs a time in the future.", 422) from None
    if until.tzinfo is None:
        until = until.replace(tzinfo=visit.runtime.settings.inbox.zone)
    with visit.writing() as session:
        conversations.snooze(session, conversation_id, until, visit.person.email, visit.now)
    return done(visit, conversation_id)


@router.post("/conversations/{conversation_id}/resolve")
def resolve(visit: Visiting, conversation_id: int, form: Form) -> Response:
    """Done."""
    with visit.writing() as session:
        conversations.resolve(session, conversation_id, visit.person.email, visit.now)
    return done(visit, conversation_id)


@router.post("/conversations/{conversation_id}/reopen")
def reopen(visit: Visiting, conversation_id: int, form: Form) -> Response:
    """Not done after all, or awake before its time."""
    with visit.writing() as session:
        conversations.reopen(session, conversation_id, visit.person.email, visit.now)
    return done(visit, conversation_id)


@router.post("/messages/{message_id}/hide")
def hide(visit: Visiting, message_id: int, form: Form) -> Response:
    """Hides somebody's public comment, or shows it again."""
    hidden = field(form, "hidden") != "no"
    with visit.writing() as session:
        conversation_id = conversation_of_message(session, message_id)
        messages.hide(session, visit.runtime, message_id, hidden, visit.person.email, visit.now)
    return done(visit, conversation_id)
