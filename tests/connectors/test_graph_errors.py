"""Every error of the platform's tables ends where its consequence is."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import (
    ConnectorError,
    LoginExpired,
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    RefusalReason,
    Refused,
    Unavailable,
    WritesBlocked,
)
from connectors.graph_errors import graph_error
from connectors.graph_usage import usage_of
from connectors.http import Answer
from tests.connectors.meta_account import NOW, TOKEN, error

REGAIN = {
    "x-business-use-case-usage": '{"37":[{"type":"pages","call_count":100,"total_cputime":1,"total_time":1,'
    '"estimated_time_to_regain_access":5}]}'
}


def judged(
    body: Any, *, status: int = 400, writing: bool = False, headers: dict[str, str] | None = None
) -> ConnectorError:
    given = headers or {}
    answer = Answer(status, given, body, is_json=body is not None)
    found = graph_error(answer, usage_of(given, NOW), NOW, writing=writing, place="Graph /x")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("code", "subcode", "reason"),
    [
        (10, 2018278, RefusalReason.WINDOW_CLOSED),
        (10, 2534022, RefusalReason.WINDOW_CLOSED),
        (10, 2018108, RefusalReason.PERSON_UNAVAILABLE),
        (100, 33, RefusalReason.TARGET_GONE),
        (100, 2018001, RefusalReason.PERSON_UNAVAILABLE),
        (100, 2018109, RefusalReason.ATTACHMENT_REFUSED),
        (100, 2018276, RefusalReason.NOT_PERMITTED),
        (100, 2534037, RefusalReason.NOT_PERMITTED),
        (100, None, RefusalReason.INVALID),
        (200, 1545041, RefusalReason.PERSON_UNAVAILABLE),
        (200, None, RefusalReason.NOT_PERMITTED),
        (230, None, RefusalReason.NOT_PERMITTED),
        (506, None, RefusalReason.DUPLICATE),
        (551, 1545041, RefusalReason.PERSON_UNAVAILABLE),
        (10900, None, RefusalReason.ALREADY_REPLIED_PRIVATELY),
        (10902, None, RefusalReason.NOT_REPLYABLE),
        (10903, None, RefusalReason.NOT_REPLYABLE),
        (2022, None, RefusalReason.NOT_REPLYABLE),
        (24, 2207006, RefusalReason.TARGET_GONE),
    ],
)
def test_refused_for_ever(code: int, subcode: int | None, reason: RefusalReason) -> None:
    found = judged(error(code, subcode), writing=True)
    assert isinstance(found, Refused)
    assert found.reason is reason
    assert found.code == (str(code) if subcode is None else f"{code}/{subcode}")


def test_a_refusal_garbled_on_its_way_says_nothing_of_the_login() -> None:
    assert type(judged(None)) is Unavailable
    assert type(judged(None, writing=True)) is Misconfigured


@pytest.mark.parametrize(("code", "subcode"), [(368, None), (368, 1), (10, 1893063), (4, 2207051), (25, 2207050)])
def test_stop_all_writes(code: int, subcode: int | None) -> None:
    assert type(judged(error(code, subcode), writing=True)) is WritesBlocked


@pytest.mark.parametrize(
    ("code", "whole", "whole_untold"),
    [
        (4, True, True), (17, True, True), (32, True, True), (80001, False, True), (80002, False, True),
        (80006, False, False), (613, False, False),
    ],
)  # fmt: skip
def test_wait_until_the_time_the_header_names(code: int, whole: bool, whole_untold: bool) -> None:
    found = judged(error(code), headers=REGAIN)
    assert isinstance(found, RateLimited)
    assert found.until == NOW + timedelta(minutes=5)
    assert (found.whole_account, found.allowances) == (whole, frozenset() if whole else frozenset({"pages"}))
    without = judged(error(code))
    assert isinstance(without, RateLimited)
    assert (without.until, without.whole_account) == (None, whole_untold)


def test_only_the_use_case_that_is_used_up_is_silent() -> None:
    header = {"9": [{"type": "pages", "call_count": 40}, {"type": "messenger", "call_count": 100}]}
    found = judged(error(613), headers={"x-business-use-case-usage": json.dumps(header), "x-app-usage": "{}"})
    assert isinstance(found, RateLimited)
    assert found.allowances == {"messenger"}
    untold = judged(error(80006))
    assert isinstance(untold, RateLimited)
    assert untold.allowances == {"messenger"}


@pytest.mark.parametrize(("code", "subcode"), [(190, 463), (190, None), (102, None), (10, None)])
def test_log_in_again(code: int, subcode: int | None) -> None:
    assert type(judged(error(code, subcode))) is LoginExpired


@pytest.mark.parametrize("code", [3, 104, 1705, 2500])
def test_our_own_mistakes(code: int) -> None:
    assert type(judged(error(code))) is Misconfigured


@pytest.mark.parametrize("code", [1, 2, 1200])
def test_trouble_that_passes(code: int) -> None:
    assert type(judged(error(code), status=500)) is Unavailable
    assert type(judged(error(code), status=500, writing=True)) is OutcomeUnknown


def test_a_write_that_is_told_to_try_again_later_was_not_done() -> None:
    assert type(judged(error(2), writing=True)) is Unavailable
    assert type(judged(error(1200), writing=True)) is Unavailable


@pytest.mark.parametrize(("status", "body"), [(200, None), (502, None), (503, {"oops": 1}), (302, {})])
def test_an_answer_without_a_code_is_doubt_for_writes_only(status: int, body: Any) -> None:
    assert type(judged(body, status=status)) is Unavailable
    assert type(judged(body, status=status, writing=True)) is OutcomeUnknown


def test_an_error_in_a_200_is_an_error() -> None:
    assert type(judged(error(190, 463), status=200)) is LoginExpired


def test_texts_never_decide_and_never_leak() -> None:
    found = judged(error(100, 33, message=f"(#4) Application request limit reached access_token={TOKEN}"))
    assert isinstance(found, Refused)
    assert TOKEN not in str(found)


def test_success_is_no_error() -> None:
    assert graph_error(Answer(200, {}, {"id": "1"}), usage_of({}, NOW), NOW, writing=True, place="x") is None


def test_usage_is_read_from_every_header() -> None:
    usage = usage_of({"x-app-usage": '{"call_count":68,"total_cputime":0,"total_time":208}'} | REGAIN, NOW)
    assert {quota.name: quota.used_percent for quota in usage.quotas} == {"app": 208.0, "pages": 100.0}
    assert [quota.resets_at for quota in usage.quotas if quota.name == "pages"] == [NOW + timedelta(minutes=5)]


@pytest.mark.parametrize("header", ["", "{", "[]", '{"a":1}', '{"a":[1,{"type":null}]}', '"x"', "null"])
def test_odd_usage_headers_do_no_harm(header: str) -> None:
    usage = usage_of({"x-app-usage": header, "x-business-use-case-usage": header}, NOW)
    assert usage.calls == 1
    assert all(quota.used_percent == 0 for quota in usage.quotas)
