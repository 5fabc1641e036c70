"""The web application of one process: pages, API, webhooks and health behind one door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import structlog
from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from inbox import api
from inbox.api import problems
from inbox.api.problems import Problem
from inbox.db import WEB_THREADS
from inbox.errors import NotThere, Refusal
from inbox.runtime import Runtime
from inbox.web import health, pages, webhooks
from inbox.web.armour import Armour

log = structlog.get_logger("web")

ACCIDENT = (
    "Etwas ist bei uns schiefgegangen. Es steht im Protokoll. Gehen Sie zurück und versuchen Sie es noch einmal.\n\n"
    "Something went wrong on our side. It has been logged. Go back and try again.\n"
)
DESCRIPTION = (
    "Comments, mentions and direct messages of Facebook, Instagram and X in one inbox. Times are RFC 3339 in UTC, "
    "errors are application/problem+json, lists go on with next_cursor."
)


def create_app(runtime: Runtime) -> FastAPI:
    """Everything that answers over HTTP, for this runtime. Starts nothing and connects nothing by itself."""
    app = FastAPI(
        title="Zuruf",
        version="1",
        description=DESCRIPTION,
        openapi_url=f"{api.PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_few_threads,
        strict_content_type=False,
    )
    app.state.runtime = runtime
    app.add_exception_handler(HTTPException, problems.of_http)
    app.add_exception_handler(RequestValidationError, problems.of_validation)
    app.add_exception_handler(Refusal, problems.of_refusal)
    app.add_exception_handler(NotThere, problems.of_not_there)
    app.include_router(health.router)
    app.include_router(webhooks.router)
    app.include_router(api.router())
    for router in pages.routers(runtime):
        app.include_router(router)
    web = runtime.settings.web
    app.add_middleware(Armour, public_url=web.public_url, listen_host=web.host, accident=_accident)
    describe = app.openapi
    app.openapi = lambda: _with_problems_and_token(describe())  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _few_threads(_app: FastAPI) -> AsyncIterator[None]:
    """As many threads as database connections for pages: more would only wait for each other."""
    current_default_thread_limiter().total_tokens = WEB_THREADS
    yield


def _accident(request: Request, error: Exception) -> Response:
    log.error("a request failed", method=request.method, path=request.url.path, exc_info=error)
    if "text/html" in request.headers.get("accept", ""):
        return PlainTextResponse(ACCIDENT, 500)
    return problems.of_accident(request, error)


def _with_problems_and_token(description: dict[str, Any]) -> dict[str, Any]:
    """Says in the description what every call shares: errors and the token."""
    components = description.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    if "Problem" not in schemas:
        problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(problem.pop("$defs", {}))
        schemas["Problem"] = problem
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        description["security"] = [{"token": []}]
    return description
