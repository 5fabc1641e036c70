"""Graves of comparable products on Graph: interrupted first imports, long threads, many threads."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from connectors.base import Poll
from connectors.sandbox import Sandbox, server_error
from tests.connectors.meta_shop import ACCOUNTS, memory_of
from tests.connectors.reader_memory import Memory
from tests.stepped_clock import SteppedClock

COMMENTS, THREADS, REPLIES = 400, 130, 60


def interrupted(memory: Memory, clock: SteppedClock, every: int) -> int:
    """The first import, in which every so many steps are lost after the platform answered, as by a kill."""
    lost = steps = 0
    for stream in memory.connector.streams():
        for _ in range(300):
            steps += 1
            cursor = memory.cursors.get(stream.name)
            page = memory.connector.fetch(stream.name, cursor, Poll(clock(), memory.since))
            if steps % every == 0:
                lost += 1
                continue
            memory.cursors[stream.name] = json.loads(json.dumps(page.cursor))
            memory.take(page)
            if not page.more:
                break
    return lost


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("every", [2, 3])
def test_a_first_import_killed_again_and_again_loses_and_doubles_nothing(
    sandbox: Sandbox, clock: SteppedClock, account: str, every: int
) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    posts = [shop.post(f"Post {number}", clock() - timedelta(days=number + 1)) for number in range(2)]
    for number in range(COMMENTS):
        at = clock() - timedelta(hours=9, seconds=number)
        shop.world.comment(posts[number % 2], f"Person {number}", f"Text {number}", at=at)
    assert interrupted(memory, clock, every) >= 2
    assert len(memory.messages) == COMMENTS
    assert set(memory.new.values()) == {1}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_failing_calls_in_the_first_import_lose_nothing(sandbox: Sandbox, clock: SteppedClock, account: str) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    post = shop.post("Post", clock() - timedelta(days=1))
    for number in range(COMMENTS):
        at = clock() - timedelta(hours=9, seconds=number)
        shop.world.comment(post, f"Person {number}", f"Text {number}", at=at)
    shop.world.message("Anna", "ganz neu", at=clock())
    sandbox.faults.rate(server_error(), 0.5, seed=2)
    for _ in range(12):
        memory.poll(clock())
        clock.now += timedelta(seconds=30)
    assert any(kind == "server_error" for _, _, kind in sandbox.faults.struck)
    sandbox.faults.clear()
    for _ in range(10):
        clock.now += timedelta(minutes=10)
        memory.poll(clock())
    assert len(memory.messages) == COMMENTS + 1
    assert memory.errors != []


@pytest.mark.parametrize("account", ACCOUNTS)
def test_many_threads_and_many_replies_are_read_to_their_end(
    sandbox: Sandbox, clock: SteppedClock, account: str
) -> None:
    shop, memory = memory_of(sandbox, account, clock)
    post = shop.post("Post", clock() - timedelta(days=1))
    root = shop.world.comment(post, "Anna", "Wurzel", at=clock() - timedelta(hours=9))
    for number in range(REPLIES):
        at = clock() - timedelta(hours=8) + timedelta(seconds=number)
        shop.world.comment(post, f"Person {number}", f"Antwort {number}", parent=root, at=at)
    for number in range(THREADS):
        shop.world.message(f"Kundin {number}", f"Nachricht {number}", at=clock() - timedelta(hours=7, seconds=number))
    memory.poll(clock())
    texts = memory.texts()
    assert sum(1 for text in texts if text.startswith("Antwort")) == REPLIES
    assert sum(1 for text in texts if text.startswith("Nachricht")) == THREADS
    assert {m.conversation_id for m in memory.messages.values() if m.text.startswith(("Wurzel", "Antwort"))} == {root}
