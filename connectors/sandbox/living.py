"""The world that goes on by itself: a day of the past, then new stories, and people who answer our answers."""

from __future__ import annotations

import contextlib
import heapq
import itertools
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.sandbox.stories import PRIVATE, PUBLIC, STAFF, THANKS, Story, Telling, platforms_of, shop_history

if TYPE_CHECKING:
    from connectors.sandbox.sandbox import World

Json = Any
OPENING = (
    ("facebook", "message"), ("instagram", "message"), ("twitter", "message"), ("facebook", "complaint"),
    ("facebook", "injury"),
    ("facebook", "message"), ("instagram", "message"), ("twitter", "message"), ("instagram", "complaint"),
)  # fmt: skip
"""The first arrivals of a demo: an everyday message on each platform, then a complaint, then what a crisis begins
with, and everyday messages again."""
_EVERYDAY = frozenset({"status", "price", "hours", "question"})
_BETWEEN_STORIES = timedelta(seconds=20)
_BETWEEN_OPENERS = timedelta(seconds=3)
_BETWEEN_LINES = timedelta(seconds=45)
_NATIVE_SHARE = 0.2
"""Of new stories with staff lines, how many really get their native answer."""
_THANKS_SHARE = 0.5
_REGRET_SHARE = 0.08
"""Of new stories, how many are edited or deleted by their author afterwards."""

INJURY = "injury"


class Living:
    """Events in time: everything due by `now` happens when `tick` is called. `speed` 2 is twice as busy."""

    def __init__(self, world: World, chance: random.Random, speed: float = 1.0) -> None:
        self._world = world
        self._chance = chance
        self.speed = speed
        self._due: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self._serial = itertools.count()
        self._stories = self._endless()
        self._openers: list[tuple[str, str]] = list(OPENING)
        self._next_story: datetime | None = None
        self._read_of_journal = 0

    def fill(self, now: datetime, stories: int = 120) -> None:
        """A day of the past: shop posts of two weeks, and this many stories of the last 24 hours."""
        if not self._world.facebook.posts:
            shop_history(self._world, now)
        for story in itertools.islice(self._stories, stories):
            at = now - timedelta(minutes=self._chance.triangular(6, 24 * 60, 9 * 60))
            telling = Telling(self._world, story, self._chance.choice(platforms_of(story)), self._chance)
            for line in story.lines:
                if at >= now:
                    break
                telling.say(line, at)
                at += timedelta(minutes=self._chance.uniform(2, 55))

    def tick(self, now: datetime) -> int:
        """Everything that is due by now happens; returns how many lines that were."""
        self._answer_our_answers(now)
        if self._next_story is None:
            self._next_story = now
        while self._next_story <= now:
            at = self._next_story
            self._next_story = at + self._pause()
            self._begin(at)
        happened = 0
        while self._due and self._due[0][0] <= now:
            at, _, happen = heapq.heappop(self._due)
            # What a line answers may have been deleted through the API meanwhile: then nobody answers it.
            with contextlib.suppress(KeyError):
                happen(at)
                happened += 1
        return happened

    def _begin(self, at: datetime) -> None:
        if self._openers:
            platform, wanted = self._openers.pop(0)
            story = self._chance.choice([story for story in PRIVATE + PUBLIC if _opens(story, platform, wanted)])
        else:
            story = next(self._stories)
            platform = self._chance.choice(platforms_of(story))
        telling = Telling(self._world, story, platform, self._chance)
        lines = list(story.lines)
        if self._chance.random() > _NATIVE_SHARE:
            lines = list(itertools.takewhile(lambda line: line.speaker != STAFF, lines))
        for line in lines:
            self.at(at, lambda moment, line=line: telling.say(line, moment))  # type: ignore[misc]
            at += _BETWEEN_LINES * self._chance.uniform(0.5, 2.0) / self.speed
        if self._chance.random() < _REGRET_SHARE:
            self.at(at + _BETWEEN_LINES / self.speed, lambda moment: telling.regret())

    def _pause(self) -> timedelta:
        if self._openers:
            return _BETWEEN_OPENERS / self.speed
        return _BETWEEN_STORIES * self._chance.uniform(0.3, 1.7) / self.speed

    def _answer_our_answers(self, now: datetime) -> None:
        """Some people say something when we have answered them privately."""
        journal = self._world.scene.journal
        for row in journal[self._read_of_journal :]:
            if row["action"] in ("direct_message", "private_reply") and self._chance.random() < _THANKS_SHARE:
                words = self._chance.choice(THANKS)
                later = now + _BETWEEN_LINES * self._chance.uniform(0.4, 1.6) / self.speed
                self.at(later, lambda moment, row=row, words=words: self._thank(row, words, moment))  # type: ignore[misc]
        self._read_of_journal = len(journal)

    def _thank(self, row: dict[str, Json], words: str, at: datetime) -> None:
        account = self._world.facebook if row["platform"] == "facebook" else self._world.instagram
        if row["platform"] == "twitter":
            self._world.twitter.direct_message(row["person"], words, at)
        elif row["conversation"] in account.threads.by_id:
            account.message(row["person"], words, at)

    def at(self, at: datetime, happen: Callable[[datetime], object]) -> None:
        """Let something happen once `at` is due."""
        heapq.heappush(self._due, (at, next(self._serial), happen))

    def _endless(self) -> Iterator[Story]:
        """All stories in a shuffled order, then again; of the injuries one a round: a day, not a catastrophe."""
        injuries = [story for story in (*PUBLIC, *PRIVATE) if story.topic == INJURY]
        others = [story for story in (*PUBLIC, *PRIVATE) if story.topic != INJURY]
        while True:
            deck = [*others, self._chance.choice(injuries)]
            self._chance.shuffle(deck)
            yield from deck


def _opens(story: Story, platform: str, wanted: str) -> bool:
    if wanted == "message":
        return story.place == "message" and story.topic in _EVERYDAY and len(story.lines) == 1
    return story.topic == wanted and platform in platforms_of(story)
