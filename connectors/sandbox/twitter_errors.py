"""Error bodies of X: problems, the old `errors` list, and partial errors beside data."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.wire import Answer, Refusal

Json = Any
_PROBLEMS = "https://api.twitter.com/2/problems/"


def problem(status: int, title: str, detail: str, kind: str = "about:blank") -> Refusal:
    """`{"title","detail","type","status"}`."""
    return Refusal(Answer(status, {"title": title, "detail": detail, "type": kind, "status": status}))


def forbidden(detail: str) -> Refusal:
    """403 with nothing but a sentence."""
    return problem(403, "Forbidden", detail)


def client_forbidden(detail: str) -> Refusal:
    """403: wrong kind of login or wrong tier."""
    return problem(403, "Client Forbidden", detail, _PROBLEMS + "client-forbidden")


def unauthorized() -> Refusal:
    """401."""
    return problem(401, "Unauthorized", "Unauthorized")


def invalid_request(parameter: str, value: str, message: str) -> Refusal:
    """400, naming the parameter."""
    body = {
        "errors": [{"parameters": {parameter: [value]}, "message": message}],
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": _PROBLEMS + "invalid-request",
    }
    return Refusal(Answer(400, body))


def not_found(parameter: str, value: str, resource: str) -> dict[str, Json]:
    """A partial error: this one does not exist (any more)."""
    return {
        "value": value, "detail": f"Could not find {resource} with {parameter}: [{value}].", "title": "Not Found Error",
        "resource_type": resource, "parameter": parameter, "resource_id": value,
        "type": _PROBLEMS + "resource-not-found",
    }  # fmt: skip


def not_authorized(parameter: str, value: str, resource: str) -> dict[str, Json]:
    """A partial error: it exists and is not ours to see."""
    return {
        "resource_id": value, "parameter": parameter, "resource_type": resource, "section": "data",
        "title": "Authorization Error", "value": value,
        "detail": f"Sorry, you are not authorized to see the {resource} with {parameter}: [{value}].",
        "type": _PROBLEMS + "not-authorized-for-resource",
    }  # fmt: skip


def rate_limit_exceeded() -> Answer:
    """429 in the old shape."""
    return Answer(429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]})


def credits_depleted() -> Answer:
    """402."""
    body = {
        "type": _PROBLEMS + "credits",
        "title": "CreditsDepleted",
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
    }
    return Answer(402, body)
