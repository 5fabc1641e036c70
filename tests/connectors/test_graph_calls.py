"""What reading costs in calls: an idle poll three at most whatever the number of posts, a busy one by its messages, and
the first import by what there is. `-s` prints the numbers."""

from __future__ import annotations

import math
from datetime import timedelta

import pytest

from connectors.sandbox import Sandbox
from tests.connectors.meta_shop import ACCOUNTS, Shop, memory_of
from tests.connectors.reader_memory import Memory
from tests.stepped_clock import SteppedClock

PAGE = {"shop-facebook": 100, "shop-instagram": 50, "instagram-login": 50}
"""Comments a call can bring."""
IDLE, NEW = 3, 20


def filled(
    sandbox: Sandbox, clock: SteppedClock, account: str, posts: int, each: int
) -> tuple[Shop, Memory, list[str]]:
    """Posts of the last 29 days with so many comments each, and some private threads."""
    shop, memory = memory_of(sandbox, account, clock)
    made = []
    for number in range(posts):
        post = shop.post(f"Post {number}", clock() - timedelta(days=29) * (number + 1) / (posts + 1))
        made.append(post)
        for index in range(each):
            at = clock() - timedelta(hours=3, seconds=index)
            shop.world.comment(post, f"Person {index % 40}", f"Text {number}/{index}", at=at)
    for number in range(10):
        shop.world.message(f"Person {number}", f"Nachricht {number}", at=clock() - timedelta(hours=2))
    return shop, memory, made


def polls(memory: Memory, clock: SteppedClock, times: int) -> list[int]:
    costs = []
    for _ in range(times):
        clock.now += timedelta(seconds=60)
        before = memory.calls
        memory.poll(clock())
        costs.append(memory.calls - before)
    return costs


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize("posts", [30, 300])
def test_idle_polls_and_busy_ones(sandbox: Sandbox, clock: SteppedClock, account: str, posts: int) -> None:
    shop, memory, made = filled(sandbox, clock, account, posts, each=2)
    memory.poll(clock())
    first = memory.calls
    idle = polls(memory, clock, 12)
    assert max(idle) <= IDLE
    for number in range(NEW):
        shop.world.comment(
            made[number % 25], f"Person {number}", f"neu {number}", at=clock() + timedelta(seconds=number)
        )
    busy = polls(memory, clock, 3)
    print(f"{account}, {posts} posts: first import {first}, idle {idle}, {NEW} new comments {busy}")
    assert len([text for text in memory.texts() if text.startswith("neu")]) == NEW
    assert sum(busy) <= 3 * IDLE + math.ceil(NEW / 10)


@pytest.mark.parametrize("account", ACCOUNTS)
@pytest.mark.parametrize(("posts", "each"), [(30, 120), (120, 30), (3, 700)])
def test_the_first_import_costs_what_there_is(
    sandbox: Sandbox, clock: SteppedClock, account: str, posts: int, each: int
) -> None:
    _, memory, _ = filled(sandbox, clock, account, posts, each)
    memory.poll(clock())
    messages = posts * each
    most = 1.1 * math.ceil(messages / PAGE[account]) + posts / 50
    print(f"{account}, {posts} posts with {each} comments each: {memory.calls} calls, {most:.1f} allowed")
    assert sum(1 for text in memory.texts() if text.startswith("Text")) == messages
    assert memory.calls <= most
