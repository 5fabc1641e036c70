"""The crisis room: what is going on, who leads, what is frozen, what must be done."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import timedelta

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from inbox import crises
from inbox.queries import crises as queries
from inbox.queries.accounts import arrivals
from inbox.queries.conversations import Filters, conversations
from inbox.queries.usual import usual_hours
from inbox.web.charts import curve
from inbox.web.desk import Form, PageRoute, Visit, Visiting, field

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SHOWN_HOURS = 24


@router.get("/crisis")
def room(visit: Visiting, id: int | None = None) -> Response:
    """The gravest running crisis, or the one asked for; without any, how to declare one."""
    with visit.reading() as session:
        running = queries.crises(session, running_only=True)
        everything = queries.crises(session, limit=20)
        chosen = queries.crisis(session, id) if id is not None else max(running, key=lambda c: c.level, default=None)
        affected = conversations(session, Filters(severity=("crisis", "urgent")), visit.now, limit=20).items
        start = visit.now - timedelta(hours=SHOWN_HOURS - 1)
        now = arrivals(session, start, visit.now)
        happened = queries.crisis_events(session, chosen.id)[::-1] if chosen else []
        usually = usual_hours(session, [hour.hour for hour in now], visit.runtime.settings.inbox.zone)
    view = {
        "chosen": chosen,
        "running": running,
        "past": [crisis for crisis in everything if crisis.stood_down_at is not None],
        "rows": affected,
        "here": "?queue=crisis",
        "current": None,
        "curve": curve([hour.count for hour in now], usually),
        "curve_from": now[0].hour,
        "curve_middle": now[0].hour + (now[-1].hour - now[0].hour) / 2,
        "events": happened,
        "prepared": prepared(visit, chosen.level if chosen else None),
        "levels": visit.runtime.playbook.current().levels,
        "behaviour": crises.level_behaviour(visit.runtime, chosen.level) if chosen else None,
    }
    return visit.page("crisis.html", view, place="crisis")


@router.get("/crisis/state")
def state(visit: Visiting) -> Response:
    """The band of the top bar alone, for pages that are open when a crisis turns."""
    with visit.reading() as session:
        return visit.part("state.html", visit.frame(session, ""))


def prepared(visit: Visit, level: int | None) -> list[tuple[str, str]]:
    """The holding statement of this level, then the answers to hard questions: names and texts, in the reader's
    language."""
    playbook = visit.runtime.playbook.current()
    names = [question.answer for question in playbook.questions]
    if level is not None:
        statement = crises.level_behaviour(visit.runtime, level).automatic_replies
        names = ([] if statement in ("normal", "none") else [statement]) + names
    return [(name, visit.runtime.wording.render(name, visit.language, {})) for name in dict.fromkeys(names)]


@router.post("/crisis")
def declare(visit: Visiting, form: Form) -> Response:
    """Declares one; whoever declares it leads it until somebody takes over. For managers."""
    visit.must_be("manager")
    with visit.writing() as session:
        crises.declare(
            session,
            visit.runtime,
            _level(form),
            field(form, "title"),
            field(form, "cause"),
            visit.person.email,
            visit.now,
            owner=visit.person.email,
        )
    return RedirectResponse("/crisis", 303)


def _level(form: Form) -> int:
    written = field(form, "level")
    return int(written) if written.isdecimal() and len(written) < 3 else -1


@router.post("/crisis/{crisis_id}/level")
def level(visit: Visiting, crisis_id: int, form: Form) -> Response:
    """Raises or lowers it; for managers."""
    visit.must_be("manager")
    with visit.writing() as session:
        crises.raise_level(session, visit.runtime, crisis_id, _level(form), visit.person.email, visit.now)
    return _back(crisis_id)


@router.post("/crisis/{crisis_id}/take-over")
def take_over(visit: Visiting, crisis_id: int, form: Form) -> Response:
    """This person leads from now on."""
    with visit.writing() as session:
        crises.take_over(session, crisis_id, visit.person.email, visit.person.email, visit.now)
    return _back(crisis_id)


@router.post("/crisis/{crisis_id}/stand-down")
def stand_down(visit: Visiting, crisis_id: int, form: Form) -> Response:
    """It is over; for managers."""
    visit.must_be("manager")
    with visit.writing() as session:
        crises.stand_down(session, crisis_id, visit.person.email, visit.now)
    return _back(crisis_id)


@router.post("/crisis/{crisis_id}/check/{index}")
def check_off(visit: Visiting, crisis_id: int, index: int, form: Form) -> Response:
    """Ticks a line of the checklist, or unticks it."""
    with visit.writing() as session:
        crises.check_off(session, crisis_id, index, visit.person.email, visit.now)
    return _back(crisis_id)


@router.get("/crisis/{crisis_id}/export")
def export(visit: Visiting, crisis_id: int) -> Response:
    """The crisis with checklist, history and what came each hour, as a file to keep."""
    with visit.reading() as session:
        found = queries.crisis(session, crisis_id)
        happened = queries.crisis_events(session, crisis_id)
        hours = arrivals(session, found.declared_at - timedelta(hours=SHOWN_HOURS), found.stood_down_at or visit.now)
    data = asdict(found) | {
        "events": [asdict(event) for event in happened],
        "messages_an_hour": {hour.hour.isoformat(): hour.count for hour in hours},
    }
    text = json.dumps(data, ensure_ascii=False, indent=2, default=str)
    headers = {"Content-Disposition": f'attachment; filename="crisis-{crisis_id}.json"'}
    return Response(text, media_type="application/json", headers=headers)


def _back(crisis_id: int) -> Response:
    return RedirectResponse(f"/crisis?id={crisis_id}", 303)
