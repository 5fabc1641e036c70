"""Coming in and going out."""

from __future__ import annotations

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from inbox import access
from inbox.db import reading
from inbox.web.desk import COOKIE, Desk, Form, FormNotOurs, PageRoute, Visiting, field
from inbox.web.i18n import translations

router = APIRouter(route_class=PageRoute, include_in_schema=False)
VISITOR_COOKIE = "zuruf_visitor"


@router.get("/")
def front_door(visit: Visiting) -> Response:
    """The inbox; who is not signed in is sent on by the visit itself."""
    return RedirectResponse("/inbox", 303)


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/inbox") -> Response:
    """The form; somebody signed in already goes straight on."""
    desk: Desk = request.state.desk
    with reading(desk.runtime.sessions) as session:
        found = access.signed_in(session, request.cookies.get(COOKIE), desk.runtime.clock())
    if found is not None:
        return RedirectResponse(_inside(next), 303)
    return _form(desk, request, next=next)


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Checks the password; the same answer for a wrong address and a wrong password."""
    desk: Desk = request.state.desk
    form = await request.form(max_files=0, max_fields=20)
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    if not visitor or not access.csrf_matches(access.visitor_csrf(visitor), field(form, "csrf")):
        raise FormNotOurs
    email, password = field(form, "email"), field(form, "password")
    address = request.client.host if request.client else ""
    now = desk.runtime.clock()
    answer = await run_sync(access.sign_in, desk.runtime.sessions, email, password, address, now)
    language = desk.language(request)
    if answer.secret is not None:
        response = RedirectResponse(_inside(field(form, "next", "/inbox")), 303)
        _set_cookie(desk, response, COOKIE, answer.secret, int(access.ABSOLUTE.total_seconds()))
        return response
    texts = translations(language)
    if answer.wait_until is not None:
        wait = desk.renderer.format(language, now).duration(answer.wait_until - now, dative=True)
        problem = texts.gettext("Too many attempts. Try again in %(time)s.") % {"time": wait}
        return _form(desk, request, email=email, next=field(form, "next"), problem=problem, status=429)
    problem = texts.gettext("Address and password do not fit together. Check both, or ask your admin for a new one.")
    return _form(desk, request, email=email, next=field(form, "next"), problem=problem, status=401)


@router.post("/sign-out")
def sign_out(visit: Visiting, form: Form) -> Response:
    """Ends this sign-in on the server and forgets the cookie."""
    with visit.writing() as session:
        access.end_sign_in(session, visit.request.cookies[COOKIE])
    response = RedirectResponse("/sign-in", 303)
    response.delete_cookie(COOKIE, path="/")
    return response


def _form(
    desk: Desk, request: Request, *, email: str = "", next: str = "/inbox", problem: str = "", status: int = 200
) -> Response:
    language = desk.language(request)
    visitor = request.cookies.get(VISITOR_COOKIE) or access.new_visitor()
    view = {
        "title": translations(language).gettext("Sign in"),
        "csrf": access.visitor_csrf(visitor),
        "email": email,
        "next": _inside(next),
        "problem": problem,
        "ended": COOKIE in request.cookies,
    }
    response = HTMLResponse(desk.renderer.page("sign_in.html", language, desk.runtime.clock(), view), status)
    _set_cookie(desk, response, VISITOR_COOKIE, visitor, 24 * 3600)
    return response


def _inside(address: str) -> str:
    """Only places of ours: a link must not lead a freshly signed-in person elsewhere."""
    if not address.startswith("/") or address.startswith(("//", "/\\", "/sign-")) or any(ord(c) < 32 for c in address):
        return "/inbox"
    return address


def _set_cookie(desk: Desk, response: Response, name: str, value: str, seconds: int) -> None:
    secure = desk.runtime.settings.web.public_url.startswith("https:")
    response.set_cookie(name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=secure)
