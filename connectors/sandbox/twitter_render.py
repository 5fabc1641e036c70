"""How X shows posts, people and direct messages: fields on request, expansions beside the data."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

from connectors.sandbox.people import Person
from connectors.sandbox.published_fields import DM_FIELDS, MEDIA_FIELDS, TWEET_FIELDS, USER_FIELDS
from connectors.sandbox.twitter_errors import invalid_request, not_authorized, not_found
from connectors.sandbox.twitter_world import DirectMessage, Tweet, TwitterWorld
from connectors.sandbox.wire import x_time

Json = Any
_SHOWN = 280
_HANDLE = re.compile(r"(?<![\w@])@(\w{1,15})")


def asked(query: dict[str, str], name: str, known: frozenset[str]) -> frozenset[str]:
    """The comma-joined list of a parameter. Raises 400 for a value X does not know."""
    values = [value for value in query.get(name, "").split(",") if value]
    for value in values:
        if value not in known:
            listed = ",".join(sorted(known))
            raise invalid_request(
                name, query[name], f"The `{name}` query parameter value [{value}] is not one of [{listed}]"
            )
    return frozenset(values)


class Rendering:
    """One answer being written: collects what `includes` must hold."""

    def __init__(self, world: TwitterWorld, query: dict[str, str], expansions: frozenset[str]) -> None:
        self._world = world
        self._tweet_fields = asked(query, "tweet.fields", TWEET_FIELDS)
        self._user_fields = asked(query, "user.fields", USER_FIELDS)
        self._dm_fields = asked(query, "dm_event.fields", DM_FIELDS)
        self._media_fields = asked(query, "media.fields", MEDIA_FIELDS)
        self._expansions = asked(query, "expansions", expansions)
        self._users: dict[str, Json] = {}
        self._tweets: dict[str, Json] = {}
        self._media: dict[str, Json] = {}
        self.errors: list[Json] = []

    def includes(self) -> dict[str, Json]:
        """What the expansions brought; lists that stayed empty are left out."""
        parts = {"users": self._users, "tweets": self._tweets, "media": self._media}
        return {name: list(part.values()) for name, part in parts.items() if part}

    def tweet(self, tweet: Tweet) -> dict[str, Json]:
        """One post with the asked fields; expands what was asked."""
        row = self._bare_tweet(tweet)
        wanted = self._expansions
        if "author_id" in wanted:
            row["author_id"] = self._world.author_id(tweet.author)
            self._include_user(tweet.author)
        if "in_reply_to_user_id" in wanted and tweet.parent_author_id:
            row["in_reply_to_user_id"] = tweet.parent_author_id
            self._include_user_id(tweet.parent_author_id)
        if "entities.mentions.username" in wanted:
            for user_id in tweet.mentioned.values():
                self._include_user_id(user_id)
        if wanted & {"referenced_tweets.id", "referenced_tweets.id.author_id"}:
            row.update(self._references(tweet))
            self._include_referenced(tweet)
        self._show_media(row, tweet.media)
        return row

    def _show_media(self, row: dict[str, Json], keys: list[str]) -> None:
        if "attachments.media_keys" in self._expansions and keys:
            row["attachments"] = {"media_keys": list(keys)}
            self._media |= {key: self._photo(key) for key in keys}

    def direct_message(self, event: DirectMessage) -> dict[str, Json]:
        """One event with the asked fields."""
        fields = self._dm_fields | {"id", "event_type"} | (frozenset() if self._dm_fields else {"text"})
        values: dict[str, Json] = {
            "id": event.id,
            "event_type": event.event_type,
            "text": html.escape(event.text, quote=False),
            "dm_conversation_id": event.conversation_id,
            "created_at": x_time(event.created_at),
            "sender_id": self._world.author_id(event.sender),
        }
        row = {name: value for name, value in values.items() if name in fields or name == "text"}
        if "sender_id" in self._expansions:
            row["sender_id"] = values["sender_id"]
            self._include_user(event.sender)
        if "attachments" in fields and event.media:
            row["attachments"] = {"media_keys": list(event.media)}
        if "entities" in fields and event.links:
            row["entities"] = {"urls": _urls(event.text, event.links)}
        self._show_media(row, event.media)
        return row

    def user(self, user: Person | None) -> dict[str, Json]:
        """A person or the shop."""
        name = self._world.name if user is None else user.name
        row: dict[str, Json] = {
            "id": self._world.author_id(user), "name": name, "username": self._world.author_handle(user),
        }  # fmt: skip
        extra: dict[str, Json] = {
            "public_metrics": {
                "followers_count": 5210 if user is None else user.followers, "following_count": 120,
                "tweet_count": 40, "listed_count": 2, "like_count": 9, "media_count": 4,
            },
            "protected": False if user is None else user.protected,
            "verified": False,
            "created_at": "2014-05-29T20:24:26.000Z",
            "description": "",
            "profile_image_url": "https://cdn.sandbox.invalid/profil.jpg",
            "receives_your_dm": True,
        }  # fmt: skip
        return row | {name: value for name, value in extra.items() if name in self._user_fields}

    def _bare_tweet(self, tweet: Tweet) -> dict[str, Json]:
        text = tweet.text
        if tweet.long:
            text = text[: _SHOWN - 1].rstrip() + "…"
        row: dict[str, Json] = {
            "id": tweet.id,
            "text": html.escape(text, quote=False),
            "edit_history_tweet_ids": list(tweet.history),
        }
        values: dict[str, Json] = {
            "author_id": self._world.author_id(tweet.author),
            "conversation_id": tweet.conversation_id,
            "created_at": x_time(tweet.created_at),
            "lang": tweet.language,
            "display_text_range": [tweet.lead, len(tweet.text)],
            "reply_settings": "everyone",
            "possibly_sensitive": False,
            "public_metrics": {"retweet_count": 0, "reply_count": 0, "like_count": 0, "quote_count": 0},
        }
        row |= {name: value for name, value in values.items() if name in self._tweet_fields}
        if "in_reply_to_user_id" in self._tweet_fields and tweet.parent_author_id:
            row["in_reply_to_user_id"] = tweet.parent_author_id
        if "referenced_tweets" in self._tweet_fields:
            row |= self._references(tweet)
        if "entities" in self._tweet_fields:
            entities = self._entities(tweet)
            if entities:
                row["entities"] = entities
        if "attachments" in self._tweet_fields and tweet.media:
            row["attachments"] = {"media_keys": list(tweet.media)}
        if "note_tweet" in self._tweet_fields and tweet.long:
            row["note_tweet"] = {"text": html.escape(tweet.text, quote=False)}
        return row

    @staticmethod
    def _references(tweet: Tweet) -> dict[str, Json]:
        rows = []
        if tweet.parent:
            rows.append({"type": "replied_to", "id": tweet.parent})
        if tweet.quoted:
            rows.append({"type": "quoted", "id": tweet.quoted})
        return {"referenced_tweets": rows} if rows else {}

    def _entities(self, tweet: Tweet) -> dict[str, Json]:
        mentions = []
        for match in _HANDLE.finditer(tweet.text):
            user_id = tweet.mentioned.get(match.group(1).lower())
            if user_id:
                mentions.append({"start": match.start(), "end": match.end(), "username": match.group(1), "id": user_id})
        urls = _urls(tweet.text, tweet.links)
        return {name: rows for name, rows in (("mentions", mentions), ("urls", urls)) if rows}

    def _include_referenced(self, tweet: Tweet) -> None:
        for key in (tweet.parent, tweet.quoted):
            if key is None:
                continue
            other = self._world.tweets.get(key)
            if other is None:
                self.errors.append(not_found("referenced_tweets.id", key, "tweet"))
            elif other.author is not None and other.author.protected:
                self.errors.append(not_authorized("referenced_tweets.id", key, "tweet"))
            else:
                self._tweets[key] = self._bare_tweet(other)
                if "referenced_tweets.id.author_id" in self._expansions:
                    self._include_user(other.author)

    def _include_user_id(self, user_id: str) -> None:
        if user_id == self._world.account_id:
            self._include_user(None)
            return
        person = self._world.scene.people.by_id(user_id)
        if person is not None:
            self._include_user(person)

    def _include_user(self, user: Person | None) -> None:
        if user is not None and user.suspended:
            self.errors.append(not_found("author_id", user.twitter_id, "user"))
            return
        self._users[self._world.author_id(user)] = self.user(user)

    def _photo(self, key: str) -> dict[str, Json]:
        row: dict[str, Json] = {"media_key": key, "type": "photo"}
        extra = {"url": "https://pbs.sandbox.invalid/foto.jpg", "width": 1200, "height": 800}
        return row | {name: value for name, value in extra.items() if name in self._media_fields}


def _urls(text: str, links: Iterable[tuple[str, str]]) -> list[dict[str, Json]]:
    """Where the shortened addresses stand, and what they stand for."""
    return [
        {
            "start": text.find(short),
            "end": text.find(short) + len(short),
            "url": short,
            "expanded_url": original,
            "display_url": original.partition("://")[2],
        }
        for short, original in links
    ]


def body_of(rows: Iterable[Json], rendering: Rendering, meta: dict[str, Json]) -> dict[str, Json]:
    """A list as X writes it: without `data` when there is none."""
    data = list(rows)
    meta = {"result_count": len(data), **meta}
    answer: dict[str, Json] = {}
    if data:
        answer["data"] = data
        includes = rendering.includes()
        if includes:
            answer["includes"] = includes
    if rendering.errors:
        answer["errors"] = rendering.errors
    answer["meta"] = meta
    return answer
