"""How long people waited, when they write, and which rules help."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Any, get_args

from fastapi import APIRouter, Response

from inbox import answers, breaches, reports
from inbox.queries.accounts import arrivals
from inbox.queries.house import canned_responses
from inbox.web.charts import shades
from inbox.web.desk import PageRoute, Visit, Visiting

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PERIODS = (7, 28, 90)
HOURS = 24


@router.get("/reports")
def page(visit: Visiting, days: int = 28, by: str = "channel") -> Response:
    """Response times of a period, grouped; a week's heat; prepared texts by use."""
    period = days if days in PERIODS else 28
    group: reports.By = next((one for one in get_args(reports.By) if one == by), "channel")
    since = visit.now - timedelta(days=period)
    with visit.reading() as session:
        times = reports.response_times(session, visit.runtime, since, visit.now, group, visit.now)
        hours = arrivals(session, since, visit.now)
        texts = sorted(canned_responses(session), key=lambda one: -one.uses)
        missed = breaches.breaches(session, visit.runtime, since, visit.now, visit.now)
        questions = answers.asked(session, since, visit.now)
    heat = _heat(visit, [(hour.hour, hour.count) for hour in hours])
    view = {
        "times": times, "period": period, "periods": PERIODS, "by": group, "heat": heat, "texts": texts[:10],
        "missed": missed, "questions": questions[:10],
    }  # fmt: skip
    return visit.page("reports.html", view, place="reports")


def _heat(visit: Visit, hours: list[tuple[Any, int]]) -> list[dict[str, Any]]:
    """Seven days of 24 hours in the shop's zone: how many messages came, and how dark to draw it."""
    counts: dict[tuple[int, int], int] = defaultdict(int)
    for moment, count in hours:
        there = moment.astimezone(visit.runtime.settings.inbox.zone)
        counts[there.weekday(), there.hour] += count
    table = [[counts[day, hour] for hour in range(HOURS)] for day in range(7)]
    monday = date(2024, 1, 1)
    return [
        {"day": monday + timedelta(days=day), "hours": list(zip(table[day], row, strict=True))}
        for day, row in enumerate(shades(table))
    ]
