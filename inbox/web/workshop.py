"""The managers' workshop: a draft of the playbook, edited file by file, judged as one types, tried on a message."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.orm import Session

from crisis_playbook import KINDS, Inspection, Mistake, json_schema
from inbox import playbook_drafts
from inbox.errors import Refusal
from inbox.playbook_drafts import Version
from inbox.queries.house import labels_in_use
from inbox.web.armour import policy_with_style
from inbox.web.desk import Form, PageRoute, Visit, Visiting, field, is_htmx
from inbox.web.i18n import translations
from inbox.web.refusals import translated
from inbox.web.tried import tried
from inbox.web.workshop_bench import Bench, Benched

router = APIRouter(route_class=PageRoute, include_in_schema=False)
FILE_NAME = re.compile(r"[\w-][\w.-]{0,80}\.ya?ml")


@dataclass(frozen=True, slots=True)
class Editing:
    """What a person has on the bench: one file of their draft, or of the version in force before they save."""

    draft: Version | None
    base: Version | None
    files: Mapping[str, str]
    file: str
    unsaved: bool = False

    @property
    def text(self) -> str:
        """The file as it stands in the editor."""
        return self.files.get(self.file, "")

    @property
    def behind(self) -> bool:
        """Whether another version came in force after the draft was begun: publishing would take it back."""
        begun, published = self.draft and self.draft.created_at, self.base and self.base.published_at
        return bool(begun and published and published > begun)

    @property
    def changed(self) -> frozenset[str]:
        """The files that differ from the version in force."""
        before = self.base.files if self.base else {}
        return frozenset(name for name in {*self.files, *before} if self.files.get(name) != before.get(name))


@router.get("/playbook/workshop")
def workshop(visit: Visiting, bench: Benched, file: str = "", line: int = 0) -> Response:
    """One file of one's draft, or of the version in force; `line` is shown first."""
    visit.must_be("manager")
    with visit.reading() as session:
        editing = _editing(session, visit, file)
    return _page(visit, bench, editing, line=line)


@router.get("/playbook/workshop/words")
def words(visit: Visiting, bench: Benched) -> Response:
    """What the editor offers: the loader's schema, and the names of one's draft, or of the playbook in force while the
    draft cannot be read."""
    visit.must_be("manager")
    with visit.reading() as session:
        editing = _editing(session, visit, "")
        labels = labels_in_use(session, at_most=100)
    playbook = bench.judge(editing.files).playbook or visit.runtime.playbook.current()
    templates = sorted(visit.runtime.playbook.templates)
    return JSONResponse(
        {
            "schema": json_schema(),
            "teams": sorted(playbook.teams),
            "hours": sorted(playbook.hours),
            "topics": sorted(playbook.topics),
            "signals": {name: list(signal.levels) for name, signal in playbook.vocabulary.signals.items()},
            "rules": [rule.name for rule in playbook.rules],
            "labels": sorted({*playbook.labels, *labels}),
            "accounts": [account.name for account in visit.runtime.settings.accounts],
            "templates": templates,
            "titles": {name: visit.template_title(name) for name in templates},
        }
    )


@router.post("/playbook/workshop/check")
def check(visit: Visiting, bench: Benched, form: Form) -> Response:
    """Judges what stands in the form; stores nothing."""
    visit.must_be("manager")
    with visit.reading() as session:
        editing = _edited(_editing(session, visit, field(form, "file")), form)
    if is_htmx(visit.request):
        return visit.part("workshop_results.html", _judged(bench.judge(editing.files), editing))
    return _page(visit, bench, editing)


@router.post("/playbook/workshop/try")
def try_message(visit: Visiting, bench: Benched, form: Form) -> Response:
    """One message against what stands in the form: every rule, and the words that decided. Nothing is sent."""
    visit.must_be("manager")
    with visit.reading() as session:
        editing = _edited(_editing(session, visit, field(form, "file")), form)
    playbook = bench.judge(editing.files).playbook
    sample = tried(playbook, form, "sample") if playbook is not None else None
    if is_htmx(visit.request):
        return visit.part("workshop_tried.html", {"tried": sample, "unreadable": playbook is None})
    return _page(visit, bench, editing, sample=sample, unreadable=playbook is None)


