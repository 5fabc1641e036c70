"""Stories read from their texts, and played in the world: a day of the past, then one after another."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.sandbox import private_stories, public_stories
from connectors.sandbox.people import NAMES

if TYPE_CHECKING:
    from connectors.sandbox.sandbox import World

CUSTOMER, ANOTHER, STAFF = "K", "A", "S"
_PHOTO = "[photo]"
_AFTERTHOUGHT = "(Edit: hat sich inzwischen jemand gemeldet)"
_VANISH_SHARE = 0.4


@dataclass(frozen=True)
class Line:
    """One thing somebody says."""

    speaker: str
    text: str
    photo: bool = False


@dataclass(frozen=True)
class Story:
    """A small thread with its place and its topic."""

    place: str
    topic: str
    lines: tuple[Line, ...]


def read_stories(text: str) -> tuple[Story, ...]:
    """Stories from blocks of `place topic` and `K:`, `A:`, `S:` lines."""
    return tuple(_story(block) for block in text.strip().split("\n\n"))


def _story(block: str) -> Story:
    head, *rows = block.splitlines()
    place, topic = head.split()
    lines = []
    for row in rows:
        speaker, _, words = row.partition(": ")
        lines.append(Line(speaker, words.replace(_PHOTO, "").strip(), _PHOTO in words))
    return Story(place, topic, tuple(lines))


PUBLIC = read_stories(public_stories.PUBLIC)
PRIVATE = read_stories(private_stories.PRIVATE)
SHOP_POSTS = tuple(public_stories.SHOP_POSTS.strip().splitlines())
THANKS = private_stories.THANKS


class Telling:
    """One story on one platform: where it stands and whose turn is next."""

    def __init__(self, world: World, story: Story, platform: str, chance: random.Random) -> None:
        self.story = story
        self.platform = platform
        self._world = world
        self._chance = chance
        self.customer, *self._others = chance.sample(NAMES, 4)
        self._place: str | None = None
        """The post, media, root comment or root post everything hangs on."""
        self._root: str | None = None

    def say(self, line: Line, at: datetime) -> None:
        """Let one line happen."""
        person = self.customer if line.speaker == CUSTOMER else self._chance.choice(self._others)
        tell: Callable[[Line, str, datetime], None] = {
            "facebook": self._on_facebook, "instagram": self._on_instagram, "twitter": self._on_twitter,
        }[self.platform]  # fmt: skip
        tell(line, person, at)

    def regret(self) -> bool:
        """The one who began changes the words or takes them back; False when there is nothing public left."""
        world, root = self._world, self._root
        if root is None or self.story.place == "message":
            return False
        vanish = self._chance.random() < _VANISH_SHARE
        added = f"{self.story.lines[0].text} {_AFTERTHOUGHT}"
        if self.platform == "twitter" and root in world.twitter.tweets:
            if vanish:
                world.twitter.delete(root)
            else:
                self._root = world.twitter.edit(root, f"@{world.twitter.handle} {added}")
            return True
        account = world.facebook if self.platform == "facebook" else world.instagram
        known = root.rpartition("_")[2] in account.comments
        if known and vanish:
            account.delete_comment(root)
        elif known:
            account.edit_comment(root, added)
        return known

    def _on_facebook(self, line: Line, person: str, at: datetime) -> None:
        page = self._world.facebook
        if self.story.place in ("message", "story"):
            if line.speaker == STAFF:
                page.native_reply(self.customer, line.text, at)
            else:
                photo = [{"type": "image", "url": "https://cdn.sandbox.invalid/foto.jpg"}] if line.photo else None
                page.message(self.customer, line.text, at, photo)
        elif self.story.place in ("visitor", "mention") and self._place is None:
            self._place = page.visitor_post(person, line.text, at)
        elif line.speaker == STAFF:
            page.native_reply(self._root or self._place or "", line.text, at)
        else:
            self._place = self._place or self._pick(post.id for post in page.posts.values() if post.kind != "visitor")
            comment = page.comment(self._place, person, line.text, parent=self._root, at=at, photo=line.photo)
            self._root = self._root or comment

    def _on_instagram(self, line: Line, person: str, at: datetime) -> None:
        account = self._world.instagram
        if self.story.place == "story":
            account.story_reply(self.customer, line.text, at)
        elif self.story.place == "message":
            if line.speaker == STAFF:
                account.native_reply(self.customer, line.text, at)
            else:
                photo = [{"type": "image", "url": "https://cdn.sandbox.invalid/foto.jpg"}] if line.photo else None
                account.message(self.customer, line.text, at, photo)
        elif self._root is None:
            self._place = self._pick(media.id for media in account.media_items.values() if media.owner is None)
            self._root = account.comment(self._place, person, line.text or "📷", at=at)
        elif line.speaker == STAFF:
            account.native_reply(self._root, line.text, at)
        else:
            account.reply(self._root, person, line.text or "📷", at)

    def _on_twitter(self, line: Line, person: str, at: datetime) -> None:
        account = self._world.twitter
        if self.story.place in ("message", "story"):
            if line.speaker == STAFF:
                account.native_reply(self.customer, line.text, at)
            else:
                account.direct_message(self.customer, line.text, at)
        elif self._root is None:
            self._root = account.mention(person, line.text, at, photo=line.photo)
        elif line.speaker == STAFF:
            account.native_reply(self._root, line.text, at)
        else:
            named = f"@{account.handle} {line.text}" if line.speaker == CUSTOMER else line.text
            account.reply(self._root, person, named, at)

    def _pick(self, candidates: object) -> str:
        ids: list[str] = list(candidates)  # type: ignore[call-overload]
        newest = ids[-8:]
        return self._chance.choice(newest)


def platforms_of(story: Story) -> tuple[str, ...]:
    """Where a story can take place."""
    if story.topic == "long" or story.place == "mention":
        return ("twitter",)
    return {
        "comment": ("facebook", "instagram"),
        "visitor": ("facebook",),
        "story": ("instagram",),
        "message": ("facebook", "instagram", "twitter"),
    }[story.place]


def shop_history(world: World, now: datetime) -> None:
    """What the shop itself has published lately, on all three."""
    for number, text in enumerate(SHOP_POSTS):
        at = now - timedelta(hours=30 * (len(SHOP_POSTS) - number), minutes=17 * number)
        world.facebook.post(text, at=at)
        world.instagram.media(text, at=at + timedelta(minutes=3))
        world.twitter.post(text[:240], at=at + timedelta(minutes=6))
