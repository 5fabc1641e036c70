"""Everything that can go wrong goes wrong, a few percent of the time each: nothing is lost, nothing is said twice."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from connectors.sandbox import (
    Sandbox,
    cut_after,
    cut_before,
    disordered_delivery,
    duplicate_delivery,
    garbage,
    malformed_item,
    null_batch_items,
    rate_limited,
    server_error,
)
from inbox import replies
from inbox.db import writing
from inbox.errors import Refusal
from tests.journeys.house import House, configuration
from tests.stepped_clock import SteppedClock

PEOPLE = [f"Person {number}" for number in range(40)]
FAULTS = (
    cut_before(), garbage(), server_error(), rate_limited(reset=5), duplicate_delivery(), disordered_delivery(),
    null_batch_items(), malformed_item(extra=True),
)  # fmt: skip
FAULTS_OF_WRITES = (cut_after(), cut_before(), server_error(), server_error(done=True), garbage(done=True))


def write_story(house: House, chance: random.Random, number: int, since: datetime) -> str:
    """One thing somebody says somewhere; returns its unique text."""
    world, person = house.world, chance.choice(PEOPLE)
    text = f"Frage {number}: gibt es das noch? {chance.random():.6f}"
    at = since + timedelta(seconds=number)
    match number % 6:
        case 0 | 1:
            world.facebook.comment(chance.choice(POSTS["facebook"]), person, text, at=at)
        case 2:
            world.facebook.message(person, text, at=at)
        case 3:
            world.instagram.comment(chance.choice(POSTS["instagram"]), person, text, at=at)
        case 4:
            world.twitter.mention(person, f"@glueckspilz_at {text}", at=at)
            return f"@glueckspilz_at {text}"
        case _:
            world.twitter.direct_message(person, text, at=at)
    return text


POSTS: dict[str, list[str]] = {}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_hundreds_of_messages_arrive_exactly_once_through_faults_and_restarts(
    sandbox: Sandbox, clock: SteppedClock, database_url: str
) -> None:
    chance = random.Random(7)
    house = House(sandbox, clock, configuration(sandbox, database_url)).connect()
    POSTS["facebook"] = [sandbox.world.facebook.post(f"Beitrag {number}") for number in range(5)]
    POSTS["instagram"] = [sandbox.world.instagram.media(f"Bild {number}") for number in range(5)]
    house.work()
    for number, fault in enumerate(FAULTS):
        sandbox.faults.rate(fault, 0.04, seed=number)
    expected: list[str] = []
    for wave in range(6):
        start = clock.advance(seconds=30)
        expected += [
            write_story(house, chance, wave * 40 + number, start - timedelta(seconds=45)) for number in range(40)
        ]
        house.live(40, step=10)
        house = house.restart()
    sandbox.faults.clear()
    house.live(400, step=20)

    counted = Counter(message.text.removeprefix("@glueckspilz_at ") for message in house.messages(direction="inbound"))
    wanted = {text.removeprefix("@glueckspilz_at ") for text in expected}
    assert wanted - set(counted) == set()
    assert [text for text in wanted if counted[text] != 1] == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_replies_go_out_at_most_once_and_every_one_ends_visibly(
    sandbox: Sandbox, clock: SteppedClock, database_url: str
) -> None:
    house = House(sandbox, clock, configuration(sandbox, database_url)).connect()
    anna = house.person()
    post = sandbox.world.facebook.post("Neue Schuhe")
    for number in range(30):
        sandbox.world.facebook.comment(post, f"Person {number}", f"Wo gibt es Paar {number}?")
        sandbox.world.twitter.direct_message(f"Person {number}", f"Habt ihr Modell {number}?")
    house.live(30, step=10)
    for number, fault in enumerate(FAULTS_OF_WRITES):
        sandbox.faults.rate(fault, 0.08, seed=number, endpoint="POST *")
    texts = []
    for conversation in house.conversations():
        text = f"Antwort für Gespräch {conversation.id}: ja, ab Montag."
        with writing(house.runtime.sessions) as session:
            answer(session, house, conversation.id, text, conversation.visibility, anna)
        texts.append(text)
    for _ in range(4):
        house.live(20, step=4)
        house = house.restart()
    house.live(300, step=10)

    said = Counter(row["text"] for row in sandbox.journal)
    assert [text for text, times in said.items() if times > 1 and text in texts] == []
    items = {item.text: item for item in house.outbox(origin="agent")}
    assert len(items) == len(texts)
    for text in texts:
        item = items[text]
        assert item.state in ("sent", "failed"), (item.state, item.reason)
        assert (item.state == "sent") == (said[text] == 1), (item.state, item.reason)
        assert item.state == "sent" or item.reason


def answer(session: Session, house: House, conversation_id: int, text: str, visibility: str, actor: str) -> None:
    try:
        draft = replies.Draft(text, visibility, f"k-{conversation_id}", actor)
        replies.reply(session, house.runtime, conversation_id, draft, house.clock())
    except Refusal as refusal:
        raise AssertionError(refusal.detail) from refusal
