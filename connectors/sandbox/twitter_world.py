"""The shop's X account and everybody's posts around it, and the legacy direct messages."""

from __future__ import annotations

import bisect
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.sandbox.people import Person
from connectors.sandbox.scene import Happening, Scene, verb
from connectors.sandbox.weight import LIMIT, LINK, weighted_length

Json = Any
ACCOUNT_ID = "1450000000000000001"
HANDLE = "glueckspilz_at"
NAME = "Glückspilz Wien"
_MENTION = re.compile(r"(?<![\w@])@(\w{1,15})")


@dataclass(eq=False)
class Tweet:
    """A post; `author` None is the shop."""

    id: str
    author: Person | None
    text: str
    """As shown, links shortened; a long post's `text` is cut by the API, not here."""
    created_at: datetime
    conversation_id: str
    parent: str | None = None
    parent_author_id: str | None = None
    quoted: str | None = None
    links: list[tuple[str, str]] = field(default_factory=list)
    """Shortened and original address."""
    mentioned: dict[str, str] = field(default_factory=dict)
    """Handle in lower case to user id."""
    history: list[str] = field(default_factory=list)
    language: str = "de"
    hidden: bool = False
    replaced: bool = False
    """An edit made a newer version; lists show only the newest."""
    typed: str = ""
    """The words as they were sent."""
    lead: int = 0
    """How many characters of `text` are handles that X put in front."""
    media: list[str] = field(default_factory=list)
    """Keys of its pictures; X puts an address for them at the end of the text."""
    long: bool = False
    """Longer than an ordinary post: the API cuts `text` and puts everything into `note_tweet`."""

    @property
    def number(self) -> int:
        """The id as a number: posts sort by it."""
        return int(self.id)


@dataclass(eq=False)
class DirectMessage:
    """One event of a private conversation; `sender` None is the shop."""

    id: str
    conversation_id: str
    person: Person
    sender: Person | None
    text: str
    created_at: datetime
    by_app: bool = False
    event_type: str = "MessageCreate"
    media: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


