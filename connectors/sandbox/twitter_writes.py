"""What one may do through X's API: post and answer, delete, hide, like, write direct messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connectors.sandbox.people import Person
from connectors.sandbox.published_fields import CREATE_TWEET
from connectors.sandbox.twitter_auth import Caller, TwitterAuth
from connectors.sandbox.twitter_errors import client_forbidden, forbidden, invalid_request, problem
from connectors.sandbox.twitter_media import TwitterMedia
from connectors.sandbox.twitter_world import Tweet, TwitterWorld
from connectors.sandbox.weight import LIMIT, weighted_length
from connectors.sandbox.wire import Answer, Call

Json = Any
DIRECT_MESSAGE_LIMIT = 10_000
DUPLICATE_MEMORY = timedelta(hours=24)
_REPLY_KEYS = frozenset({"in_reply_to_tweet_id", "exclude_reply_user_ids", "auto_populate_reply_metadata"})
_DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
_NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the "
    "author of the post you are replying to."
)


class TwitterWrites:
    """Every POST, PUT and DELETE."""

    def __init__(self, world: TwitterWorld, auth: TwitterAuth) -> None:
        self._world = world
        self._scene = world.scene
        self._auth = auth
        self._media = TwitterMedia(world.scene)

    def routes(self) -> dict[str, Callable[[Call, str, Caller], Answer]]:
        """Endpoint labels and what answers them."""
        return {
            "POST tweets": self._post,
            "POST media/upload": self._upload,
            "POST media/metadata": self._describe,
            "DELETE tweets/:id": self._delete,
            "PUT tweets/:id/hidden": self._hide,
            "POST users/:id/likes": self._like,
            "POST dm_conversations/with/:id/messages": self._write_to,
            "POST dm_conversations/:id/messages": self._write_into,
        }

    # -- posts -----------------------------------------------------------------------------------------------------

    def _post(self, call: Call, key: str, caller: Caller) -> Answer:
        self._auth.user(caller)
        _only(call, CREATE_TWEET)
        text = str(call.form.get("text") or "")
        if not text and not call.form.get("media"):
            raise invalid_request("text", "", "text or media is required")
        if weighted_length(text) > LIMIT:
            raise forbidden("Your post is too long.")
        target = self._target(call)
        media = self._media.of_post(call.form.get("media"))
        if not media:
            self._refuse_duplicate(text, target)
        quoted = call.form.get("quote_tweet_id")
        if quoted is not None and not self._world.enterprise:
            raise client_forbidden("Quote posts are not available on this tier.")
        reply = call.form.get("reply") or {}
        excluded = frozenset(str(user_id) for user_id in reply.get("exclude_reply_user_ids") or ())
        tweet = self._world.add_tweet(
            None, text, parent=target.id if target else None, excluded=excluded, media=[one.key for one in media]
        )
        author = target.author if target else None
        self._scene.accepted(
            "twitter", "public_reply" if target else "post", tweet.id, target=target.id if target else None,
            conversation=tweet.conversation_id, person=author.twitter_id if author else None, text=text,
            media=[one.described() for one in media],
        )  # fmt: skip
        data = {"id": tweet.id, "text": tweet.text, "edit_history_tweet_ids": [tweet.id]}
        return Answer(201, {"data": data})

    def _upload(self, call: Call, key: str, caller: Caller) -> Answer:
        self._auth.user(caller)
        return self._media.upload(call)

    def _describe(self, call: Call, key: str, caller: Caller) -> Answer:
        self._auth.user(caller)
        return self._media.describe(call)

    def _target(self, call: Call) -> Tweet | None:
        reply = call.form.get("reply")
        if reply is None:
            return None
        if not isinstance(reply, dict) or not set(reply) <= _REPLY_KEYS or not reply.get("in_reply_to_tweet_id"):
            raise invalid_request("reply", str(reply), "reply.in_reply_to_tweet_id is required")
        target = self._world.tweets.get(str(reply["in_reply_to_tweet_id"]))
        if target is None:
            raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
        if not self._world.enterprise and not self._world.summons(target):
            raise forbidden(_NOT_SUMMONED)
        return target

    def _refuse_duplicate(self, text: str, target: Tweet | None) -> None:
        since = self._scene.now() - DUPLICATE_MEMORY
        anywhere = self._world.duplicates_by_account
        for number in reversed(self._world.by_author.get(self._world.account_id, [])):
            own = self._world.tweets[str(number)]
            if own.created_at < since:
                return
            same_place = anywhere or own.parent == (target.id if target else None)
            if same_place and own.typed.strip() == text.strip():
                raise forbidden(_DUPLICATE)

    def _delete(self, call: Call, key: str, caller: Caller) -> Answer:
        self._auth.user(caller)
        tweet = self._world.tweets.get(key)
        if tweet is None:
            return Answer(200, {"data": {"deleted": False}})
        if tweet.author is not None:
            raise forbidden("You are not authorized to delete this Tweet.")
        self._world.remove_tweet(tweet)
        self._scene.accepted("twitter", "delete", key, target=key)
        return Answer(200, {"data": {"deleted": True}})

    def _hide(self, call: Call, key: str, caller: Caller) -> Answer:
        self._auth.user(caller)
        _only(call, frozenset({"hidden"}))
        hidden = call.form.get("hidden")
        if not isinstance(hidden, bool):
            raise invalid_request("hidden", str(hidden), "hidden must be true or false")
        tweet = self._world.tweets.get(key)
        if tweet is None:
            raise problem(
                404, "Not Found Error", f"Could not find tweet with id: [{key}].",
                "https://api.twitter.com/2/problems/resource-not-found",
            )  # fmt: skip
        root = self._world.tweets.get(tweet.conversation_id)
        if root is None or root.author is not None or tweet is root:
            raise forbidden("You can only hide replies in conversations you started.")
        tweet.hidden = hidden
        self._scene.accepted("twitter", "hide" if hidden else "unhide", key, target=key)
        return Answer(200, {"data": {"hidden": hidden}})

    def _like(self, call: Call, key: str, caller: Caller) -> Answer:
        self._auth.user(caller)
        if not self._world.enterprise:
            raise client_forbidden("Likes are not available on this tier.")
        target = str(call.form.get("tweet_id") or "")
        self._scene.accepted("twitter", "like", target, target=target)
        return Answer(200, {"data": {"liked": True}})

    # -- direct messages -------------------------------------------------------------------------------------------

    def _write_to(self, call: Call, key: str, caller: Caller) -> Answer:
        person = self._scene.people.by_id(key)
        if person is None or person.twitter_id != key:
            raise forbidden("You cannot send messages to this user.")
        return self._write(call, person, caller)

    def _write_into(self, call: Call, key: str, caller: Caller) -> Answer:
        events = self._world.direct_by_conversation.get(key)
        if not events:
            raise forbidden("You are not a participant of this conversation.")
        return self._write(call, self._world.direct_messages[str(events[0])].person, caller, key)

    def _write(self, call: Call, person: Person, caller: Caller, conversation: str | None = None) -> Answer:
        self._auth.user(caller)
        _only(call, frozenset({"text", "attachments"}))
        text = call.form.get("text")
        if text is not None and not isinstance(text, str):
            raise invalid_request("text", str(text), "text must be a string")
        if not text and not call.form.get("attachments"):
            raise invalid_request("text", "", "text must have at least 1 character")
        if len(text or "") > DIRECT_MESSAGE_LIMIT:
            raise forbidden("The text of your direct message is over the max character limit.")
        group = conversation is not None and "-" not in conversation
        unreachable = person.unavailable or person.suspended or person.twitter_id not in self._world.wrote_first
        if unreachable and not group:
            raise forbidden("You do not have permission to DM one or more participants.")
        media = self._media.of_message(call.form.get("attachments"))
        event = self._world.add_direct_message(
            person, None, text or "", by_app=True, conversation=conversation, media=[one.key for one in media]
        )
        self._scene.accepted(
            "twitter", "direct_message", event.id, target=person.twitter_id, conversation=event.conversation_id,
            person=person.twitter_id, text=text or "", media=[one.described() for one in media],
        )  # fmt: skip
        return Answer(201, {"data": {"dm_conversation_id": event.conversation_id, "dm_event_id": event.id}})


def _only(call: Call, known: frozenset[str]) -> None:
    for name in call.form:
        if name not in known:
            raise invalid_request(name, str(call.form[name]), f"[{name}] is not a property of the request body")
