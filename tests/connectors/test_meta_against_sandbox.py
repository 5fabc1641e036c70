"""Facebook and Instagram over real HTTP, against the stand-in, with and without faults."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from connectors.base import (
    Kind,
    OutcomeUnknown,
    Poll,
    RateLimited,
    RefusalReason,
    Refused,
    Reply,
    Unavailable,
    Way,
)
from connectors.sandbox import (
    Sandbox,
    cut_after,
    cut_before,
    disordered_delivery,
    duplicate_delivery,
    garbage,
    malformed_item,
    rate_limited,
    server_error,
)
from connectors.sandbox.facebook_world import FacebookWorld
from connectors.sandbox.push_meta import encode, facebook_payload, instagram_payload
from connectors.sandbox.scene import Happening
from tests.connectors.meta_shop import ACCOUNTS, memory_of
from tests.connectors.reader_memory import Memory
from tests.stepped_clock import SteppedClock


def reply_to(way: Way, conversation: str, target: str, text: str, clock: SteppedClock, **more: Any) -> Reply:
    plain = Reply("marker-1", way, text, conversation, target, None, None, written_by_human=True, attempted_at=clock())
    return replace(plain, **more)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_first_import_brings_everything_once(sandbox: Sandbox, clock: SteppedClock, account: str) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    expected = set()
    for number in range(12):
        post = shop.post(f"Post {number}", clock() - timedelta(days=number + 1))
        for index in range(7 * number):
            text = f"Kommentar {number}/{index}"
            shop.world.comment(post, f"Person {index}", text, at=clock() - timedelta(hours=9, seconds=index))
            expected.add(text)
    for number in range(30):
        text = f"Nachricht {number}"
        shop.world.message(f"Person {number}", text, at=clock() - timedelta(hours=5))
        expected.add(text)
    memory.poll(clock())
    assert set(memory.texts()) == expected
    assert set(memory.texts().values()) == {1}
    assert memory.errors == []
    assert memory.calls <= 8, memory.calls


@pytest.mark.parametrize("account", ACCOUNTS)
def test_an_idle_poll_costs_three_calls(sandbox: Sandbox, clock: SteppedClock, account: str) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    for number in range(30):
        post = shop.post(f"Post {number}", clock() - timedelta(days=number * 0.9))
        for index in range(3):
            shop.world.comment(post, f"Person {index}", f"Text {number}/{index}", at=clock() - timedelta(hours=2))
    memory.poll(clock())
    for _ in range(15):
        clock.now += timedelta(seconds=60)
        before = memory.calls
        memory.poll(clock())
        assert memory.calls - before <= 3


@pytest.mark.parametrize("account", ACCOUNTS)
def test_deletions_edits_and_hidings_are_mirrored_within_ninety_seconds(
    sandbox: Sandbox, clock: SteppedClock, account: str
) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    post = shop.post("Ein Post", clock() - timedelta(days=3))
    comments = [
        shop.world.comment(post, f"Person {i}", f"Text {i}", at=clock() - timedelta(hours=20, seconds=i))
        for i in range(160)
    ]
    small = shop.post("Noch einer", clock() - timedelta(days=2))
    only = shop.world.comment(small, "Person 1", "Der einzige", at=clock() - timedelta(hours=3))
    unsent = shop.world.message("Person 3", "Ups", at=clock() - timedelta(hours=2))
    shop.world.message("Person 3", "Hallo", at=clock() - timedelta(hours=1))
    memory.poll(clock())
    shop.world.delete_comment(comments[4])
    shop.world.delete_comment(comments[150])
    shop.world.delete_comment(only)
    shop.world.hide_comment(comments[7])
    shop.world.hide_comment(comments[152])
    shop.world.unsend(unsent)
    if shop.is_facebook:
        shop.world.edit_comment(comments[9], "geändert")
    for _ in range(45):
        clock.now += timedelta(seconds=2)
        memory.poll(clock())
    assert memory.deleted == {comments[4], comments[150], only, unsent}
    assert {m.external_id for m in memory.messages.values() if m.hidden} == {comments[7], comments[152]}
    assert not shop.is_facebook or memory.messages[comments[9]].text == "geändert"


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_filtered_comment_is_not_taken_for_deleted(sandbox: Sandbox, clock: SteppedClock, account: str) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    post = shop.post("Ein Post", clock() - timedelta(days=3))
    for i in range(5):
        shop.world.comment(post, f"Person {i}", f"Text {i}", at=clock() - timedelta(hours=20, seconds=i))
    memory.poll(clock())
    shop.world.comments[next(iter(shop.world.comments))].withheld = True
    for _ in range(40):
        clock.now += timedelta(seconds=2)
        memory.poll(clock())
    assert memory.deleted == set()


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_or_doubled_with_every_fault_at_five_percent(
    sandbox: Sandbox, clock: SteppedClock, account: str, seed: int
) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    chance = random.Random(seed)
    posts = [shop.post(f"Post {n}", clock() - timedelta(days=n + 1)) for n in range(4)]
    for number in range(120):
        shop.world.comment(
            chance.choice(posts[:2]),
            f"Person {number % 9}",
            f"alt {number}",
            at=clock() - timedelta(hours=3, seconds=number),
        )
    faults = (
        server_error(), cut_before(), cut_after(), garbage(), malformed_item("missing"), malformed_item("text"),
        malformed_item("types"), malformed_item("nul"), duplicate_delivery(), disordered_delivery(),
    )  # fmt: skip
    for fault in faults:
        sandbox.faults.rate(fault, 0.05, seed=seed)
    expected = {f"alt {n}" for n in range(120)}
    roots: list[str] = []
    for number in range(60):
        clock.now += timedelta(seconds=2)
        text = f"neu {number}"
        kind = chance.choice(("comment", "reply", "message"))
        if kind == "message":
            shop.world.message(f"Person {number % 9}", text, at=clock())
        else:
            parent = chance.choice(roots) if kind == "reply" and roots else None
            post = posts[0] if parent else chance.choice(posts)
            made = shop.world.comment(post, f"Person {number % 9}", text, parent=parent, at=clock())
            if post == posts[0] and parent is None:
                roots.append(made)
        expected.add(text)
        memory.poll(clock())
    sandbox.faults.clear()
    for _ in range(40):
        clock.now += timedelta(seconds=30)
        memory.poll(clock())
    assert {text.strip("\x00") for text in memory.texts()} == expected
    assert set(memory.texts().values()) == {1}
    assert memory.deleted == set()


def test_a_limit_is_told_with_its_time(sandbox: Sandbox, clock: SteppedClock) -> None:
    shop, memory = memory_of(sandbox, "shop-facebook", clock)
    sandbox.faults.next("facebook", "*", rate_limited(reset=300))
    with pytest.raises(RateLimited) as caught:
        shop.connector.fetch("comments", None, Poll(clock(), memory.since))
    assert caught.value.until is not None
    assert timedelta(minutes=4) <= caught.value.until - clock() <= timedelta(minutes=6)


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("way", [Way.PUBLIC_REPLY, Way.PRIVATE_REPLY, Way.DIRECT_MESSAGE])
def test_an_answer_that_got_lost_is_found_again(sandbox: Sandbox, clock: SteppedClock, account: str, way: Way) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    post = shop.post("Ein Post", clock() - timedelta(days=3))
    shop.world.comment(post, "Anna", "Wo ist mein Paket?", at=clock() - timedelta(hours=1))
    shop.world.message("Anna", "Hallo?", at=clock() - timedelta(hours=1))
    memory.poll(clock())
    asked = "Hallo?" if way is Way.DIRECT_MESSAGE else "Wo ist mein Paket?"
    message = next(m for m in memory.messages.values() if m.text == asked)
    reply = reply_to(
        way, message.conversation_id, message.external_id, "Wir schauen nach.", clock,
        recipient_id=message.author.external_id, subject_id=message.subject.external_id if message.subject else None,
    )  # fmt: skip
    assert shop.connector.find_own(reply, clock()) is None
    sandbox.faults.next("*", "POST*", cut_after())
    with pytest.raises(OutcomeUnknown):
        shop.connector.send(reply, clock())
    found = shop.connector.find_own(reply, clock())
    assert found is not None
    memory.poll(clock() + timedelta(seconds=2))
    own = [m for m in memory.messages.values() if m.own]
    assert [m.external_id for m in own] == [found.external_id]
    assert own[0].conversation_id == found.conversation_id


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_private_reply_goes_out_once_and_never_twice(sandbox: Sandbox, clock: SteppedClock, account: str) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    post = shop.post("Ein Post", clock() - timedelta(days=3))
    shop.world.comment(post, "Anna", "Frechheit!", at=clock() - timedelta(hours=1))
    memory.poll(clock())
    (message,) = memory.messages.values()
    reply = reply_to(Way.PRIVATE_REPLY, message.conversation_id, message.external_id, "Es tut uns leid.", clock)
    receipt = shop.connector.send(reply, clock())
    assert receipt.recipient_id == receipt.conversation_id
    with pytest.raises(Refused) as caught:
        shop.connector.send(reply, clock())
    assert caught.value.reason is RefusalReason.ALREADY_REPLIED_PRIVATELY


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_thread_is_read_again_with_the_answer_staff_gave_elsewhere(
    sandbox: Sandbox, clock: SteppedClock, account: str
) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    post = shop.post("Ein Post", clock() - timedelta(days=3))
    comment = shop.world.comment(post, "Anna", "Geht das?", at=clock() - timedelta(hours=1))
    for number in range(70):
        at = clock() - timedelta(minutes=50) + timedelta(seconds=number)
        shop.world.comment(post, "Bernd", f"Mich auch {number}", parent=comment, at=at)
    shop.world.message("Anna", "Hallo", at=clock() - timedelta(hours=1))
    memory.poll(clock())
    shop.world.native_reply(comment, "Ja!")
    private = next(m for m in memory.messages.values() if m.kind is Kind.DIRECT_MESSAGE)
    shop.world.native_reply("Anna", "Servus!")
    poll = Poll(clock(), memory.since)
    public = shop.connector.read_thread(memory.messages[comment].conversation_id, Kind.COMMENT, poll)
    assert [m.text for m in public.messages if m.own] == ["Ja!"]
    direct = shop.connector.read_thread(private.conversation_id, Kind.DIRECT_MESSAGE, poll)
    assert [m.text for m in direct.messages] == ["Hallo", "Servus!"]


def test_what_lies_beyond_the_twenty_newest_messages_is_a_gap(sandbox: Sandbox, clock: SteppedClock) -> None:
    shop, memory = memory_of(sandbox, "shop-facebook", clock)
    shop.world.message("Anna", "erste", at=clock() - timedelta(minutes=50))
    memory.poll(clock())
    assert memory.gaps == []
    for number in range(30):
        shop.world.message("Anna", f"viele {number}", at=clock() + timedelta(seconds=number))
    clock.now += timedelta(minutes=1)
    memory.poll(clock())
    assert memory.gaps == [next(iter(memory.messages.values())).conversation_id]
    clock.now += timedelta(minutes=1)
    memory.poll(clock())
    assert len(memory.gaps) == 1


def test_posts_by_others_nested_replies_ads_and_reels_arrive(sandbox: Sandbox, clock: SteppedClock) -> None:
    _, memory = memory_of(sandbox, "shop-facebook", clock)
    world, hour = sandbox.world.facebook, clock() - timedelta(hours=5)
    visitor = world.visitor_post("Anna", "Hallo Shop!", at=hour)
    world.comment(visitor, "Bernd", "Finde ich auch", at=hour + timedelta(minutes=1))
    world.tagged_post("Clara", "Heute bei euch", at=hour)
    for kind in ("ad", "reel"):
        world.comment(world.post(kind, at=hour, kind=kind), "Dora", f"unter {kind}", at=hour)
    old = world.post("Uralt", at=clock() - timedelta(days=200))
    for number in range(60):
        world.post(f"Lang her {number}", at=clock() - timedelta(days=60, hours=number))
    world.comment(old, "Emil", "Spät, aber doch", at=hour)
    post = world.post("Ein Post", at=hour)
    root = world.comment(post, "Anna", "Wurzel", at=hour)
    below = world.comment(post, "Bernd", "darunter", parent=root, at=hour + timedelta(minutes=1))
    world.comment(post, "Anna", "noch tiefer", parent=below, at=hour + timedelta(minutes=2))
    for _ in range(20):
        memory.poll(clock())
        clock.now += timedelta(seconds=30)
    by_text = {m.text: m for m in memory.messages.values()}
    assert set(by_text) == {
        "Hallo Shop!", "Finde ich auch", "Heute bei euch", "unter ad", "unter reel", "Spät, aber doch", "Wurzel",
        "darunter", "noch tiefer",
    }  # fmt: skip
    assert by_text["Hallo Shop!"].kind is Kind.MENTION
    assert by_text["Finde ich auch"].conversation_id == visitor
    assert {by_text[t].conversation_id for t in ("Wurzel", "darunter", "noch tiefer")} == {root}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_push_and_a_poll_tell_the_same(sandbox: Sandbox, clock: SteppedClock, account: str) -> None:
    shop, polled = memory_of(sandbox, account, clock)
    _, pushed = memory_of(sandbox, account, clock)
    bodies: list[bytes] = []

    def hear(happening: Happening) -> None:
        if isinstance(shop.world, FacebookWorld):
            payload = facebook_payload(happening, "Glückspilz")
        else:
            payload = instagram_payload(happening, shop.world.username, flat=len(bodies) % 2 == 0)
        if payload is not None:
            bodies.append(encode(payload))

    post = shop.post("Ein Post", clock() - timedelta(days=1))
    sandbox.scene.listeners.append(hear)
    root = shop.world.comment(post, "Anna", "Frage 😀", at=clock())
    shop.world.comment(post, "Bernd", "Auch", parent=root, at=clock())
    shop.world.native_reply(root, "Antwort", at=clock())
    shop.world.message("Anna", "Hallo", at=clock())
    shop.world.native_reply("Anna", "Servus", at=clock())
    for body in bodies:
        pushed.take(shop.connector.read_push(body, clock()), pushed=True)
    polled.poll(clock())
    assert pushed.unreadable == []

    def facts(memory: Memory) -> set[tuple[object, ...]]:
        return {
            (m.external_id, m.conversation_id, m.kind, m.own, m.text, m.parent_id, m.author.external_id, m.sent_at)
            for m in memory.messages.values()
        }

    assert facts(pushed) == facts(polled)
    assert len(pushed.messages) == 5


def test_a_lost_answer_to_a_caption_that_mentions_us_is_found_again(sandbox: Sandbox, clock: SteppedClock) -> None:
    shop, _ = memory_of(sandbox, "shop-instagram", clock)
    world = sandbox.world.instagram
    media = world.mention("Anna", "Toll bei @glueckspilz.wien", caption=True)
    reply = reply_to(Way.PUBLIC_REPLY, f"mention_{media}", media, "Danke @anna!", clock)
    assert shop.connector.find_own(reply, clock()) is None
    sandbox.faults.next("*", "POST*", cut_after())
    with pytest.raises(OutcomeUnknown):
        shop.connector.send(reply, clock())
    found = shop.connector.find_own(reply, clock())
    assert found is not None
    assert found.external_id in world.comments


def test_an_answer_to_a_comment_that_mentions_us_cannot_be_read_back(sandbox: Sandbox, clock: SteppedClock) -> None:
    shop, _ = memory_of(sandbox, "shop-instagram", clock)
    with pytest.raises(Unavailable, match="look at the post"):
        shop.connector.find_own(reply_to(Way.PUBLIC_REPLY, "mention_18_19", "19", "Danke!", clock), clock())
