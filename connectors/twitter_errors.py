"""What X's refusals mean: sorted by status, problem type and code into what must happen next.

Three shapes of body occur (docs.x.com "Response codes and errors", 2026-08): a problem with `type`, an old list of
`errors` with `code`, and a partial answer with status 200, which is no error and is read where the data is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from connectors.base import (
    ConnectorError,
    LoginExpired,
    Misconfigured,
    OutcomeUnknown,
    Quota,
    RateLimited,
    RefusalReason,
    Refused,
    Unavailable,
    Usage,
    WritesBlocked,
)


class Act(StrEnum):
    """What was asked of X, as far as it changes what a refusal means."""

    READ = "read"
    POST = "post"
    DIRECT_MESSAGE = "direct message"
    HIDE = "hide"
    UPLOAD = "upload"
    SIGN_IN = "sign-in"


UNSEEN = (Act.READ, Act.UPLOAD)
"""Nobody sees them: without an answer they may simply be repeated."""

_DUPLICATE_DETAIL = "duplicate content"
"""From "You are not allowed to create a Tweet with duplicate content." (recorded 2024, akrherz/iembot issue 163)."""
_NOT_SUMMONED_DETAIL = "have not been mentioned or otherwise engaged"
"""From "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the
author of the post you are replying to." (recorded 2026-05, gptme-contrib PR 811). These two refusals share status 403
and type about:blank; only their text tells them apart from others."""

_LOGIN_CODES = frozenset({32, 64, 89, 99, 135, 215})
"""Could not authenticate, suspended, invalid token, bad authentication data, clock."""
_BLOCKED_CODES = frozenset({226, 261, 326})
"""Looks automated, application may not write, account locked: writing on makes it worse."""
_REASONS = {
    187: RefusalReason.DUPLICATE,
    186: RefusalReason.TOO_LONG,
    354: RefusalReason.TOO_LONG,
    144: RefusalReason.TARGET_GONE,
    385: RefusalReason.TARGET_GONE,
    34: RefusalReason.TARGET_GONE,
    433: RefusalReason.NOT_REPLYABLE,
    150: RefusalReason.PERSON_UNAVAILABLE,
    151: RefusalReason.PERSON_UNAVAILABLE,
    349: RefusalReason.PERSON_UNAVAILABLE,
    50: RefusalReason.PERSON_UNAVAILABLE,
    108: RefusalReason.PERSON_UNAVAILABLE,
}
_LOGIN_TYPES = frozenset({"oauth1-permissions"})
_SETTING_TYPES = frozenset({"client-forbidden", "unsupported-authentication"})
_GONE_TYPES = frozenset({"resource-not-found", "resource-unavailable"})


class Problem:
    """One error answer, taken apart."""

    def __init__(self, status: int, headers: Mapping[str, str], body: Any) -> None:
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        top = body if isinstance(body, dict) else {}
        errors = top.get("errors")
        self.errors = [item for item in errors if isinstance(item, dict)] if isinstance(errors, list) else []
        everything = [top, *self.errors]
        self.codes = [code for code in (item.get("code") for item in self.errors) if isinstance(code, int)]
        types = [str(item.get("type") or "").rsplit("/", 1)[-1] for item in everything]
        self.types = [name for name in types if name and name != "about:blank"]
        texts = [item.get(key) for item in everything for key in ("detail", "message", "title")]
        self.texts = [text for text in texts if isinstance(text, str) and text]
        self.period = str(top.get("period") or "")

    @property
    def code(self) -> str:
        """What an operator can look up: the status and the platform's own type or number."""
        own = self.types[0] if self.types else (str(self.codes[0]) if self.codes else "")
        return f"{self.status} {own}".strip()

    @property
    def sentence(self) -> str:
        """X's own words, bounded."""
        return (self.texts[0] if self.texts else "no explanation given")[:300]

    def names_parameter(self, name: str) -> bool:
        """Whether X complains of this very parameter of our request."""
        for item in self.errors:
            parameters = item.get("parameters")
            if (isinstance(parameters, dict) and name in parameters) or item.get("parameter") == name:
                return True
        return False

    def says(self, words: str) -> bool:
        """Whether one of its texts contains these words; for the two refusals that have nothing else."""
        return any(words in text for text in self.texts)


