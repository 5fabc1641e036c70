"""The playbook in force: its files, a message tried on it, its versions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from crisis_playbook import Facts, evaluate, visibility_of
from inbox import playbooks
from inbox.errors import NotThere
from inbox.queries.house import playbook_now
from inbox.web.desk import Form, PageRoute, Visit, Visiting, field

router = APIRouter(route_class=PageRoute, include_in_schema=False)
KINDS = ("comment", "mention", "direct_message")
LONGEST_TRY = 10_000


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the playbook's history."""

    number: int
    hash: str
    status: str
    author: str
    reviewer: str | None
    reason: str
    created_at: datetime
    published_at: datetime | None


@router.get("/playbook")
def page(visit: Visiting, file: str = "") -> Response:
    """The files of the version in force, with line numbers."""
    return _page(visit, file)


@router.post("/playbook/try")
def try_message(visit: Visiting, form: Form) -> Response:
    """One message: every rule, whether it applied, and the words that decided. Nothing is sent or stored."""
    text = field(form, "text")[:LONGEST_TRY]
    kind = field(form, "kind") if field(form, "kind") in KINDS else "comment"
    channel = field(form, "channel") or None
    facts = Facts(text=text, channel=channel, kind=kind, visibility=visibility_of(kind), first_of_conversation=True)
    decision = evaluate(visit.runtime.playbook.current(), facts, explain=True)
    spans = [span for check in decision.checks if check.applied for step in check.steps for span in step.spans]
    tried = {"text": text, "kind": kind, "channel": channel, "decision": decision, "spans": spans}
    return _page(visit, field(form, "file"), tried)


@router.post("/playbook/versions/{number}/{act}")
def decide(visit: Visiting, number: int, act: str, form: Form) -> Response:
    """Publishes a version that waits for review, or goes back to an earlier one; for managers."""
    visit.must_be("manager")
    templates = visit.runtime.playbook.templates
    with visit.writing() as session:
        if act == "publish":
            second = visit.runtime.settings.playbook.second_person
            playbooks.publish(session, number, visit.person.email, visit.now, templates=templates, second_person=second)
        elif act == "roll-back":
            playbooks.roll_back(session, number, visit.person.email, visit.now, templates=templates)
        else:
            raise NotThere(f"action {act}")
    return RedirectResponse("/playbook#versions", 303)


def _page(visit: Visit, file: str, tried: dict[str, Any] | None = None) -> Response:
    with visit.reading() as session:
        now = playbook_now(session)
        active = playbooks.active(session)
        files = dict(active.files) if active else {}
        history = [
            Version(v.id, v.hash, v.status, v.author, v.reviewer, v.reason, v.created_at, v.published_at)
            for v in playbooks.versions(session)[:20]
        ]
    chosen = file if file in files else next(iter(sorted(files)), "")
    view = {
        "in_force": now,
        "files": sorted(files),
        "file": chosen,
        "lines": files.get(chosen, "").splitlines(),
        "versions": history,
        "tried": tried,
        "kinds": KINDS,
        "channels": sorted(visit.runtime.channels),
        "rules": len(visit.runtime.playbook.current().rules),
    }
    return visit.page("playbook.html", view, place="playbook")