class TwitterWorld:
    """One account and the posts it can meet. Verbs return the ids X gave."""

    platform = "twitter"
    account_id = ACCOUNT_ID
    handle = HANDLE
    name = NAME

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.tweets: dict[str, Tweet] = {}
        self.order: list[int] = []
        """Ids of all posts, ascending."""
        self.mention_order: list[int] = []
        self.by_conversation: dict[str, list[int]] = {}
        self.by_author: dict[str, list[int]] = {}
        self.direct_messages: dict[str, DirectMessage] = {}
        self.direct_order: list[int] = []
        self.direct_by_conversation: dict[str, list[int]] = {}
        self.wrote_first: set[str] = set()
        """People who have sent the shop a direct message."""
        self.enterprise = False
        """Lifts the rules of the self-serve tiers: replies without a summons, likes."""
        self.duplicates_by_account = False
        """Refuse the same words anywhere within a day, not only as an answer to the same post."""

    # -- what people and staff do --------------------------------------------------------------------------------

    @verb
    def post(self, text: str, at: datetime | str | None = None) -> str:
        """The shop posts."""
        return self.add_tweet(None, text, at=at).id

    @verb
    def mention(self, person: Person | str, text: str, at: datetime | str | None = None, photo: bool = False) -> str:
        """Somebody names the shop in a post of their own; the handle is put in front when the text lacks it."""
        named = text if f"@{self.handle}" in text else f"@{self.handle} {text}"
        return self.add_tweet(self.scene.people.person(person), named, at=at, photo=photo).id

    @verb
    def public_post(self, person: Person | str, text: str, at: datetime | str | None = None) -> str:
        """Somebody posts, not necessarily about the shop."""
        return self.add_tweet(self.scene.people.person(person), text, at=at).id

    @verb
    def reply(
        self,
        to: str,
        person: Person | str,
        text: str,
        at: datetime | str | None = None,
        drop_mention: bool = False,
    ) -> str:
        """Somebody answers a post; X puts the author's handle in front unless it was dropped."""
        author = self.scene.people.person(person)
        return self.add_tweet(author, text, at=at, parent=to, bare=drop_mention).id

    @verb
    def quote(self, post: str, person: Person | str, text: str, at: datetime | str | None = None) -> str:
        """Somebody quotes a post."""
        return self.add_tweet(self.scene.people.person(person), text, at=at, quoted=post).id

    @verb
    def edit(self, post: str, text: str, at: datetime | str | None = None) -> str:
        """The author edits: a new id, the old one stays in its history."""
        old = self.tweets[post]
        old.replaced = True
        new = self.add_tweet(old.author, text, at=at, parent=old.parent, quoted=old.quoted, bare=True, quiet=True)
        self._rehome(new, old.conversation_id)
        new.history = [*old.history, new.id]
        for version in old.history:
            self.tweets[version].history = new.history
        self._tell("tweet_added", new)
        return new.id

    @verb
    def delete(self, post: str) -> None:
        """The post vanishes, with its earlier versions."""
        for version in list(self.tweets[post].history):
            self.remove_tweet(self.tweets[version])

    @verb
    def direct_message(self, person: Person | str, text: str, at: datetime | str | None = None) -> str:
        """Somebody writes the shop a direct message."""
        author = self.scene.people.person(person)
        return self.add_direct_message(author, author, text, at=at).id

    @verb
    def group_message(
        self, person: Person | str, text: str, group: str | None = None, at: datetime | str | None = None
    ) -> str:
        """Somebody writes into a group the shop is part of; without `group` a new one (its id: `conversation_of`)."""
        author = self.scene.people.person(person)
        conversation = group or self.scene.identifiers.snowflake(self.scene.moment(at))
        return self.add_direct_message(author, author, text, at=at, conversation=conversation).id

    def conversation_of(self, event: str) -> str:
        """The conversation a direct message belongs to."""
        return self.direct_messages[event].conversation_id

    @verb
    def delete_direct_message(self, event: str) -> None:
        """The event vanishes from the lists."""
        item = self.direct_messages.pop(event)
        self.direct_order.remove(int(event))
        self.direct_by_conversation[item.conversation_id].remove(int(event))

    @verb
    def native_reply(self, target: str, text: str, at: datetime | str | None = None) -> str:
        """Staff answer on x.com: `target` is a post, a conversation or a person (direct message)."""
        if target in self.tweets:
            return self.add_tweet(None, text, at=at, parent=target).id
        events = self.direct_by_conversation.get(target)
        person = self.direct_messages[str(events[0])].person if events else self.scene.people.person(target)
        return self.add_direct_message(person, None, text, at=at, conversation=target if events else None).id

    # -- the store, used by the verbs and by the API -------------------------------------------------------------

    def author_id(self, author: Person | None) -> str:
        """The id of a person, or the shop's."""
        return self.account_id if author is None else author.twitter_id

    def author_handle(self, author: Person | None) -> str:
        """The handle of a person, or the shop's."""
        return self.handle if author is None else author.handle

    def direct_conversation(self, person: Person) -> str:
        """The id of the shop's conversation with one person: both ids, the smaller first."""
        return "-".join(sorted((self.account_id, person.twitter_id), key=int))

    def add_tweet(
        self,
        author: Person | None,
        text: str,
        *,
        at: datetime | str | None = None,
        parent: str | None = None,
        quoted: str | None = None,
        bare: bool = False,
        quiet: bool = False,
        photo: bool = False,
        media: Sequence[str] = (),
        excluded: frozenset[str] = frozenset(),
    ) -> Tweet:
        """Store a post with its mentions and shortened links, and tell everybody."""
        moment = self.scene.moment(at)
        above = self.tweets[parent] if parent else None
        lead = "" if above is None or bare else self._lead(author, above, text, excluded)
        shown = lead + text
        shown, links = self._shorten(shown)
        tweet_id = self.scene.identifiers.snowflake(moment)
        pictures = list(media) or ([f"3_{tweet_id}"] if photo else [])
        if pictures:
            place = f"https://x.com/{self.author_handle(author)}/status/{tweet_id}/photo/1"
            shown, links = _with_picture(shown, links, place)
        tweet = Tweet(
            tweet_id, author, shown, moment, above.conversation_id if above else tweet_id,
            parent=parent, parent_author_id=self.author_id(above.author) if above else None, quoted=quoted,
            links=links, history=[tweet_id], language=_language(text), typed=text, lead=len(lead), media=pictures,
        )  # fmt: skip
        tweet.mentioned = self._mentions(shown)
        tweet.long = weighted_length(text) > LIMIT
        self._index(tweet)
        if not quiet:
            self._tell("tweet_added", tweet)
        return tweet

    def remove_tweet(self, tweet: Tweet) -> None:
        """Take one post out of the world."""
        del self.tweets[tweet.id]
        lists = [self.order, self.by_conversation[tweet.conversation_id], self.by_author[self.author_id(tweet.author)]]
        if self.is_mention(tweet):
            lists.append(self.mention_order)
        for numbers in lists:
            position = bisect.bisect_left(numbers, tweet.number)
            if position < len(numbers) and numbers[position] == tweet.number:
                del numbers[position]
        self._tell("tweet_deleted", tweet)

    def add_direct_message(
        self,
        person: Person,
        sender: Person | None,
        text: str,
        *,
        at: datetime | str | None = None,
        by_app: bool = False,
        conversation: str | None = None,
        media: Sequence[str] = (),
    ) -> DirectMessage:
        """Store an event of the conversation with `person`, or of a group, and tell everybody."""
        moment = self.scene.moment(at)
        place = conversation or self.direct_conversation(person)
        event_id = self.scene.identifiers.snowflake(moment)
        links: list[tuple[str, str]] = []
        if media:
            address = f"https://twitter.com/messages/media/{event_id}"
            text, links = _with_picture(text, links, address)
        event = DirectMessage(event_id, place, person, sender, text, moment, by_app, media=list(media), links=links)
        self.direct_messages[event.id] = event
        bisect.insort(self.direct_order, int(event.id))
        bisect.insort(self.direct_by_conversation.setdefault(place, []), int(event.id))
        if sender is not None and place == self.direct_conversation(person):
            self.wrote_first.add(sender.twitter_id)
        self._tell("direct_message_added", event)
        return event

    def is_mention(self, tweet: Tweet) -> bool:
        """It names the shop and is not by the shop."""
        return tweet.author is not None and self.account_id in tweet.mentioned.values()

    def summons(self, tweet: Tweet) -> bool:
        """Its author called on the shop in this very post: by name, or by quoting one of its posts."""
        if tweet.author is None:
            return False
        quoted = self.tweets.get(tweet.quoted or "")
        return self.is_mention(tweet) or (quoted is not None and quoted.author is None)

    def _lead(self, author: Person | None, above: Tweet, text: str, excluded: frozenset[str]) -> str:
        """The handles X puts in front of an answer: everybody in the post above, the writer aside."""
        people = {self.author_handle(above.author).lower(): self.author_id(above.author), **above.mentioned}
        spelled = {name.lower(): name for name in (self.author_handle(above.author), self.handle)}
        own = self.author_id(author)
        return "".join(
            f"@{spelled.get(handle, handle)} "
            for handle, user_id in people.items()
            if user_id != own and user_id not in excluded and not text.lower().startswith(f"@{handle}")
        )

    def _index(self, tweet: Tweet) -> None:
        self.tweets[tweet.id] = tweet
        bisect.insort(self.order, tweet.number)
        bisect.insort(self.by_conversation.setdefault(tweet.conversation_id, []), tweet.number)
        bisect.insort(self.by_author.setdefault(self.author_id(tweet.author), []), tweet.number)
        if self.is_mention(tweet):
            bisect.insort(self.mention_order, tweet.number)

    def _rehome(self, tweet: Tweet, conversation_id: str) -> None:
        self.by_conversation[tweet.conversation_id].remove(tweet.number)
        tweet.conversation_id = conversation_id
        bisect.insort(self.by_conversation[conversation_id], tweet.number)

    def _mentions(self, text: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for handle in _MENTION.findall(text):
            lowered = handle.lower()
            if lowered == self.handle.lower():
                found[lowered] = self.account_id
            else:
                person = self.scene.people.by_handle(lowered)
                if person is not None:
                    found[lowered] = person.twitter_id
        return found

    @staticmethod
    def _shorten(text: str) -> tuple[str, list[tuple[str, str]]]:
        links: list[tuple[str, str]] = []

        def shorten(match: re.Match[str]) -> str:
            original = match.group()
            address = f"https://t.co/{hashlib.sha256(original.encode()).hexdigest()[:10]}"
            links.append((address, original if "://" in original else f"http://{original}"))
            return address

        return LINK.sub(shorten, text), links

    def _tell(self, name: str, item: Any) -> None:
        self.scene.tell(Happening(self.platform, self.account_id, name, item, self.scene.now()))


def _with_picture(text: str, links: list[tuple[str, str]], place: str) -> tuple[str, list[tuple[str, str]]]:
    """The text with the address X puts at its end, and that address among its links."""
    short = f"https://t.co/{hashlib.sha256(place.encode()).hexdigest()[:10]}"
    return f"{text} {short}".lstrip(), [*links, (short, place)]


def _language(text: str) -> str:
    german = re.search(r"\b(ich|ist|nicht|und|der|die|das|bitte|euch|danke|habt|mein|wo|wie)\b|[äöüß]", text.lower())
    return "de" if german else "en"