def classify(problem: Problem, act: Act, now: datetime, usage: Usage) -> ConnectorError:
    """The error to raise for this answer. Codes and types decide; text only where X gives nothing else."""
    words = f"X answered the {act.value} with {problem.code}: {problem.sentence}"
    status = problem.status
    if status == 402 or "credits" in problem.types:
        message = f"{words} Buy credits in X's developer console; nothing is sent or read until then."
        return RateLimited(message, until=None, whole_account=True, out_of_credits=True, code=problem.code, usage=usage)
    if status == 429 or "usage-capped" in problem.types or 88 in problem.codes:
        return _limited(problem, words, now, usage)
    if status == 401 or _LOGIN_CODES.intersection(problem.codes) or _LOGIN_TYPES.intersection(problem.types):
        message = f"{words} Sign the account in again, or give the app the permission it lacks."
        return LoginExpired(message, code=problem.code, usage=usage)
    if status >= 500 or status < 400 or status in (408, 425):
        kind = Unavailable if act in UNSEEN else OutcomeUnknown
        return kind(words, code=problem.code, usage=usage)
    if act is not Act.READ and _BLOCKED_CODES.intersection(problem.codes):
        message = f"{words} X wants a person to look at this account before it writes again."
        return WritesBlocked(message, code=problem.code, usage=usage)
    if _SETTING_TYPES.intersection(problem.types):
        message = f"{words} Check the app's access level and which kind of keys zuruf.toml holds."
        return Misconfigured(message, code=problem.code, usage=usage)
    if act is Act.READ and status == 400:
        return Misconfigured(words, code=problem.code, usage=usage)
    return Refused(words, reason=_reason(problem, act), code=problem.code, usage=usage)


def _reason(problem: Problem, act: Act) -> RefusalReason:
    if act is Act.UPLOAD:
        return RefusalReason.NOT_PERMITTED if problem.status == 403 else RefusalReason.ATTACHMENT_REFUSED
    for code in problem.codes:
        if code in _REASONS:
            return _REASONS[code]
    if problem.status == 404 or _GONE_TYPES.intersection(problem.types):
        return RefusalReason.PERSON_UNAVAILABLE if act is Act.DIRECT_MESSAGE else RefusalReason.TARGET_GONE
    if problem.status == 403 and not problem.types:
        if problem.says(_DUPLICATE_DETAIL):
            return RefusalReason.DUPLICATE
        if problem.says(_NOT_SUMMONED_DETAIL):
            return RefusalReason.NOT_SUMMONED
    if problem.status == 403:
        if act is Act.DIRECT_MESSAGE:
            return RefusalReason.PERSON_UNAVAILABLE
        return RefusalReason.NOT_REPLYABLE if act is Act.POST else RefusalReason.NOT_PERMITTED
    return RefusalReason.INVALID


def _limited(problem: Problem, words: str, now: datetime, usage: Usage) -> RateLimited:
    """When to try again. A used-up day outranks the quarter of an hour, whose reset would be the wrong wait."""
    if "usage-capped" in problem.types or "UsageCapExceeded" in problem.texts:
        tomorrow = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
        message = f"{words} The plan's allowance is used up; asking again once a day."
        return RateLimited(message, until=tomorrow, whole_account=True, code=problem.code, usage=usage)
    resets = [quota.resets_at for quota in quotas("limit", problem.headers) if quota.used_percent >= 100]
    known = [reset for reset in resets if reset is not None and reset > now]
    if not known and "x-rate-limit-remaining" not in problem.headers:
        reset = _moment(problem.headers.get("x-rate-limit-reset"))
        known = [reset] if reset is not None and reset > now else []
    return RateLimited(words, until=max(known) if known else None, code=problem.code, usage=usage)


_WINDOWS = {
    "x-rate-limit": "15 minutes",
    "x-user-limit-24hour": "24 hours",
    "x-app-limit-24hour": "24 hours, whole app",
}


def quotas(allowance: str, headers: Mapping[str, str]) -> tuple[Quota, ...]:
    """What the answer's headers say of our allowances; header names in lower case. Missing ones are no error."""
    found = []
    for prefix, window in _WINDOWS.items():
        limit, remaining = _count(headers.get(f"{prefix}-limit")), _count(headers.get(f"{prefix}-remaining"))
        if remaining is None or (limit is None and remaining > 0):
            continue
        used = 100.0 if not remaining or not limit else 100.0 * max(0, limit - remaining) / limit
        found.append(Quota(f"{allowance}, {window}", used, _moment(headers.get(f"{prefix}-reset")), remaining))
    return tuple(found)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


def _moment(text: str | None) -> datetime | None:
    seconds = _count(text)
    if seconds is None or seconds > 32_503_680_000:
        return None
    return datetime.fromtimestamp(seconds, UTC)
