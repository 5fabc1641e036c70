"""Every fault on command, on a read and on a write, and only as often as ordered."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests
import tweepy

from connectors.sandbox import (
    Sandbox,
    blocked_368,
    credits_depleted,
    cut_after,
    cut_before,
    disordered_delivery,
    duplicate_delivery,
    expired_token,
    garbage,
    localised_errors,
    malformed_item,
    null_batch_items,
    rate_limited,
    server_error,
    timeout,
)
from tests.connectors.sandbox.conftest import Graph, error_of
from tests.stepped_clock import SteppedClock


@pytest.fixture
def comment(sandbox: Sandbox) -> str:
    world = sandbox.world.facebook
    return world.comment(world.post("x"), "Anna", "Preis?")


def test_a_fault_strikes_as_often_as_ordered_and_only_where_it_fits(sandbox: Sandbox, page: Graph) -> None:
    sandbox.faults.next("facebook", "GET me", server_error(), times=2)
    assert page.get(f"/{sandbox.world.facebook.page_id}").status_code == 200
    assert [page.get("/me").status_code for _ in range(3)] == [500, 500, 200]
    assert sandbox.faults.struck == [("facebook", "GET me", "server_error")] * 2


def test_cut_before_does_nothing_and_cut_after_does_it(sandbox: Sandbox, page: Graph, comment: str) -> None:
    sandbox.faults.next("facebook", "POST comments", cut_before())
    sandbox.faults.next("facebook", "POST comments", cut_after())
    with pytest.raises(requests.ConnectionError):
        page.post(f"/{comment}/comments", message="verloren")
    with pytest.raises(requests.ConnectionError):
        page.post(f"/{comment}/comments", message="angekommen")
    assert [row["text"] for row in sandbox.journal] == ["angekommen"]
    assert [row["error"] for row in sandbox.refused] == ["cut_before"]


@pytest.mark.parametrize("done", [False, True])
def test_a_lost_answer_may_or_may_not_have_taken_effect(
    sandbox: Sandbox, page: Graph, comment: str, done: bool
) -> None:
    sandbox.faults.next("facebook", "POST *", server_error(502, done=done))
    sandbox.faults.next("facebook", "POST *", garbage(done=done))
    sandbox.faults.next("facebook", "POST *", timeout(0.01, done=done))
    assert page.post(f"/{comment}/comments", message="1").status_code == 502
    page_of_html = page.post(f"/{comment}/comments", message="2")
    assert (page_of_html.status_code, page_of_html.text[:9]) == (200, "<!DOCTYPE")
    with pytest.raises(requests.ConnectionError):
        page.post(f"/{comment}/comments", message="3")
    assert len(sandbox.journal) == (3 if done else 0)


def test_hanging_requests_do_not_hold_up_others_or_the_end(clock: SteppedClock) -> None:
    with Sandbox(seed=1, now=clock) as sandbox:
        sandbox.faults.next("facebook", "GET me", timeout(30))
        page = Graph(sandbox.origin, sandbox.login("facebook").credentials["access_token"])
        with pytest.raises(requests.ReadTimeout):
            requests.get(f"{sandbox.origin}/me", params={"access_token": page.token}, timeout=0.05)
        began = time.monotonic()
        assert page.get("/me").status_code == 200
    assert time.monotonic() - began < 1.5


def test_throttles_tell_when_to_come_back_or_nothing(
    sandbox: Sandbox, page: Graph, x: tweepy.Client, clock: SteppedClock
) -> None:
    sandbox.faults.next("facebook", "*", rate_limited(reset=600))
    throttled = page.get("/me")
    assert error_of(throttled)[0] == 80001
    told = json.loads(throttled.headers["x-business-use-case-usage"])
    assert told[sandbox.world.facebook.page_id][0]["estimated_time_to_regain_access"] == 10
    sandbox.faults.next("twitter", "mentions", rate_limited(reset=90))
    sandbox.faults.next("twitter", "mentions", rate_limited())
    for expected in (int(clock().timestamp()) + 90, None):
        with pytest.raises(tweepy.TooManyRequests) as refusal:
            x.get_users_mentions(sandbox.world.twitter.account_id, user_auth=True)
        assert refusal.value.reset_time == expected


def test_refused_tokens_blocks_and_credits(sandbox: Sandbox, page: Graph, x: tweepy.Client) -> None:
    sandbox.faults.next("facebook", "*", expired_token())
    assert error_of(page.get("/me")) == (190, 463)
    sandbox.faults.next("facebook", "*", blocked_368())
    assert error_of(page.get("/me"))[0] == 368
    sandbox.faults.next("twitter", "*", expired_token())
    with pytest.raises(tweepy.Unauthorized):
        x.get_me()
    sandbox.faults.next("twitter", "POST tweets", credits_depleted())
    with pytest.raises(tweepy.HTTPException) as refusal:
        x.create_tweet(text="x")
    assert refusal.value.response.status_code == 402


def test_rows_break_double_and_shuffle_in_the_list_that_matters(sandbox: Sandbox, page: Graph) -> None:
    world = sandbox.world.facebook
    post = world.post("x")
    ids = [world.comment(post, "Anna", str(n)) for n in range(6)]
    url, fields = f"/{world.page_id}/published_posts", "comments.filter(stream){id,message}"

    def rows() -> list[dict[str, Any] | str]:
        listed: list[dict[str, Any] | str] = page.get(url, fields=fields).json()["data"][0]["comments"]["data"]
        return listed

    whole = rows()
    sandbox.faults.next("facebook", "published_posts", malformed_item())
    assert sorted(len(row) for row in rows()) == [1, 2, 2, 2, 2, 2]
    sandbox.faults.next("facebook", "published_posts", malformed_item("nul", extra=True))
    assert "\x00" in json.dumps(rows(), ensure_ascii=False).encode().decode("unicode_escape")
    sandbox.faults.next("facebook", "published_posts", malformed_item("text"))
    assert "<row>" in rows()
    sandbox.faults.next("facebook", "published_posts", duplicate_delivery())
    assert len(rows()) == 7
    sandbox.faults.next("facebook", "published_posts", disordered_delivery())
    shuffled = rows()
    assert shuffled != whole
    assert sorted(map(str, shuffled)) == sorted(map(str, whole))
    assert rows() == whole
    assert len(ids) == 6
    with pytest.raises(ValueError, match="not one of"):
        malformed_item("bent")


def test_batch_items_can_be_null_or_fail_alone(sandbox: Sandbox, page: Graph) -> None:
    items = json.dumps([{"method": "GET", "relative_url": "me"}] * 3)
    sandbox.faults.next("facebook", "POST batch", null_batch_items())
    assert [row is None for row in page.post("/", batch=items).json()] == [False, True, False]
    sandbox.faults.next("facebook", "batched GET me", rate_limited())
    assert [row["code"] for row in page.post("/", batch=items).json()] == [400, 200, 200]


def test_error_texts_change_their_language_and_keep_their_code(sandbox: Sandbox, page: Graph) -> None:
    sandbox.faults.always("facebook", "*", localised_errors())
    english = "does not exist"
    assert english not in page.get("/12").text
    assert error_of(page.get("/12")) == (100, 33)
    sandbox.faults.clear()
    assert english in page.get("/12").text


def test_a_share_of_requests_fails_reproducibly(clock: SteppedClock) -> None:
    runs = []
    for _ in range(2):
        with Sandbox(seed=1, now=clock) as sandbox:
            sandbox.faults.rate(server_error(), 0.3, seed=7)
            page = Graph(sandbox.origin, sandbox.login("facebook").credentials["access_token"])
            runs.append([page.get("/me").status_code for _ in range(40)])
    assert runs[0] == runs[1]
    assert 4 <= runs[0].count(500) <= 20
