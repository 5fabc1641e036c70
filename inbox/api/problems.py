"""Every error a program sees: `application/problem+json` (RFC 9457), written for whoever must act on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.requests import Request

from inbox.errors import Alternative, Refusal

PREFIX = "/api/v1"
"""Where every call is."""
MEDIA_TYPE = "application/problem+json"
LOCKED = {"WWW-Authenticate": 'Bearer realm="Zuruf"'}


class AlternativeOut(BaseModel):
    """Something that can be done instead."""

    kind: str
    reason: str


class Problem(BaseModel):
    """What went wrong, and what to do instead."""

    model_config = ConfigDict(extra="allow")
    type: str = "about:blank"
    title: str
    status: int
    detail: str
    alternatives: list[AlternativeOut] = []


UNREADABLE_OR_LARGE = (400, 413)
"""What any body may be answered with: not UTF-8, or too large."""


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a call, for its description."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def problem(
    status: int,
    detail: str,
    *,
    alternatives: Sequence[Alternative] = (),
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> JSONResponse:
    """One error answer."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    content = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "alternatives": list(alternatives),
        **more,
    }
    return JSONResponse(content, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def of_refusal(_request: Request, error: Exception) -> JSONResponse:
    """What the platform would refuse, or what would be wrong."""
    if not isinstance(error, Refusal):
        raise error
    return problem(error.status, error.detail, alternatives=error.alternatives)


def of_not_there(_request: Request, error: Exception) -> JSONResponse:
    """What is named does not exist."""
    return problem(404, str(error))


def of_http(request: Request, error: Exception) -> JSONResponse:
    """What the framework or a door says: 401, 403, 404, 405, 413 …"""
    if not isinstance(error, HTTPException):
        raise error
    detail = str(error.detail)
    if error.status_code == 404 and detail == "Not Found":
        detail = f"There is nothing at {request.url.path}. The calls are described at /api/v1/openapi.json."
    elif error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "other methods")
        detail = f"{request.url.path} does not take {request.method}; it takes {allowed}."
    return problem(error.status_code, detail, headers=error.headers)


def of_validation(_request: Request, error: Exception) -> JSONResponse:
    """What was sent does not fit; names every place and what is wrong there, without repeating what was sent."""
    if not isinstance(error, RequestValidationError):
        raise error
    mistakes = [{"where": ".".join(map(str, each["loc"])), "what": str(each["msg"])} for each in error.errors()]
    detail = "; ".join(f"{mistake['where']}: {mistake['what']}" for mistake in mistakes[:5])
    return problem(422, detail or "What was sent does not fit.", errors=mistakes[:50])


def of_accident(_request: Request, _error: Exception) -> JSONResponse:
    """Our own mistake: the log has it, the answer has no internals."""
    return problem(500, "Something went wrong on our side. It has been logged; trying again later may help.")
