"""What every page handler stands on: who is visiting, how pages are rendered, and what happens when something fails."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

from anyio.to_thread import run_sync
from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from inbox import access, crises, playbook_drafts
from inbox.db import reading, writing
from inbox.errors import NotThere, Refusal
from inbox.queries import accounts as account_queries
from inbox.queries import crises as crisis_queries
from inbox.queries.outbox import unsent_lately
from inbox.queries.queues import queue_counts
from inbox.queries.timeline import latest_event_id
from inbox.queries.usual import silences
from inbox.runtime import Runtime
from inbox.web.i18n import choose_language, translations
from inbox.web.refusals import translated
from inbox.web.render import Renderer

COOKIE = "zuruf_session"
TROUBLES_KEPT = timedelta(seconds=5)
MOST_FILES = 10
"""In one form; a file input that was left empty counts too."""
SILENCES_KEPT = timedelta(minutes=5)


class SignInNeeded(Exception):
    """Nobody is signed in, or no longer."""


class FormNotOurs(Exception):
    """An unsafe request without this sign-in's CSRF token."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """An account whose health a person must look at."""

    name: str
    health: str


class Desk:
    """One process's pages."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.renderer = Renderer(runtime.settings.inbox.timezone)
        self._troubles: tuple[datetime, list[Trouble]] | None = None
        self._silent: tuple[datetime, list[str]] | None = None

    async def bring(self, request: Request) -> None:
        """Router dependency: handlers find the desk in the request's state."""
        request.state.desk = self

    def troubles(self, session: Session, now: datetime) -> list[Trouble]:
        """Accounts in trouble, read at most every few seconds: every page shows them, and they change slowly."""
        if self._troubles is None or not timedelta() <= now - self._troubles[0] < TROUBLES_KEPT:
            found = account_queries.accounts(session, self.runtime.channels, now)
            troubles = [Trouble(a.name, a.health) for a in found if a.health not in ("ok", "paused")]
            well = {a.name for a in found if a.health == "ok"}
            troubles += [Trouble(name, "silent") for name in self._silences(session, now) if name in well]
            self._troubles = (now, troubles)
        return self._troubles[1]

    def _silences(self, session: Session, now: datetime) -> list[str]:
        """Accounts that hear next to nothing where they usually hear something; asked every few minutes."""
        if self._silent is None or not timedelta() <= now - self._silent[0] < SILENCES_KEPT:
            heard = silences(session, now, self.runtime.settings.inbox.zone)
            self._silent = (now, [name for name, silence in heard.items() if silence.suspicious])
        return self._silent[1]

    def language(self, request: Request, chosen: str | None = None) -> str:
        """In which language this browser is answered."""
        return choose_language(chosen, request.headers.get("accept-language", ""), self.runtime.settings.inbox.language)

    def readers_language(self, request: Request) -> str:
        """The signed-in person's own choice, else as `language`; never fails, because errors are told in it."""
        try:
            with reading(self.runtime.sessions) as session:
                found = access.signed_in(session, request.cookies.get(COOKIE), self.runtime.clock())
        except SQLAlchemyError:
            found = None
        return self.language(request, found.person.language if found is not None else None)

    def failure(self, request: Request, status: int, title: str, detail: str, language: str) -> Response:
        """An error page that says what happened and the next step."""
        texts = translations(language)
        view = {
            "title": texts.gettext(title),
            "detail": translated(detail, texts),
            "back": came_from(request),
        }
        html = self.renderer.page("error.html", language, self.runtime.clock(), view)
        headers = {"HX-Retarget": "body", "HX-Reswap": "innerHTML"} if is_htmx(request) else {}
        return HTMLResponse(html, status, headers)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of one signed-in person."""

    desk: Desk
    request: Request
    person: access.Person
    csrf: str
    language: str
    now: datetime

    @property
    def runtime(self) -> Runtime:
        """What the process is made of."""
        return self.desk.runtime

    def reading(self) -> AbstractContextManager[Session]:
        """A session that only reads."""
        return reading(self.runtime.sessions)

    def writing(self) -> AbstractContextManager[Session]:
        """A session that writes; commits at its end."""
        return writing(self.runtime.sessions)

    def gettext(self, message: str) -> str:
        """In the visitor's language."""
        return translations(self.language).gettext(message)

    def template_title(self, name: str) -> str:
        """What people call a reply template, in the visitor's language."""
        return self.runtime.wording.title(name, self.language)

    def page(self, template: str, view: Mapping[str, Any], *, place: str = "", status: int = 200) -> HTMLResponse:
        """A whole page with its frame."""
        with self.reading() as session:
            whole = {**self.frame(session, place), **view}
        return HTMLResponse(self.desk.renderer.page(template, self.language, self.now, whole), status)

    def part(self, template: str, view: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
        """A part of a page that has a template of its own, for a swap."""
        whole = {"person": self.person, "csrf": self.csrf, "template_title": self.template_title, **view}
        return HTMLResponse(self.desk.renderer.page(template, self.language, self.now, whole), status)

    def frame(self, session: Session, place: str) -> dict[str, Any]:
        """What stands around every page: queues with counts, the crisis in force, accounts in trouble."""
        running = crisis_queries.crises(session, running_only=True, limit=20)
        crisis = max(running, key=lambda one: one.level, default=None)
        return {
            "person": self.person,
            "csrf": self.csrf,
            "template_title": self.template_title,
            "place": place,
            "queue": None,
            "q": "",
            "queues": queue_counts(session, self.person.email, self.now),
            "crisis": crisis,
            "crisis_behaviour": crises.level_behaviour(self.runtime, crisis.level) if crisis else None,
            "unsent": unsent_lately(session, self.now),
            "troubles": self.desk.troubles(session, self.now),
            "attention": playbook_drafts.attention(session, self.person.email),
            "last_event": latest_event_id(session),
        }

    def must_be(self, role: access.Role) -> None:
        """Raises Refusal (403) when the person's role does not reach."""
        if not access.may(self.person.role, role):
            raise Refusal("Your role does not allow this. Ask a manager or an admin of your team.", 403)


def came_from(request: Request) -> str | None:
    """The page of ours this request was made from, as path and query; None when there is none, or it is this one."""
    named = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    address = named.path + (f"?{named.query}" if named.query else "")
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if named.netloc != request.headers.get("host") or address == asked or named.path.startswith("/sign-"):
        return None
    return address


def is_htmx(request: Request) -> bool:
    """Whether a part of a page is wanted: not when the browser restores a whole page from its history."""
    return request.headers.get("hx-request") == "true" and "hx-history-restore-request" not in request.headers


def signed_in_visit(request: Request) -> Visit:
    """Dependency: the visit of a signed-in person; without one the browser is sent to the sign-in page."""
    desk: Desk = request.state.desk
    now = desk.runtime.clock()
    secret = request.cookies.get(COOKIE)
    with reading(desk.runtime.sessions) as session:
        found = access.signed_in(session, secret, now)
    if found is None or secret is None:
        raise SignInNeeded
    if found.stale:
        with writing(desk.runtime.sessions) as session:
            access.touch(session, secret, now)
    return Visit(desk, request, found.person, found.csrf, desk.language(request, found.person.language), now)


Visiting = Annotated[Visit, Depends(signed_in_visit)]


async def checked_form(request: Request, visit: Visiting) -> FormData:
    """Dependency of every unsafe request: its form, after its CSRF token was found right."""
    return await _checked(request, visit, 0)


async def checked_form_with_files(request: Request, visit: Visiting) -> FormData:
    """The same for the one form that takes files."""
    return await _checked(request, visit, MOST_FILES)


async def _checked(request: Request, visit: Visit, most_files: int) -> FormData:
    form = await request.form(max_files=most_files, max_fields=200)
    given = form.get("csrf") or request.headers.get("x-csrf-token")
    if not access.csrf_matches(visit.csrf, str(given) if given else None):
        raise FormNotOurs
    return form


Form = Annotated[FormData, Depends(checked_form)]
FormWithFiles = Annotated[FormData, Depends(checked_form_with_files)]


def field(form: FormData, name: str, default: str = "") -> str:
    """One text of a form."""
    value = form.get(name, default)
    return value if isinstance(value, str) else default


class PageRoute(APIRoute):
    """Turns what handlers raise into pages a person can go on from."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wraps the ordinary handler."""
        ordinary = super().get_route_handler()

        async def with_pages_for_errors(request: Request) -> Response:
            try:
                return await ordinary(request)
            except SignInNeeded:
                return _to_sign_in(request)
            except FormNotOurs:
                title, status = "This form is no longer valid", 403
                detail = "It belongs to another sign-in or was open for too long. Load the page again and repeat."
            except NotThere as error:
                title, detail, status = "Not found", str(error), 404
            except Refusal as error:
                title, detail, status = "That is not possible", error.detail, error.status
            except RequestValidationError:
                title, detail, status = "Not found", "This address is not one of ours.", 404
            desk: Desk = request.state.desk
            language = await run_sync(desk.readers_language, request)
            return desk.failure(request, status, title, detail, language)

        return with_pages_for_errors


def _to_sign_in(request: Request) -> Response:
    wanted: str | None = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if is_htmx(request) or request.method != "GET":
        wanted = came_from(request)
    address = "/sign-in" if wanted in (None, "/") else f"/sign-in?next={quote(str(wanted))}"
    if is_htmx(request):
        return Response(status_code=204, headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
