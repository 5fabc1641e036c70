"""Graph's errors sorted by what must happen next: by code and subcode, never by text, which is localised.

Sources: Meta's pages "Handling errors" and "Messenger Platform error codes" (updated 2026-03-18), the error tables of
page/conversations and page/messages, and recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.base import (
    ConnectorError,
    LoginExpired,
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    RefusalReason,
    Refused,
    Unavailable,
    Usage,
    WritesBlocked,
)
from connectors.graph_usage import MESSENGER, exhausted, regain_time
from connectors.http import Answer, redact

_TEMPORARY = {1, 2, 1200}
_WHOLE_ACCOUNT_LIMITS = {4, 17, 32, 341}
"""Limits of the app, the token or the page, whatever is asked."""
_BUSINESS_LIMITS = {80001, 80002}
"""Limits of a business object that hold for reading too; the header says for which use cases."""
_MESSENGER_LIMIT = 80006
_LIMITS = _WHOLE_ACCOUNT_LIMITS | _BUSINESS_LIMITS | {9, 613, 80000, 80003, 80004, 80005, 80006, 80008, 80009, 80014}
_LOGIN = {102, 190}
_BLOCKED = {(368, None), (10, 1893063), (4, 2207051), (25, None), (25, 2207050)}
_OURS = {3, 104, 1705, 2500, 1357046}
_REASONS: dict[tuple[int, int | None], RefusalReason] = {
    (10, 2018278): RefusalReason.WINDOW_CLOSED,
    (10, 2534022): RefusalReason.WINDOW_CLOSED,
    (10, 2018065): RefusalReason.NOT_PERMITTED,
    (10, 2018108): RefusalReason.PERSON_UNAVAILABLE,
    (24, None): RefusalReason.TARGET_GONE,
    (24, 2207006): RefusalReason.TARGET_GONE,
    (100, 33): RefusalReason.TARGET_GONE,
    (100, 2018001): RefusalReason.PERSON_UNAVAILABLE,
    (100, 2018047): RefusalReason.ATTACHMENT_REFUSED,
    (100, 2018109): RefusalReason.ATTACHMENT_REFUSED,
    (100, 2018276): RefusalReason.NOT_PERMITTED,
    (100, 2018292): RefusalReason.TARGET_GONE,
    (100, 2534037): RefusalReason.NOT_PERMITTED,
    (200, 1545041): RefusalReason.PERSON_UNAVAILABLE,
    (230, None): RefusalReason.NOT_PERMITTED,
    (506, None): RefusalReason.DUPLICATE,
    (551, None): RefusalReason.PERSON_UNAVAILABLE,
    (551, 1545041): RefusalReason.PERSON_UNAVAILABLE,
    (2022, None): RefusalReason.NOT_REPLYABLE,
    (10900, None): RefusalReason.ALREADY_REPLIED_PRIVATELY,
    (10902, None): RefusalReason.NOT_REPLYABLE,
    (10903, None): RefusalReason.NOT_REPLYABLE,
}
_LOGIN_HINTS = {
    458: "the app was removed from the account",
    459: "the account must pass a check on facebook.com",
    460: "the password was changed",
    463: "the token has expired",
    464: "the account is not confirmed",
    467: "the token is no longer valid",
    492: "the person lost their role on the page",
}


def graph_error(answer: Answer, usage: Usage, now: datetime, *, writing: bool, place: str) -> ConnectorError | None:
    """The error an answer means, or None where it is a success.

    `writing` decides about doubt: after a write, an answer that does not say what happened is OutcomeUnknown.
    """
    error = _envelope(answer.body)
    if error is None and 200 <= answer.status < 300 and answer.is_json:
        return None
    if error is None:
        return _without_envelope(answer, usage, now, writing=writing, place=place)
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    if code is None:
        return _without_envelope(answer, usage, now, writing=writing, place=place)
    return _by_code(code, subcode, error, answer, usage, now, writing=writing, place=place)


def _envelope(body: Any) -> Mapping[str, Any] | None:
    if not isinstance(body, Mapping):
        return None
    error = body.get("error")
    if isinstance(error, Mapping):
        return error
    if "error_message" in body and "error_type" in body:
        return {"code": 190, "message": body["error_message"], "type": body["error_type"]}
    return {"message": error} if isinstance(error, str) else None


def _by_code(
    code: int,
    subcode: int | None,
    error: Mapping[str, Any],
    answer: Answer,
    usage: Usage,
    now: datetime,
    *,
    writing: bool,
    place: str,
) -> ConnectorError:
    name = f"{code}/{subcode}" if subcode is not None else str(code)
    said = redact(str(error.get("message", "")))[:300]
    text = f"{place}: error {name}: {said}"
    if (code, subcode) in _BLOCKED or code == 368:
        return WritesBlocked(f"{text} (the platform wants this account to stop writing)", code=name, usage=usage)
    if code in _LOGIN:
        hint = _LOGIN_HINTS.get(subcode or 0, "the token is refused")
        return LoginExpired(f"{text} ({hint}; make a new token and reconnect)", code=name, usage=usage)
    if code in _LIMITS or 80000 <= code <= 80014:
        return _limited(text, answer, usage, now, code, name)
    reason = _REASONS.get((code, subcode))
    if reason is None and subcode is not None and code not in (10, 100):
        reason = _REASONS.get((code, None))
    if reason is not None:
        return Refused(text, reason=reason, code=name, usage=usage)
    if code in _OURS or subcode == 1357046:
        return Misconfigured(f"{text} (check login type, token kind and app secret)", code=name, usage=usage)
    if code == 10 or 200 <= code <= 299:
        return _permission(text, name, usage, writing=writing, code=code)
    if code in _TEMPORARY or error.get("is_transient") is True or answer.status >= 500:
        if writing and (answer.status >= 500 or code == 1):
            return OutcomeUnknown(f"{text} (the platform does not say whether it was done)", code=name, usage=usage)
        return Unavailable(text, code=name, usage=usage)
    if writing:
        return Refused(text, reason=RefusalReason.INVALID, code=name, usage=usage)
    return Misconfigured(text, code=name, usage=usage)


def _limited(text: str, answer: Answer, usage: Usage, now: datetime, code: int | None, name: str) -> RateLimited:
    """Exact where the header names the use cases that are used up; else the whole account waits for a business limit
    that holds for reading, and what was asked for alone for the others."""
    until = regain_time(usage) or _retry_after(answer, now)
    if code in _WHOLE_ACCOUNT_LIMITS:
        return RateLimited(text, until=until, whole_account=True, code=name, usage=usage)
    told = exhausted(usage)
    if not told and code == _MESSENGER_LIMIT:
        told = frozenset({MESSENGER})
    whole = not told and code in _BUSINESS_LIMITS
    return RateLimited(text, until=until, whole_account=whole, allowances=told, code=name, usage=usage)


def _permission(text: str, name: str, usage: Usage, *, writing: bool, code: int) -> ConnectorError:
    if writing and code != 10:
        return Refused(text, reason=RefusalReason.NOT_PERMITTED, code=name, usage=usage)
    return LoginExpired(f"{text} (a permission is missing: log in again and grant it)", code=name, usage=usage)


def _without_envelope(answer: Answer, usage: Usage, now: datetime, *, writing: bool, place: str) -> ConnectorError:
    """No error code to go by: the HTTP status must do."""
    status, code = answer.status, f"http {answer.status}"
    if status == 429:
        return _limited(f"{place}: too many calls", answer, usage, now, None, code)
    if status in (401, 403):
        return LoginExpired(f"{place}: refused with HTTP {status}", code=code, usage=usage)
    if 400 <= status < 500 and status != 408:
        said = f"{place}: HTTP {status} without an error code; if that stays so, check api_base"
        # A refusal that was garbled on its way says nothing about the login: reading is tried again soon.
        return (Misconfigured if writing else Unavailable)(said, code=code, usage=usage)
    if writing:
        return OutcomeUnknown(f"{place}: the answer (HTTP {status}) tells nothing", code=code, usage=usage)
    if 300 <= status < 400:
        return Unavailable(f"{place}: redirected, which is not followed; check api_base", code=code, usage=usage)
    return Unavailable(f"{place}: HTTP {status} without a readable answer", code=code, usage=usage)


def _retry_after(answer: Answer, now: datetime) -> datetime | None:
    """Not documented by Meta, but proxies in between send it."""
    value = answer.headers.get("retry-after", "")
    return now + timedelta(seconds=int(value)) if value.isdigit() and int(value) < 10_000_000 else None


def _number(value: Any) -> int | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        return int(value)
    except (TypeError, ValueError):
        return None
