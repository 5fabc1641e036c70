"""Every refusal of X's documents, sorted by what must happen next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import (
    ConnectorError,
    LoginExpired,
    Misconfigured,
    NothingHappened,
    OutcomeUnknown,
    RateLimited,
    RefusalReason,
    Refused,
    Unavailable,
    Usage,
    WritesBlocked,
)
from connectors.twitter_errors import Act, Problem, classify, quotas

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=9)
TOMORROW = NOW + timedelta(hours=20)
PROBLEMS = "https://api.twitter.com/2/problems/"


def judged(status: int, body: Any, act: Act = Act.READ, **headers: str) -> ConnectorError:
    return classify(
        Problem(status, {k.replace("_", "-"): v for k, v in headers.items()}, body), act, NOW, Usage(calls=1)
    )


def stamp(moment: datetime) -> str:
    return str(int(moment.timestamp()))


@pytest.mark.parametrize(
    ("status", "body", "act", "kind"),
    [
        (
            401,
            {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"},
            Act.READ,
            LoginExpired,
        ),
        (401, {"errors": [{"code": 89, "message": "Invalid or expired token."}]}, Act.POST, LoginExpired),
        (403, {"errors": [{"code": 64, "message": "Your account is suspended"}]}, Act.READ, LoginExpired),
        (403, {"type": PROBLEMS + "oauth1-permissions", "title": "Forbidden"}, Act.DIRECT_MESSAGE, LoginExpired),
        (403, {"type": PROBLEMS + "client-forbidden", "title": "Client Forbidden"}, Act.READ, Misconfigured),
        (403, {"type": PROBLEMS + "unsupported-authentication", "title": "x"}, Act.POST, Misconfigured),
        (403, {"errors": [{"code": 326, "message": "locked"}]}, Act.POST, WritesBlocked),
        (403, {"errors": [{"code": 226, "message": "automated"}]}, Act.DIRECT_MESSAGE, WritesBlocked),
        (
            400,
            {"title": "Invalid Request", "type": PROBLEMS + "invalid-request", "errors": []},
            Act.READ,
            Misconfigured,
        ),
        (503, {"title": "Service Unavailable", "detail": "over capacity"}, Act.READ, Unavailable),
        (503, {"title": "Service Unavailable"}, Act.POST, OutcomeUnknown),
        (500, None, Act.DIRECT_MESSAGE, OutcomeUnknown),
        (502, "<html>", Act.READ, Unavailable),
        (302, None, Act.POST, OutcomeUnknown),
        (404, {"title": "Not Found"}, Act.READ, Refused),
        (402, {"type": PROBLEMS + "credits", "title": "CreditsDepleted"}, Act.POST, RateLimited),
        (429, {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}, Act.POST, RateLimited),
        (403, ["odd"], Act.READ, Refused),
        (401, {"errors": None}, Act.READ, LoginExpired),
        (403, {"errors": ["text", 5, {"code": "x"}]}, Act.HIDE, Refused),
    ],
)
def test_the_kind_of_error(status: int, body: Any, act: Act, kind: type[ConnectorError]) -> None:
    error = judged(status, body, act)
    assert type(error) is kind
    assert error.usage.calls == 1
    if kind is not OutcomeUnknown:
        assert isinstance(error, NothingHappened)


DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the "
    "author of the post you are replying to."
)


@pytest.mark.parametrize(
    ("status", "body", "act", "reason"),
    [
        (403, {"detail": DUPLICATE, "type": "about:blank", "title": "Forbidden"}, Act.POST, RefusalReason.DUPLICATE),
        (403, {"errors": [{"code": 187, "message": "Status is a duplicate."}]}, Act.POST, RefusalReason.DUPLICATE),
        (
            403,
            {"detail": NOT_SUMMONED, "type": "about:blank", "title": "Forbidden"},
            Act.POST,
            RefusalReason.NOT_SUMMONED,
        ),
        (403, {"detail": "No.", "type": "about:blank", "title": "Forbidden"}, Act.POST, RefusalReason.NOT_REPLYABLE),
        (403, {"detail": "No.", "type": "about:blank"}, Act.DIRECT_MESSAGE, RefusalReason.PERSON_UNAVAILABLE),
        (403, {"type": PROBLEMS + "not-authorized-for-resource"}, Act.DIRECT_MESSAGE, RefusalReason.PERSON_UNAVAILABLE),
        (403, {"errors": [{"code": 349, "message": "x"}]}, Act.DIRECT_MESSAGE, RefusalReason.PERSON_UNAVAILABLE),
        (403, {"errors": [{"code": 186, "message": "x"}]}, Act.POST, RefusalReason.TOO_LONG),
        (403, {"errors": [{"code": 385, "message": "x"}]}, Act.POST, RefusalReason.TARGET_GONE),
        (403, {"errors": [{"code": 433, "message": "x"}]}, Act.POST, RefusalReason.NOT_REPLYABLE),
        (404, {"type": PROBLEMS + "resource-not-found"}, Act.POST, RefusalReason.TARGET_GONE),
        (403, {"detail": "No."}, Act.HIDE, RefusalReason.NOT_PERMITTED),
        (400, {"title": "Invalid Request"}, Act.POST, RefusalReason.INVALID),
    ],
)
def test_the_reason_of_a_refusal(status: int, body: Any, act: Act, reason: RefusalReason) -> None:
    error = judged(status, body, act)
    assert isinstance(error, Refused)
    assert error.reason is reason


def test_a_typed_problem_is_not_judged_by_its_words() -> None:
    error = judged(403, {"type": PROBLEMS + "not-authorized-for-resource", "detail": DUPLICATE}, Act.POST)
    assert isinstance(error, Refused)
    assert error.reason is RefusalReason.NOT_REPLYABLE


def test_out_of_credits_stops_the_whole_account_without_a_time() -> None:
    error = judged(402, {"type": PROBLEMS + "credits", "title": "CreditsDepleted"})
    assert isinstance(error, RateLimited)
    assert (error.until, error.whole_account, error.out_of_credits) == (None, True, True)


def limited(**headers: str) -> RateLimited:
    error = judged(429, {"title": "Too Many Requests"}, Act.READ, **headers)
    assert isinstance(error, RateLimited)
    return error


def test_a_used_up_quarter_of_an_hour_ends_at_its_reset() -> None:
    until = limited(x_rate_limit_limit="15", x_rate_limit_remaining="0", x_rate_limit_reset=stamp(SOON)).until
    assert until == SOON


def test_a_used_up_day_outranks_the_quarter_of_an_hour() -> None:
    until = limited(
        x_rate_limit_limit="15",
        x_rate_limit_remaining="9",
        x_rate_limit_reset=stamp(SOON),
        x_user_limit_24hour_limit="1440",
        x_user_limit_24hour_remaining="0",
        x_user_limit_24hour_reset=stamp(TOMORROW),
    ).until
    assert until == TOMORROW


def test_a_limit_that_names_nothing_used_up_has_no_time() -> None:
    found = limited(x_rate_limit_limit="15", x_rate_limit_remaining="9", x_rate_limit_reset=stamp(SOON))
    assert found.until is None


@pytest.mark.parametrize("reset", ["", "soon", "0", "99999999999999999999", "-5", stamp(NOW - timedelta(hours=1))])
def test_a_useless_reset_is_no_time(reset: str) -> None:
    assert limited(x_rate_limit_remaining="0", x_rate_limit_reset=reset).until is None


def test_a_reset_alone_is_believed() -> None:
    assert limited(x_rate_limit_reset=stamp(SOON)).until == SOON


def test_the_monthly_cap_is_asked_about_once_a_day() -> None:
    body = {
        "title": "UsageCapExceeded",
        "detail": "Usage cap exceeded: Monthly product cap",
        "type": PROBLEMS + "usage-capped",
    }
    error = judged(429, body, Act.READ, x_rate_limit_remaining="0", x_rate_limit_reset=stamp(SOON))
    assert isinstance(error, RateLimited)
    assert error.until == datetime(2026, 11, 21, tzinfo=UTC)
    assert error.whole_account


def test_quotas_out_of_headers() -> None:
    found = quotas(
        "mentions", {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "75", "x-rate-limit-reset": stamp(SOON)}
    )
    assert [(quota.name, quota.used_percent, quota.resets_at) for quota in found] == [
        ("mentions, 15 minutes", 75.0, SOON)
    ]
    assert quotas("mentions", {}) == ()
    assert quotas("mentions", {"x-rate-limit-limit": "x", "x-rate-limit-remaining": ""}) == ()
