"""X over real HTTP against the sandbox: what one channel needs beyond the common contract."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors import sandbox as stand_in
from connectors.base import (
    InboundMessage,
    LoginExpired,
    NothingHappened,
    OutcomeUnknown,
    RateLimited,
    RefusalReason,
    Refused,
    Reply,
    Way,
)
from connectors.sandbox import Sandbox
from connectors.twitter import Twitter
from tests.connectors.held import Held
from tests.stepped_clock import SteppedClock

ANNA, BEN = "Anna Kirchschlager", "Ben Whitcombe"


def inbox(sandbox: Sandbox, clock: SteppedClock, account: str = "shop-twitter") -> Held:
    return Held(Twitter(sandbox.login(account)), clock, clock() - timedelta(days=30))


def public_reply(target: str, text: str, at: datetime) -> Reply:
    return Reply("m", Way.PUBLIC_REPLY, text, target, target, None, None, True, attempted_at=at)


class Door:
    """Where pushes arrive: answers the challenge, checks the signature, keeps what was read."""

    def __init__(self, connector: Twitter, clock: SteppedClock) -> None:
        self.messages: dict[str, InboundMessage] = {}
        self.pointers: set[str] = set()
        self.gone: set[str] = set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = connector.answer_challenge(dict(parse_qsl(urlsplit(self.path).query)))
                self._say(200 if answer else 400, (answer or "").encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fits = connector.signature_fits({k.lower(): v for k, v in self.headers.items()}, body)
                if fits:
                    page = connector.read_push(body, clock())
                    assert page.unreadable == ()
                    outer.messages |= {message.external_id: message for message in page.messages}
                    outer.pointers |= set(page.look_at)
                    outer.gone |= {change.external_id for change in page.changes}
                self._say(200 if fits else 403, b"")

            def _say(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.http = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/webhooks/shop-twitter"


@pytest.fixture
def door(sandbox: Sandbox, clock: SteppedClock) -> Iterator[Door]:
    found = Door(Twitter(sandbox.login("shop-twitter")), clock)
    thread = threading.Thread(target=found.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    found.http.shutdown()
    found.http.server_close()
    thread.join()


@pytest.mark.parametrize("shape", ["plain", "activity"])
def test_pushed_and_polled_messages_are_the_same(sandbox: Sandbox, clock: SteppedClock, door: Door, shape: str) -> None:
    sandbox.subscribe("twitter", door.url, sandbox.twitter.auth.consumer_secret, shape=shape)
    world = sandbox.world.twitter
    root = world.post("Neue Wanderschuhe sind da!")
    asked = world.reply(root, ANNA, "Gibt es die in 38?")
    world.mention(BEN, "where is my parcel? https://shop.at/orders")
    world.direct_message(ANNA, "Habt ihr am Samstag offen?")
    world.native_reply(asked, "Ja, ab Montag!")
    world.native_reply(ANNA, "Bis 17 Uhr.")
    deleted = world.mention(BEN, "never mind")
    world.delete(deleted)
    sandbox.wait_for_pushes()
    held = inbox(sandbox, clock)
    held.read()
    seen = {**door.messages}
    if door.pointers:
        page = held.connector.look_again(sorted(door.pointers), held.poll())
        seen |= {message.external_id: message for message in page.messages}
    assert set(seen) - door.gone == set(held.visible)
    assert deleted in door.gone
    for known, polled in held.visible.items():
        pushed = seen[known]
        assert (pushed.conversation_id, pushed.own, pushed.kind, pushed.sent_at.replace(microsecond=0)) == (
            polled.conversation_id, polled.own, polled.kind, polled.sent_at,
        )  # fmt: skip
        assert (pushed.summons_us, pushed.text) == (polled.summons_us, polled.text)


def test_uncertain_replies_are_said_at_most_once_and_settled(sandbox: Sandbox, clock: SteppedClock) -> None:
    shop, world, chance = Twitter(sandbox.login("shop-twitter")), sandbox.world.twitter, random.Random(7)
    cuts = [
        stand_in.cut_after(),
        stand_in.cut_before(),
        stand_in.server_error(503, done=True),
        stand_in.garbage(done=True),
    ]
    known: set[str] = set()
    said: list[str] = []
    for number in range(80):
        clock.advance(seconds=5)
        text = f"Antwort {number}, siehe www.shop.at/{number}"
        target = world.mention(ANNA, f"Frage {number}")
        if number % 2:
            reply = public_reply(target, text, clock())
        else:
            event = world.direct_message(ANNA, f"Frage {number}")
            thread = world.direct_messages[event].conversation_id
            reply = Reply("m", Way.DIRECT_MESSAGE, text, thread, event, None, None, True, attempted_at=clock())
        world.native_reply(ANNA, "Gern geschehen!")
        sandbox.faults.next("twitter", "POST", chance.choice(cuts))
        with pytest.raises(OutcomeUnknown):
            shop.send(reply, clock())
        found = shop.find_own(replace(reply, known_own_ids=frozenset(known)), clock())
        if found is not None:
            known.add(found.external_id)
            said.append(text)
    journal = [row["text"] for row in sandbox.journal]
    assert journal == said, "what X took is found, what it did not take is not"
    assert 20 < len(said) < 75


def test_a_refresh_token_works_once(sandbox: Sandbox, clock: SteppedClock) -> None:
    login = sandbox.login("shop-twitter-oauth2")
    new = Twitter(login).refresh_login(clock())
    assert new is not None
    assert new.expires_at is not None
    with pytest.raises(LoginExpired):
        Twitter(login).refresh_login(clock())
    renewed = Twitter(replace(login, credentials=new.credentials))
    assert renewed.inspect(clock()).problems == ()


def test_the_documented_limits_are_met_with_their_reset(clock: SteppedClock) -> None:
    with Sandbox(seed=1, now=clock, limits=True) as sandbox:
        held = inbox(sandbox, clock)
        for _ in range(15):
            held.step("direct_messages")
        with pytest.raises(RateLimited) as limit:
            held.step("direct_messages")
        assert limit.value.until is not None
        assert timedelta(0) < limit.value.until - clock() <= timedelta(minutes=15)
        assert held.pages[-1].usage.quotas[0].used_percent == 100
        held.step("mentions")
        clock.set(limit.value.until + timedelta(seconds=1))
        held.step("direct_messages")


def test_more_than_800_new_mentions_are_a_gap_and_the_newest_arrive(sandbox: Sandbox, clock: SteppedClock) -> None:
    world = sandbox.world.twitter
    for number in range(850):
        world.mention(ANNA, f"Frage {number}", clock() - timedelta(minutes=900 - number))
    held = inbox(sandbox, clock)
    held.read()
    assert len(held.visible) == 800
    (gap,) = held.gaps
    assert gap.reason == "x_newest_800_mentions"
    assert gap.before == clock() - timedelta(minutes=850)


def test_weeks_of_downtime_lose_no_mention(sandbox: Sandbox, clock: SteppedClock) -> None:
    world = sandbox.world.twitter
    first = world.mention(ANNA, "Erste Frage")
    held = inbox(sandbox, clock)
    held.read()
    clock.advance(days=8)
    second = world.mention(ANNA, "Zweite Frage")
    clock.advance(days=9)
    third = world.mention(ANNA, "Dritte Frage")
    answered = world.native_reply(third, "Kommt gleich")
    for _ in range(3):
        clock.advance(minutes=1)
        held.read()
    assert set(held.visible) == {first, second, third, answered}


def test_an_edit_by_its_author_is_one_message_also_when_only_the_new_version_is_seen(
    sandbox: Sandbox, clock: SteppedClock
) -> None:
    world = sandbox.world.twitter
    first = world.mention(ANNA, "Wo ist mein Paket? Nummer 123")
    clock.advance(minutes=5)
    world.edit(first, f"@{world.handle} Wo ist mein Paket? Nummer 124")
    held = inbox(sandbox, clock)
    held.read()
    assert set(held.visible) == {first}
    assert held.visible[first].text.endswith("124")
    assert held.visible[first].edited_at is not None


def test_what_x_refuses_is_told_apart(sandbox: Sandbox, clock: SteppedClock) -> None:
    world, shop = sandbox.world.twitter, Twitter(sandbox.login("shop-twitter"))
    root = world.post("Neue Wanderschuhe sind da!")
    asked = world.reply(root, ANNA, "Gibt es die in 38?")
    silent = world.reply(asked, BEN, "in 39 auch?", drop_mention=True)
    shop.send(public_reply(asked, "Ja!", clock()), clock())
    stranger = "-".join(sorted((world.account_id, sandbox.scene.people.person(BEN).twitter_id), key=int))
    cold = Reply("m", Way.DIRECT_MESSAGE, "Angebot!", stranger, None, None, None, True)
    gone = world.mention(ANNA, "gleich weg")
    world.delete(gone)
    for reply, reason in (
        (public_reply(asked, "Ja!", clock()), RefusalReason.DUPLICATE),
        (public_reply(silent, "Auch!", clock()), RefusalReason.NOT_SUMMONED),
        (cold, RefusalReason.PERSON_UNAVAILABLE),
    ):
        with pytest.raises(Refused) as refusal:
            shop.send(reply, clock())
        assert refusal.value.reason is reason
    with pytest.raises(Refused):
        shop.send(public_reply(gone, "Hallo?", clock()), clock())
    assert len(sandbox.journal) == 1


def test_hiding_a_reply_below_our_post(sandbox: Sandbox, clock: SteppedClock) -> None:
    world, shop = sandbox.world.twitter, Twitter(sandbox.login("shop-twitter"))
    below = world.reply(world.post("Neu!"), ANNA, "Spam")
    elsewhere = world.mention(ANNA, "Auch Spam")
    shop.hide(below, True, clock())
    assert world.tweets[below].hidden
    shop.hide(below, False, clock())
    assert not world.tweets[below].hidden
    with pytest.raises(NothingHappened):
        shop.hide(elsewhere, True, clock())


def test_an_idle_poll_costs_one_call_a_stream_and_no_money_but_for_old_direct_messages(
    sandbox: Sandbox, clock: SteppedClock
) -> None:
    world = sandbox.world.twitter
    for number in range(30):
        world.mention(ANNA, f"Frage {number}")
        world.direct_message(ANNA, f"Nachricht {number}")
    held = inbox(sandbox, clock)
    held.read()
    clock.advance(days=1)
    for _ in range(2):
        clock.advance(minutes=1)
        for stream in held.connector.streams():
            held.step(stream.name)
    before = sum(sandbox.requests.values())
    clock.advance(minutes=1)
    pages = len(held.pages)
    for stream in held.connector.streams():
        held.step(stream.name)
    assert sum(sandbox.requests.values()) - before <= 4
    spent = {name for page in held.pages[pages:] for name in page.usage.resources}
    assert spent <= {"dm_read", "user_read"}
    events = [page.usage.resources.get("dm_read", 0) for page in held.pages[pages:]]
    assert max(events) == 20
