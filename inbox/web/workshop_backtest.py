"""A draft over stored history against the playbook in force: started, watched, and read message by message."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, RedirectResponse

from inbox import backtests, playbook_drafts
from inbox.backtest import Comparison, Difference, Outcome
from inbox.backtests import DAYS, Job
from inbox.errors import Refusal
from inbox.web.desk import Form, PageRoute, Visit, Visiting, field
from inbox.web.workshop_bench import Benched

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE = 25


@dataclass(frozen=True, slots=True)
class RuleChange:
    """How often a rule applied, before and after."""

    rule: str
    before: int
    after: int

    @property
    def change(self) -> int:
        """After minus before."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing the playbooks say differently about a message."""

    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]


@router.get("/playbook/versions/{number}/backtest")
def backtest_page(visit: Visiting, number: int, days: int = 30, rule: str = "", skip: int = 0) -> Response:
    """What was asked for: how far it is, or what it found; `rule` shows only messages on which that rule differs."""
    visit.must_be("manager")
    return _page(visit, number, days, rule, max(skip, 0))


@router.post("/playbook/versions/{number}/backtest")
def start(visit: Visiting, bench: Benched, number: int, form: Form) -> Response:
    """Begins one; nothing is sent or changed."""
    visit.must_be("manager")
    days = _days(field(form, "days"))
    with visit.reading() as session:
        files = playbook_drafts.version(session, number).files
    candidate = bench.judge(files).playbook
    if candidate is None:
        raise Refusal("The draft cannot be read yet. Mend its mistakes first.", 422)
    active = visit.runtime.playbook.current()
    backtests.start(visit.runtime, number, candidate, active, days, visit.person.email, visit.now)
    return RedirectResponse(f"/playbook/versions/{number}/backtest?days={days}", 303)


@router.post("/playbook/versions/{number}/stop-backtest")
def stop(visit: Visiting, number: int, form: Form) -> Response:
    """Ends a running one."""
    visit.must_be("manager")
    days = _days(field(form, "days"))
    job = _job(visit, number, days)
    if job is not None:
        with visit.writing() as session:
            backtests.stop(session, job.id)
    return RedirectResponse(f"/playbook/versions/{number}/backtest?days={days}", 303)


@router.get("/playbook/versions/{number}/backtest/progress")
def progress(visit: Visiting, number: int, days: int = 30) -> Response:
    """How far it is, for the page's script."""
    visit.must_be("manager")
    job = _job(visit, number, days)
    if job is None:
        return JSONResponse({"running": False, "done": 0, "total": 0})
    return JSONResponse({"running": job.running, "done": job.done, "total": job.total})


def _days(written: str) -> int:
    return int(written) if written in map(str, DAYS) else 30


def _job(visit: Visit, number: int, days: int) -> Job | None:
    active = visit.runtime.playbook.current().hash
    with visit.reading() as session:
        candidate = playbook_drafts.version(session, number).hash
        return backtests.job(session, candidate, active, days, visit.now)


def _page(visit: Visit, number: int, days: int, rule: str, skip: int) -> Response:
    job = _job(visit, number, days)
    with visit.reading() as session:
        version = playbook_drafts.version(session, number)
    result = job.result if job is not None else None
    shown = [one for one in result.shown if not rule or _differs_on(one, rule)] if result is not None else []
    view: dict[str, Any] = {
        "version": version,
        "days": days,
        "choices": DAYS,
        "job": job,
        "running": job is not None and job.running,
        "result": result,
        "rules": _rules(result) if result is not None else [],
        "rule": rule,
        "shown": [(one, _turns(one.before, one.after)) for one in shown[skip : skip + PAGE]],
        "count": len(shown),
        "next": skip + PAGE if skip + PAGE < len(shown) else None,
        "address": f"/playbook/versions/{number}/backtest?days={days}",
    }
    return visit.page("workshop_backtest.html", view, place="playbook")


def _differs_on(one: Difference, rule: str) -> bool:
    return (rule in one.before.rules) is not (rule in one.after.rules)


def _rules(result: Comparison) -> list[RuleChange]:
    """Every rule that applied at all, the greatest change first."""
    names = {*result.rules_before, *result.rules_after}
    found = [RuleChange(name, result.rules_before[name], result.rules_after[name]) for name in names]
    return sorted(found, key=lambda one: (-abs(one.change), -one.after, one.rule))


def _turns(before: Outcome, after: Outcome) -> list[Turn]:
    found = []
    for one in fields(Outcome):
        old, new = _plain(getattr(before, one.name)), _plain(getattr(after, one.name))
        if old != new:
            found.append(Turn(one.name, old, new))
    return found


def _plain(value: tuple[str, ...] | str | None) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return value
    return () if value in (None, "none") else (str(value),)
