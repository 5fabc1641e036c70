"""The web application of one process: pages, API, webhooks and health behind one door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from inbox.api import problems
from inbox.api.problems import Problem
from inbox.db import WEB_THREADS
from inbox.errors import NotThere, Refusal
from inbox.runtime import Runtime
from inbox.web import attachments, health, pages, webhooks
from inbox.web.armour import Armour
from inbox.web.desk import Desk
from inbox.web.failures import Failures

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
        openapi_url=f"{problems.PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_few_threads,
        strict_content_type=False,
    )
    app.state.runtime = runtime
    desk = Desk(runtime)
    failures = Failures(desk)
    app.add_exception_handler(HTTPException, failures.of_http)
    app.add_exception_handler(RequestValidationError, problems.of_validation)
    app.add_exception_handler(Refusal, problems.of_refusal)
    app.add_exception_handler(NotThere, problems.of_not_there)
    app.include_router(health.router)
    app.include_router(webhooks.router)
    app.include_router(attachments.door)
    for router in pages.routers(desk):
        app.include_router(router)
    calls = LateCalls(app)
    app.router.routes.append(Route(f"{problems.PREFIX}/{{rest:path}}", calls))
    web = runtime.settings.web
    app.add_middleware(Armour, public_url=web.public_url, listen_host=web.host, failures=failures)
    describe = app.openapi

    def describe_all() -> dict[str, Any]:
        calls.include()
        return _with_problems_and_token(describe())

    app.openapi = describe_all  # type: ignore[method-assign]
    return app


class LateCalls:
    """Stands where the API's calls will be and brings them in with the first one: their models are a tenth of the
    start and five megabytes, and an inbox that only people use never needs them."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.included = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the first calls; the later ones do not come this way."""
        self.include()
        del scope["path_params"]["rest"]
        await self.app.router(scope, receive, send)

    def include(self) -> None:
        """Take the place. Called by the event loop alone, which matches no address meanwhile."""
        if self.included:
            return
        from inbox.api import calls

        self.included = True
        routes = self.app.router.routes
        routes[:] = [route for route in routes if getattr(route, "endpoint", None) is not self]
        self.app.include_router(calls.router())


@asynccontextmanager
async def _few_threads(_app: FastAPI) -> AsyncIterator[None]:
    """As many threads as database connections for pages: more would only wait for each other."""
    current_default_thread_limiter().total_tokens = WEB_THREADS
    yield


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
