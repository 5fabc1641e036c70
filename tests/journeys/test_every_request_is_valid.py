"""Every request of a whole journey, all channels, reads and writes, judged by what the platforms publish.

Needs the folder of recorded descriptions in ZURUF_RECORDED; skipped without it.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from connectors.base import Poll
from connectors.sandbox import Sandbox, cut_after
from connectors.sandbox.sandbox import INSTAGRAM_ID, INSTAGRAM_LOGIN_ID
from inbox import logins, replies
from inbox.db import reading, writing
from inbox.errors import Refusal
from inbox.models import Account
from tests.connectors.meta_specification import MetaSpecification
from tests.connectors.x_specification import Specification
from tests.journeys.house import House, configuration
from tests.stepped_clock import SteppedClock

FOLDER = Path(os.environ.get("ZURUF_RECORDED", "not-set"))
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="ZURUF_RECORDED names no folder of recorded payloads")
ACCOUNTS = ("shop-facebook", "shop-instagram", "outlet-instagram", "shop-twitter")
Made = tuple[str, str, str | None]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Made]:
    """Every request that leaves through `requests`: method, address, body."""
    found: list[Made] = []
    send = HTTPAdapter.send

    def noted(self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        found.append((str(request.method), str(request.url), body if isinstance(body, str) else None))
        return send(self, request, *args, **more)

    monkeypatch.setattr(HTTPAdapter, "send", noted)
    return found


class Judge:
    """Knows what each id of a sandbox's Graph is."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.world = sandbox.world
        self.meta = MetaSpecification(FOLDER, self.type_of)
        self.x = Specification(FOLDER / "twitter/xdevplatform-docs/openapi-2.166.json")

    def type_of(self, key: str) -> str:
        facebook = self.world.facebook
        by_login = self.world.instagram_login
        named = {
            facebook.page_id: "Page", INSTAGRAM_ID: "IGUser", INSTAGRAM_LOGIN_ID: "User", "me": "User",
            "refresh_access_token": "IGRefreshAccessTokenForIGOnlyAPI",
        }  # fmt: skip
        if key in named:
            return named[key]
        if key in facebook.posts:
            return "PagePost"
        if key in by_login.media_items:
            return "IGMediaForIGOnlyAPI"
        if key in self.world.instagram.media_items:
            return "IGMedia"
        if facebook.find_comment(key) is not None:
            return "Comment"
        known = key in by_login.comments or key in self.world.instagram.comments
        return "IGComment" if known else f"nothing ({key})"

    def faults(self, made: list[Made]) -> list[str]:
        found = []
        for method, url, body in made:
            judge = self.x if urlsplit(url).path.startswith("/2/") else self.meta
            found += [f"{fault} | {urlsplit(url).path}" for fault in judge.faults(method, url, body)]
        return sorted(set(found))


def happen(sandbox: Sandbox, clock: SteppedClock) -> None:
    """A little of everything a platform can hold."""
    world, hour = sandbox.world, clock() - timedelta(hours=3)
    page = world.facebook
    post = page.post("Neue Schuhe", at=clock() - timedelta(days=2))
    for number in range(130):
        page.comment(post, f"Person {number}", f"Kommentar {number}", at=hour + timedelta(seconds=number))
    page.comment(page.post("Film", at=hour, kind="reel"), "Emil", "Toll", at=hour)
    page.comment(page.post("Werbung", at=hour, kind="ad"), "Emil", "Was?", at=hour)
    page.comment(page.visitor_post("Anna", "Hallo Shop", at=hour), "Bernd", "Hallo Anna", at=hour)
    page.tagged_post("Clara", "Bei euch", at=hour)
    page.message("Dora", "Guten Tag, ich hätte eine Frage.", at=clock())
    for instagram in (world.instagram, world.instagram_login):
        media = instagram.media("Ausflug", at=clock() - timedelta(days=1))
        root = instagram.comment(media, "Fritz", "Wo ist das?", at=hour)
        for number in range(60):
            at = hour + timedelta(seconds=number)
            instagram.comment(media, f"Gast {number}", f"Dort {number}", parent=root, at=at)
            instagram.comment(media, f"Gast {number}", f"Da {number}", at=at)
        instagram.message("Greta", "Guten Tag, ich hätte eine Frage.", at=clock())
    tweet = world.twitter.post("Neu im Laden")
    world.twitter.reply(tweet, "Hans", "Was kostet das?")
    world.twitter.mention("Ina", "Guten Tag!")
    world.twitter.direct_message("Jan", "Guten Tag, ich hätte eine Frage.")


