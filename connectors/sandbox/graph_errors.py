"""Error envelopes of the Graph API, in English and, on command, in another language."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.wire import Answer, Refusal

Json = Any
_LOCALISED = "(#{code}) 此消息在允许的时间范围之外发送。"
"""Texts are localised and useless for deciding (seen in recorded answers)."""
_TRANSIENT = frozenset({1, 2, 4, 17, 32, 613, 341})
THROTTLES = {"facebook": 80001, "instagram": 80002, "messenger": 80006}


def error_body(
    code: int, message: str, *, subcode: int | None = None, kind: str = "OAuthException", trace: str = "ASandboxTrace0"
) -> dict[str, Json]:
    """The envelope. Graph puts the code in front of many texts; callers pass the text as documented."""
    error: dict[str, Json] = {"message": message, "type": kind, "code": code}
    if subcode is not None:
        error["error_subcode"] = subcode
    if code in _TRANSIENT:
        error["is_transient"] = True
    error["fbtrace_id"] = trace
    return {"error": error}


def graph_error(
    code: int, message: str, *, subcode: int | None = None, status: int = 400, kind: str = "OAuthException"
) -> Refusal:
    """A refusal to raise."""
    return Refusal(Answer(status, error_body(code, message, subcode=subcode, kind=kind)))


def missing_object(key: str) -> Refusal:
    """100/33: deleted, never there, or not ours to see: the platform does not say which."""
    return graph_error(
        100,
        f"Unsupported get request. Object with ID '{key}' does not exist, cannot be loaded due to missing "
        "permissions, or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        subcode=33,
        kind="GraphMethodException",
    )


def no_capability() -> Refusal:
    """3: wrong host or edge for this kind of login."""
    return graph_error(3, "(#3) Application does not have the capability to make this API call.")


def unknown_field(name: str, node: str) -> Refusal:
    """100: a field that this node does not have."""
    return graph_error(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})")


def invalid_parameter(message: str) -> Refusal:
    """100: a parameter is wrong."""
    return graph_error(100, f"(#100) {message}")


def expired_token() -> Refusal:
    """190/463."""
    return graph_error(190, "Error validating access token: Session has expired.", subcode=463, status=401)


def localised(body: Json) -> Json:
    """The same error with a text in another language."""
    if not (isinstance(body, dict) and isinstance(body.get("error"), dict)):
        return body
    error = dict(body["error"])
    error["message"] = _LOCALISED.format(code=error.get("code"))
    return {"error": error}
