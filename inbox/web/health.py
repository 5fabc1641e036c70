"""Whether the process is up, whether it can do its work, and what it counts."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from inbox import metrics
from inbox.api.door import Now, Wired, reader
from inbox.db import reading
from inbox.playbooks import NoPlaybook
from inbox.runtime import Runtime

router = APIRouter(include_in_schema=False)

HEARTBEAT = timedelta(seconds=30)
"""A scheduler that did not tick for this long has stopped."""


class Readiness(BaseModel):
    """Ready, or every reason why not, in words."""

    ready: bool
    reasons: list[str]


@router.get("/healthz")
async def healthz() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
def readyz(runtime: Wired, now: Now) -> JSONResponse:
    """200 when database, scheduler and playbook are fine, otherwise 503 with reasons. A platform that fails is the
    account's health, not ours."""
    reasons = [reason for reason in (_database(runtime), _scheduler(runtime, now), _playbook(runtime)) if reason]
    return JSONResponse(Readiness(ready=not reasons, reasons=reasons).model_dump(), 503 if reasons else 200)


@router.get("/metrics")
def show_metrics(request: Request, runtime: Wired, now: Now) -> Response:
    """Prometheus text; needs a token (or a signed-in person) unless `[web] metrics_open = true`."""
    if not runtime.settings.web.metrics_open:
        reader(request, runtime, now)
    body, media_type = metrics.exposition(runtime, now)
    return Response(body, media_type=media_type)


def _database(runtime: Runtime) -> str | None:
    try:
        with reading(runtime.sessions) as session:
            session.execute(text("SELECT 1 FROM accounts LIMIT 1"))
    except SQLAlchemyError as error:
        return f"database: it does not answer ({type(error).__name__}). See the log."
    return None


def _scheduler(runtime: Runtime, now: datetime) -> str | None:
    if runtime.scheduler_ticked_at is None:
        return None
    ticked_at = runtime.scheduler_ticked_at()
    if ticked_at is None:
        return "scheduler: it has not started yet."
    if now - ticked_at > HEARTBEAT:
        return f"scheduler: it last ticked {int((now - ticked_at).total_seconds())} s ago. Restart the daemon."
    return None


def _playbook(runtime: Runtime) -> str | None:
    try:
        runtime.playbook.current()
    except SQLAlchemyError as error:
        return f"playbook: it cannot be read ({type(error).__name__})."
    except NoPlaybook as error:
        return f"playbook: {error}"
    return None
