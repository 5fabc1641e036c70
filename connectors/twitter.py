"""X (Twitter): one signed-in account, through tweepy. Facts: API v2, OpenAPI 2.166 (2026-07), docs.x.com (2026-08)."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from connectors.base import (
    Capabilities,
    Cursor,
    FilesTaken,
    Inspection,
    Kind,
    Login,
    LoginExpired,
    MediaFile,
    Misconfigured,
    NewLogin,
    OutcomeUnknown,
    Page,
    Poll,
    Receipt,
    RefusalReason,
    Refused,
    Reply,
    Situation,
    Stream,
    Unavailable,
    Uploaded,
    Usage,
    Way,
    WayOption,
)
from connectors.twitter_errors import Act
from connectors.twitter_files import files_taken, upload
from connectors.twitter_push import challenge_answer, read_push, signature_fits
from connectors.twitter_reading import (
    DIRECT_MESSAGES_ALLOWANCE,
    MENTIONS_ALLOWANCE,
    OWN_POSTS_ALLOWANCE,
    SEARCH_ALLOWANCE,
    Reading,
)
from connectors.twitter_sending import DIRECT_MESSAGES_SENT_ALLOWANCE, POSTS_ALLOWANCE, find_own, send
from connectors.twitter_translate import identifier
from connectors.twitter_transport import ORIGIN, Api, required
from connectors.twitter_versions import look_again
from connectors.twitter_ways import PUBLIC_WAYS, deep_link, text_length, text_limit, ways

PRICES: Mapping[str, float] = {
    "post_read": 0.005,
    "own_read": 0.001,
    "user_read": 0.010,
    "dm_read": 0.010,
    "post_create": 0.015,
    "post_create_with_url": 0.200,
    "summoned_reply": 0.010,
    "dm_create": 0.015,
    "media_metadata": 0.005,
}
"""US dollars, pay-per-use (docs.x.com pricing, 2026-08; own reads since 2026-04-20). A resource is charged once a UTC
day; an empty answer costs nothing. Uploading a picture has no price there, describing it has."""

_NEEDED_ACCESS = "read-write-directmessages"


class Twitter:
    """One account on X."""

    channel: ClassVar[str] = "twitter"
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="X",
        kinds=frozenset({Kind.MENTION, Kind.DIRECT_MESSAGE}),
        ways=frozenset({*PUBLIC_WAYS, Way.DIRECT_MESSAGE, Way.ON_PLATFORM}),
        can_hide=True,
        look_again_batch=100,
        prices=PRICES,
        # X takes 100 posts and 15 direct messages in 15 minutes (2026), counts each by itself and says when it takes
        # more; this pace only spreads them.
        sends_per_minute=60,
        way_allowances={
            Way.DIRECT_MESSAGE: DIRECT_MESSAGES_SENT_ALLOWANCE,
            **dict.fromkeys(PUBLIC_WAYS, POSTS_ALLOWANCE),
        },
        sees_all_private_messages=False,
        deep_link=deep_link("{external_id}"),
        blind_spots=("x_chat",),
    )
    required_credentials: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("consumer_key", "consumer_secret", "access_token", "access_token_secret"),
        ("client_id", "client_secret", "access_token", "refresh_token"),
    )

    def __init__(self, login: Login) -> None:
        required(login.credentials, self.required_credentials)
        if identifier(login.external_id) is None:
            raise Misconfigured(
                f"external_id of {login.account} is {login.external_id!r}; write the X user id, digits only."
            )
        self._login = login
        self._api = Api(login)
        self._reading = Reading(self._api, login.external_id)

    def streams(self) -> tuple[Stream, ...]:
        """Mentions and direct messages at every poll; what colleagues wrote, and replies without our handle, later.

        No stream has a fixed pause: X's rate-limit headers come as quotas with every page.
        """
        return (
            Stream("mentions", allowance=MENTIONS_ALLOWANCE),
            Stream("direct_messages", allowance=DIRECT_MESSAGES_ALLOWANCE),
            Stream("own", every=2.0, allowance=OWN_POSTS_ALLOWANCE),
            Stream("threads", every=3.0, allowance=SEARCH_ALLOWANCE),
        )

    def fetch(self, stream: str, cursor: Cursor | None, poll: Poll) -> Page:
        """One page of one stream."""
        return self._reading.stream(stream, cursor, poll)

    def look_again(self, external_ids: Sequence[str], poll: Poll) -> Page:
        """Up to 100 public posts as they stand now; direct messages have their listings."""
        return look_again(self._reading, external_ids, poll)

    def read_thread(self, conversation_id: str, kind: Kind, poll: Poll) -> Page:
        """The newest messages of one thread."""
        return self._reading.read_thread(conversation_id, kind, poll)

    def upload(self, file: MediaFile, way: Way, now: datetime) -> Uploaded:
        """A picture, with what it shows. OAuth 2.0 keys need the scope `media.write`."""
        return upload(self._api, file, way, now)

    def send(self, reply: Reply, now: datetime) -> Receipt:
        """Say it once."""
        return send(self._reading, reply, now)

    def find_own(self, reply: Reply, now: datetime) -> Receipt | None:
        """Read back whether an uncertain send arrived."""
        return find_own(self._reading, reply, now)

    def hide(self, external_id: str, hidden: bool, now: datetime) -> Usage:
        """Hide or show a reply in a conversation we started; X refuses it elsewhere."""
        if identifier(external_id) is None:
            raise Refused(f"{external_id!r} is no post on X.", reason=RefusalReason.INVALID)
        client = self._api.client
        method = client.hide_reply if hidden else client.unhide_reply
        return self._api.write("hiding", Act.HIDE, now, method, external_id).usage

    def inspect(self, now: datetime) -> Inspection:
        """Whose keys these are and what they allow. Raises LoginExpired when X refuses them."""
        answer = self._api.read("own account", now, self._api.client.get_me, user_fields=["id", "name", "username"])
        data = answer.body.get("data")
        me = data if isinstance(data, dict) else {}
        problems = []
        if identifier(me.get("id")) != self._login.external_id:
            problems.append(
                f"The keys belong to @{me.get('username')} ({me.get('id')}), but external_id says "
                f"{self._login.external_id}. Correct external_id or use that account's keys."
            )
        if answer.access_level is not None and answer.access_level != _NEEDED_ACCESS:
            problems.append(
                f"The app may only {answer.access_level!r}. Set it to read, write and direct messages in X's developer "
                "console, then create the access token anew: old tokens keep the old permission."
            )
        ids = {"own_read": frozenset({self._login.external_id})}
        usage = Usage(answer.usage.calls, {"own_read": 1}, ids, answer.usage.quotas)
        return Inspection(str(me.get("username") or ""), tuple(problems), usage=usage)

    def refresh_login(self, now: datetime) -> NewLogin | None:
        """New tokens of an OAuth 2.0 account; None for OAuth 1.0a, whose tokens do not expire.

        The refresh token works once: store what comes back before using it. Raises LoginExpired when it was used
        already, Unavailable when no answer came (asking again is all that can be done).
        """
        if self._api.user_auth:
            return None
        credentials = self._login.credentials
        form = {"grant_type": "refresh_token", "refresh_token": credentials["refresh_token"]}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        pair = f"{credentials['client_id']}:{credentials['client_secret']}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
        try:
            answer = self._api.ask(
                "sign-in",
                Act.SIGN_IN,
                now,
                lambda: self._api.session.post(f"{ORIGIN}/2/oauth2/token", data=form, headers=headers),
            )
        except (Misconfigured, Refused) as error:
            raise LoginExpired(
                f"X refuses the refresh token: {error} Sign the account in again and store the new tokens.",
                code=error.code,
                usage=error.usage,
            ) from None
        except OutcomeUnknown as error:
            raise Unavailable(str(error), code=error.code, usage=error.usage) from None
        access, refresh, lasts = (answer.body.get(name) for name in ("access_token", "refresh_token", "expires_in"))
        if not isinstance(access, str) or not access:
            raise Unavailable("X's answer to the sign-in holds no access token.", usage=answer.usage)
        new = {**credentials, "access_token": access}
        if isinstance(refresh, str) and refresh:
            new["refresh_token"] = refresh
        expires = now + timedelta(seconds=lasts) if isinstance(lasts, int) and lasts > 0 else None
        return NewLogin(new, expires)

    @staticmethod
    def ways(situation: Situation) -> tuple[WayOption, ...]:
        """Every way X knows, best first, with its state."""
        return ways(situation)

    @staticmethod
    def files_taken(way: Way, options: Mapping[str, str]) -> FilesTaken | None:
        """Four pictures in a post, one in a direct message; see `twitter_files`."""
        return files_taken(way)

    @staticmethod
    def text_length(text: str, way: Way) -> int:
        """Weighted characters of a post, characters of a direct message."""
        return text_length(text, way)

    @staticmethod
    def text_limit(way: Way) -> int:
        """280 weighted characters for posts, 10,000 characters for direct messages."""
        return text_limit(way)

    def answer_challenge(self, query: Mapping[str, str]) -> str | None:
        """The answer to X's CRC question."""
        return challenge_answer(self._login.credentials.get("consumer_secret"), query)

    def signature_fits(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether X signed these bytes with the app's consumer secret."""
        return signature_fits(self._login.credentials.get("consumer_secret"), headers, body)

    def read_push(self, body: bytes, now: datetime) -> Page:
        """What a verified push says."""
        return read_push(self._login.external_id, body, now)