def answer_everything(house: House) -> None:
    anna = house.person()
    for number, conversation in enumerate(house.conversations()):
        if conversation.preview.startswith(("Person", "Kommentar", "Da ", "Dort ")) and number % 40:
            continue
        for visibility in ("public", "private"):
            with writing(house.runtime.sessions) as session:
                try:
                    text, key = f"Danke! {number}", f"{number} {visibility}"
                    draft = replies.Draft(text, visibility, key, anna)
                    replies.reply(session, house.runtime, conversation.id, draft, house.clock())
                except Refusal:
                    continue


def test_every_request_of_a_journey_is_one_the_platforms_describe(
    sandbox: Sandbox, clock: SteppedClock, database_url: str, made: list[Made]
) -> None:
    happen(sandbox, clock)
    house = House(sandbox, clock, configuration(sandbox, database_url, accounts=ACCOUNTS)).connect()
    logins.keep_fresh(house.runtime)
    house.live(120, step=10)
    gone = next(iter(sandbox.world.facebook.comments.values())).id
    sandbox.world.facebook.delete_comment(gone)
    sandbox.faults.next("*", "POST*", cut_after(), times=6)
    answer_everything(house)
    house.live(120, step=10)
    poll = Poll(clock(), clock() - timedelta(days=30))
    for account in ACCOUNTS:
        connector = house.runtime.connectors[account]
        channel = connector.channel
        public = next(
            one
            for one in house.messages(direction="inbound", visibility="public", deleted_at=None)
            if name_of(house, one.account_id) == account
            and one.external_id not in sandbox.world.facebook.posts
            and not one.external_id.endswith(gone)
        )
        if channel != "twitter" or public.parent_external_id:
            connector.hide(public.external_id, True, clock())
            connector.hide(public.external_id, False, clock())
        connector.look_again([public.external_id], poll)
    judge = Judge(sandbox)
    assert "\n".join(judge.faults(made)) == ""
    acts = {(row["platform"], row["action"]) for row in sandbox.journal}
    assert {("facebook", "public_reply"), ("facebook", "private_reply"), ("facebook", "direct_message"),
            ("instagram", "public_reply"), ("instagram", "private_reply"), ("instagram", "direct_message"),
            ("twitter", "public_reply"), ("twitter", "direct_message")} <= acts  # fmt: skip
    paths = {urlsplit(url).path.rpartition("/")[2] for _, url, _ in made}
    assert {"published_posts", "conversations", "comments", "replies", "media", "tags", "visitor_posts", "ads_posts",
            "video_reels", "dm_events", "recent", "mentions", "refresh_access_token"} <= paths  # fmt: skip
    house.runtime.engine.dispose()


def name_of(house: House, account_id: int) -> str:
    with reading(house.runtime.sessions) as session:
        return session.get_one(Account, account_id).name


def test_the_judge_of_graph_does_judge(sandbox: Sandbox) -> None:
    judge = Judge(sandbox).meta
    page = sandbox.world.facebook.page_id
    base = f"https://graph.test/v26.0/{page}"
    assert judge.faults("GET", f"{base}/published_posts?fields=id,nonsense", None)
    assert judge.faults("GET", f"{base}/published_posts?since=1", None)
    assert judge.faults("GET", f"{base}/nowhere", None)
    assert judge.faults("GET", f"{base}/published_posts?fields=comments.order(random)%7Bid%7D", None)
    assert judge.faults("GET", f"{base}/published_posts?fields=comments%7Bid,nonsense%7D", None)
    assert judge.faults("GET", f"{base}/conversations?platform=sms", None)
    assert judge.faults("POST", f"{base}/messages", "message=%7B%7D")
    assert judge.faults("GET", f"https://graph.test/{page}/published_posts", None)
    assert judge.faults(
        "GET", f"https://graph.test/v26.0/{INSTAGRAM_LOGIN_ID}?fields=mentioned_comment.comment_id(1)", None
    )
    assert not judge.faults("GET", f"{base}/published_posts?fields=id,comments.limit(5)%7Bid,from%7D&limit=5", None)
