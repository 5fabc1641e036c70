"""What goes wrong outside of the pages' own handlers: people read a page in their language, programs problem+json."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from fastapi import Request, Response
from starlette.exceptions import HTTPException

from inbox.api import problems
from inbox.web.desk import Desk, is_htmx

log = structlog.get_logger("web")

FOR_PROGRAMS = ("/api/", "/webhooks/", "/healthz", "/readyz", "/metrics", "/static/")
TITLES = {
    403: "That is not possible",
    404: "Not found",
    405: "That is not possible",
    413: "That is too large",
    421: "This address is not ours",
    500: "Something went wrong on our side",
}
NOT_FOUND = "This address is not one of ours. Perhaps it was typed or copied wrongly; start from the inbox."
NOT_TAKEN = "This address cannot be used in this way. Go back, load the page again and repeat."
ACCIDENT = "It has been written to the log. Go back and try again; if it happens again, tell your admin when it was."


def for_a_person(request: Request) -> bool:
    """Whether a browser shows the answer to somebody: it asks for HTML, and not at a door made for programs."""
    wants_page = "text/html" in request.headers.get("accept", "") or is_htmx(request)
    return wants_page and not request.url.path.startswith(FOR_PROGRAMS)


class Failures:
    """Answers for one process's application."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def of_http(self, request: Request, error: Exception) -> Response:
        """Unknown addresses, wrong methods, and what the doors refuse."""
        if not isinstance(error, HTTPException):
            raise error
        if not for_a_person(request):
            return problems.of_http(request, error)
        detail = {404: NOT_FOUND, 405: NOT_TAKEN}.get(error.status_code, str(error.detail))
        return self._page(request, error.status_code, detail, error.headers)

    def of_accident(self, request: Request, error: Exception) -> Response:
        """Our own mistake: the log has all of it, the answer nothing of it."""
        log.error("a request failed", method=request.method, path=request.url.path, exc_info=error)
        if not for_a_person(request):
            return problems.of_accident(request, error)
        return self._page(request, 500, ACCIDENT)

    def refused(self, request: Request, status: int, detail: str) -> Response:
        """What is refused before any handler has seen it."""
        if not for_a_person(request):
            return problems.problem(status, detail)
        return self._page(request, status, detail)

    def _page(self, request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
        title = TITLES.get(status, "That is not possible")
        response = self.desk.failure(request, status, title, detail, self.desk.readers_language(request))
        response.headers.update(headers or {})
        return response
