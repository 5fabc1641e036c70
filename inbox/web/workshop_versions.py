"""Versions of the playbook: the history, what a version changes, its review by a second person, and the way back."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from inbox import playbook_drafts, playbooks
from inbox.errors import NotThere, Refusal
from inbox.playbook_drafts import Version
from inbox.web.desk import Form, PageRoute, Visit, Visiting, field
from inbox.web.differences import differences
from inbox.web.i18n import translations
from inbox.web.refusals import translated
from inbox.web.workshop_bench import Bench, Benched

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/playbook/versions")
def history(visit: Visiting) -> Response:
    """Every version with who, why and when; any two can be compared."""
    visit.must_be("manager")
    with visit.reading() as session:
        view = {"history": playbook_drafts.history(session), "out_of_line": playbook_drafts.out_of_line(session)}
    return visit.page("workshop_history.html", view, place="playbook")


@router.get("/playbook/compare")
def compare(visit: Visiting, before: int, after: int) -> Response:
    """What changed from one version to another."""
    visit.must_be("manager")
    with visit.reading() as session:
        one, other = playbook_drafts.version(session, before), playbook_drafts.version(session, after)
    view = {"before": one, "after": other, "changes": differences(one.files, other.files)}
    return visit.page("workshop_compare.html", view, place="playbook")


@router.get("/playbook/versions/{number}")
def version(visit: Visiting, bench: Benched, number: int) -> Response:
    """One version: what it changes, whether it passes, what was said about it, and what can be done with it."""
    visit.must_be("manager")
    return _page(visit, bench, number)


@router.post("/playbook/versions/{number}/{act}")
def decide(visit: Visiting, bench: Benched, number: int, act: str, form: Form) -> Response:
    """Asks for a review, publishes, sends back, or goes back to an earlier version; for managers."""
    visit.must_be("manager")
    words = field(form, "words").strip()
    try:
        with visit.writing() as session:
            number = _decided(session, visit, bench, number, act, words)
    except Refusal as refusal:
        return _page(visit, bench, number, trouble=refusal.detail, words=words, status=refusal.status)
    return RedirectResponse(f"/playbook/versions/{number}", 303)


def _decided(session: Session, visit: Visit, bench: Bench, number: int, act: str, words: str) -> int:
    """Carries out one act; returns the version to show afterwards."""
    who, templates = visit.person.email, visit.runtime.playbook.templates
    match act:
        case "ask-for-review":
            playbook_drafts.must_be_the_author(session, number, who)
            playbooks.ask_for_review(session, number, who, visit.now, words)
        case "send-back":
            playbook_drafts.send_back(session, number, words, who, visit.now)
        case "publish":
            second = visit.runtime.settings.playbook.second_person
            playbooks.publish(
                session, number, who, visit.now,
                templates=templates, second_person=second, scenarios=bench.scenarios,
            )  # fmt: skip
        case "roll-back":
            return playbooks.roll_back(session, number, who, visit.now, templates=templates)
        case _:
            raise NotThere(f"action {act}")
    return number


def _page(
    visit: Visit, bench: Bench, number: int, *, trouble: str = "", words: str = "", status: int = 200
) -> Response:
    with visit.reading() as session:
        shown = playbook_drafts.version(session, number)
        in_force = playbook_drafts.in_force(session)
        against = _against(session, shown, in_force)
        remarks = playbook_drafts.remarks(session, number)
        out_of_line = playbook_drafts.out_of_line(session)
    waiting = shown.status in ("draft", "review")
    nothing_new = waiting and in_force is not None and in_force.hash == shown.hash
    backtested = next((one for one in reversed(remarks) if one.kind == "playbook_backtested"), None)
    view: dict[str, Any] = {
        "version": shown,
        "against": against,
        "changes": differences(against.files if against else {}, shown.files),
        "judged": bench.judge(shown.files) if waiting else None,
        "remarks": remarks,
        "backtested": backtested,
        "behind": bool(waiting and in_force and in_force.published_at and in_force.published_at > shown.created_at),
        "in_force": in_force,
        "nothing_new": nothing_new,
        "out_of_line": out_of_line,
        "mine": shown.author == visit.person.email,
        "second_person": visit.runtime.settings.playbook.second_person,
        "directory": str(visit.runtime.settings.playbook.directory),
        "trouble": translated(trouble, translations(visit.language)),
        "words": words,
    }
    return visit.page("workshop_version.html", view, place="playbook", status=status)


def _against(session: Session, shown: Version, in_force: Version | None) -> Version | None:
    """What a version is compared with: the one in force, or for what was in force the one before it."""
    if shown.published_at is None:
        return in_force
    return playbook_drafts.before(session, shown)