@router.post("/playbook/workshop/save")
def save(visit: Visiting, bench: Benched, form: Form) -> Response:
    """Keeps the file in one's draft, or begins one."""
    visit.must_be("manager")
    name = field(form, "file")
    if not FILE_NAME.fullmatch(name):
        raise Refusal("A playbook file is named with letters, digits and dashes, and ends in .yml.", 422)
    expected = field(form, "expected") or None
    try:
        with visit.writing() as session:
            editing = _edited(_editing(session, visit, name), form)
            if editing.unsaved:
                reason, author = field(form, "reason"), visit.person.email
                playbook_drafts.save(session, editing.files, reason, author, visit.now, expected=expected)
    except Refusal as refusal:
        return _page(visit, bench, editing, trouble=refusal.detail, status=refusal.status)
    return _to(name)


@router.post("/playbook/workshop/remove")
def remove(visit: Visiting, form: Form) -> Response:
    """Takes a file out of one's draft."""
    visit.must_be("manager")
    with visit.writing() as session:
        editing = _editing(session, visit, field(form, "file"))
        files = {name: text for name, text in editing.files.items() if name != editing.file}
        if not files:
            raise Refusal("A playbook needs at least one file.", 422)
        playbook_drafts.save(session, files, "", visit.person.email, visit.now)
    return _to("")


@router.post("/playbook/workshop/discard")
def discard(visit: Visiting, form: Form) -> Response:
    """Lays one's draft aside; the editor shows the version in force again."""
    visit.must_be("manager")
    with visit.writing() as session:
        draft = playbook_drafts.open_draft(session, visit.person.email)
        if draft is not None:
            playbook_drafts.discard(session, draft.number, visit.person.email, visit.now)
    return _to("")


def _to(file: str) -> Response:
    return RedirectResponse(f"/playbook/workshop?file={quote(file)}" if file else "/playbook/workshop", 303)


def _editing(session: Session, visit: Visit, file: str) -> Editing:
    draft = playbook_drafts.open_draft(session, visit.person.email)
    base = playbook_drafts.in_force(session)
    files = draft.files if draft else base.files if base else {}
    chosen = file if file in files or FILE_NAME.fullmatch(file) else next(iter(sorted(files)), "00_basics.yml")
    return Editing(draft, base, files, chosen)


def _edited(editing: Editing, form: Form) -> Editing:
    """With the text of the form in its place. Browsers end lines with CR LF; a file that says the same stays as it
    is, byte for byte."""
    text = field(form, "text").replace("\r\n", "\n")
    if text and not text.endswith("\n"):
        text += "\n"
    if text == editing.text.replace("\r\n", "\n"):
        return editing
    return Editing(editing.draft, editing.base, {**editing.files, editing.file: text}, editing.file, unsaved=True)


def _judged(found: Inspection, editing: Editing) -> dict[str, Any]:
    rules = []
    for rule, group in groupby(found.examples, key=lambda one: one.rule):
        examples = list(group)
        here = examples[0].place.rpartition(":")[0] == editing.file
        rules.append({"name": rule, "examples": examples, "here": here, "red": any(one.mistake for one in examples)})
    return {
        "judged": found,
        "file": editing.file,
        "known_files": frozenset(editing.files),
        "rules": sorted(rules, key=lambda one: (not one["red"], not one["here"])),
        "red_examples": sum(one.mistake is not None for one in found.examples),
        "red_scenarios": sum(bool(one.mistakes) for one in found.scenarios),
    }


def _page(
    visit: Visit,
    bench: Bench,
    editing: Editing,
    *,
    line: int = 0,
    sample: dict[str, Any] | None = None,
    unreadable: bool = False,
    trouble: str = "",
    status: int = 200,
) -> Response:
    judged = bench.judge(editing.files)
    lines = editing.text.splitlines()
    view = {
        **_judged(judged, editing),
        "editing": editing,
        "files": sorted({*editing.files, editing.file}),
        "wrong_in": Counter(mistake.file for mistake in judged.mistakes),
        "wrong_lines": _wrong_lines(judged.mistakes, editing.file),
        "lines": max(len(lines), 1),
        "columns": max([80, *(len(text) for text in lines)]),
        "line": line,
        "tried": sample,
        "unreadable": unreadable,
        "trouble": translated(trouble, translations(visit.language)),
        "kinds": KINDS,
        "channels": sorted(visit.runtime.channels),
        "second_person": visit.runtime.settings.playbook.second_person,
        "nonce": (nonce := secrets.token_urlsafe(16)),
    }
    response = visit.page("workshop.html", view, place="playbook", status=status)
    response.headers["Content-Security-Policy"] = policy_with_style(nonce)
    return response


def _wrong_lines(mistakes: tuple[Mistake, ...], file: str) -> frozenset[int]:
    return frozenset(mistake.line for mistake in mistakes if mistake.file == file)
