"""The world that lives: reproducible, varied, on all three platforms, answering our answers."""

from __future__ import annotations

import random
from collections.abc import Sized
from datetime import timedelta

import pytest
import requests

from connectors.sandbox import Sandbox
from connectors.sandbox.stories import PRIVATE, PUBLIC, SHOP_POSTS, STAFF, THANKS, Telling, platforms_of
from tests.connectors.sandbox.conftest import Graph
from tests.stepped_clock import SteppedClock


def snapshot(sandbox: Sandbox) -> list[tuple[str, str]]:
    world = sandbox.world
    comments = [(comment.id, comment.text) for comment in world.facebook.comments.values()]
    posts = [(tweet.id, tweet.text) for tweet in world.twitter.tweets.values()]
    messages = [(message.id, message.text) for message in world.instagram.threads.messages.values()]
    return comments + posts + messages


def lived(seed: int) -> Sandbox:
    clock = SteppedClock()
    sandbox = Sandbox(seed=seed, now=clock)
    sandbox.fill()
    for _ in range(60):
        sandbox.tick(clock.advance(seconds=5))
    return sandbox


def test_the_same_seed_tells_the_same_day(clock: SteppedClock) -> None:
    assert snapshot(lived(3)) == snapshot(lived(3))
    assert snapshot(lived(3)) != snapshot(lived(4))


def test_the_stories_are_many_and_cover_what_the_playbook_must_know() -> None:
    texts = [line.text for story in PUBLIC + PRIVATE for line in story.lines if line.text]
    assert len({*texts, *THANKS, *SHOP_POSTS}) >= 150
    topics = {story.topic for story in PUBLIC}
    assert {"complaint", "injury", "status", "price", "praise", "spam"} <= topics
    assert {"status", "price", "hours", "question", "stop"} <= {story.topic for story in PRIVATE}
    assert sum(any(line.speaker == STAFF for line in story.lines) for story in PUBLIC + PRIVATE) >= 6
    assert any(line.photo for story in PUBLIC for line in story.lines)
    for story in PUBLIC + PRIVATE:
        assert platforms_of(story)


def test_a_day_reaches_all_three_platforms_and_lies_in_the_past(clock: SteppedClock) -> None:
    sandbox = Sandbox(seed=1, now=clock)
    sandbox.fill()
    world = sandbox.world
    sizes = [
        len(world.facebook.comments), len(world.facebook.threads.messages), len(world.instagram.comments),
        len(world.instagram.threads.messages), len(world.twitter.mention_order), len(world.twitter.direct_messages),
    ]  # fmt: skip
    assert min(sizes) >= 8
    assert max(comment.created_at for comment in world.facebook.comments.values()) <= clock()
    assert min(comment.created_at for comment in world.facebook.comments.values()) >= clock() - timedelta(hours=25)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_first_half_minute_brings_a_private_message_everywhere_and_a_complaint(seed: int) -> None:
    clock = SteppedClock()
    sandbox = Sandbox(seed=seed, now=clock)
    sandbox.fill()
    world = sandbox.world
    threads: tuple[Sized, ...] = (
        world.facebook.threads.messages, world.instagram.threads.messages, world.twitter.direct_messages,
    )  # fmt: skip
    before = [len(thread) for thread in threads]
    for _ in range(30):
        sandbox.tick(clock.advance(seconds=1))
    assert all(len(thread) > count for thread, count in zip(threads, before, strict=True))


def test_an_ordinary_day_has_closed_windows_and_answers_that_do_not_arrive(
    sandbox: Sandbox, page: Graph, clock: SteppedClock
) -> None:
    """The windows at once; half a minute later a connection that breaks, and somebody who has left."""
    sandbox.fill(0)
    sandbox.go_wrong()
    assert answer_to(sandbox, page, "Gerlinde Achleitner").json()["error"]["code"] == 10
    for _ in range(40):
        sandbox.tick(clock.advance(seconds=1))
    with pytest.raises(requests.ConnectionError):
        answer_to(sandbox, page, "Rahel Stöger")
    assert sandbox.journal == []
    assert answer_to(sandbox, page, "Rahel Stöger").status_code == 200
    assert answer_to(sandbox, page, "Konrad Eibl").json()["error"]["code"] == 551


def answer_to(sandbox: Sandbox, page: Graph, name: str) -> requests.Response:
    """We write to somebody in Messenger."""
    to = {"id": sandbox.scene.people.person(name).facebook_id}
    return page.post("/me/messages", recipient=to, message={"text": "Wir melden uns."})


def test_people_answer_our_answers(sandbox: Sandbox, page: Graph, clock: SteppedClock) -> None:
    sandbox.fill(0)
    people = [f"Kundin {n}" for n in range(8)]
    for name in people:
        sandbox.world.facebook.message(name, "Hallo")
        to = {"id": sandbox.scene.people.person(name).facebook_id}
        page.post("/me/messages", recipient=to, message={"text": "Wir melden uns."})
    for _ in range(40):
        sandbox.tick(clock.advance(seconds=5))
    threads = [sandbox.world.facebook.threads.of(sandbox.scene.people.person(name)) for name in people]
    answered = [thread for thread in threads if thread is not None and thread.messages[-1].text in THANKS]
    assert 1 <= len(answered) < len(people)


@pytest.mark.parametrize("platform", ["facebook", "instagram", "twitter"])
def test_authors_regret_what_they_wrote(clock: SteppedClock, platform: str) -> None:
    sandbox = Sandbox(seed=1, now=clock)
    sandbox.fill(0)
    world = sandbox.world
    place = "mention" if platform == "twitter" else "comment"
    story = next(story for story in PUBLIC if story.place == place)
    outcomes = set()
    for number in range(20):
        telling = Telling(world, story, platform, random.Random(number))
        telling.say(story.lines[0], clock.advance(minutes=1))
        assert telling.regret()
        texts = [
            *(comment.text for comment in world.facebook.comments.values()),
            *(comment.text for comment in world.instagram.comments.values()),
            *(tweet.text for tweet in world.twitter.tweets.values() if tweet.author is not None),
        ]
        outcomes.add(sum("(Edit:" in text for text in texts))
    assert 1 <= max(outcomes) < 20


def test_life_goes_on_when_a_post_vanishes(clock: SteppedClock) -> None:
    sandbox = Sandbox(seed=1, now=clock)
    sandbox.fill(20)
    arrived = 0
    for _ in range(40):
        arrived += sandbox.tick(clock.advance(seconds=15))
        for comment in list(sandbox.world.facebook.comments.values()):
            if comment.short_id in sandbox.world.facebook.comments:
                sandbox.world.facebook.delete_comment(comment.id)
    assert arrived > 20


def test_a_world_that_lives_goes_on_by_itself_and_ends(clock: SteppedClock) -> None:
    with Sandbox(seed=1, now=lambda: clock.advance(seconds=20)) as sandbox:
        sandbox.fill(10)
        sandbox.live(speed=4)
    assert sandbox._life is not None
    assert not sandbox._life.is_alive()


def test_it_can_go_down_and_come_back_on_the_same_port(clock: SteppedClock) -> None:
    sandbox = Sandbox(seed=1, now=clock)
    sandbox.start()
    origin = sandbox.origin
    token = sandbox.login("facebook").credentials["access_token"]
    assert Graph(origin, token).get("/me").status_code == 200
    sandbox.stop()
    sandbox.start()
    assert sandbox.origin == origin
    assert Graph(origin, token).get("/me").status_code == 200
    sandbox.stop()
    assert sandbox.requests[("facebook", "GET me")] == 2
