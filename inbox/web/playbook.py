"""The playbook in force: its files, a message tried on it, its versions."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from crisis_playbook import KINDS
from inbox import playbook_drafts, playbooks
from inbox.queries.house import playbook_now
from inbox.web.desk import Form, PageRoute, Visit, Visiting, field
from inbox.web.tried import tried

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/playbook")
def page(visit: Visiting, file: str = "") -> Response:
    """The files of the version in force, with line numbers."""
    return _page(visit, file)


@router.post("/playbook/try")
def try_message(visit: Visiting, form: Form) -> Response:
    """One message: every rule, whether it applied, and the words that decided. Nothing is sent or stored."""
    return _page(visit, field(form, "file"), tried(visit.runtime.playbook.current(), form, "text"))


def _page(visit: Visit, file: str, sample: dict[str, Any] | None = None) -> Response:
    with visit.reading() as session:
        now = playbook_now(session)
        active = playbooks.active(session)
        files = dict(active.files) if active else {}
        history = playbook_drafts.history(session, at_most=8)
    chosen = file if file in files else next(iter(sorted(files)), "")
    view = {
        "in_force": now,
        "files": sorted(files),
        "file": chosen,
        "lines": files.get(chosen, "").splitlines(),
        "versions": history,
        "tried": sample,
        "kinds": KINDS,
        "channels": sorted(visit.runtime.channels),
        "rules": len(visit.runtime.playbook.current().rules),
    }
    return visit.page("playbook.html", view, place="playbook")
