"""The three platforms' stand-in on loopback: real HTTP, a world that lives, faults on command.

with Sandbox(seed=1, now=clock) as sandbox:
    post = sandbox.world.facebook.post("Neue Wanderschuhe sind da!")
    comment = sandbox.world.facebook.comment(post, "Anna Kirchschlager", "Gibt's die auch in 38?")
    …                               # a connector built from sandbox.login("facebook") reads and answers
    assert sandbox.journal[0]["action"] == "public_reply"
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self

from connectors.base import Login
from connectors.sandbox import mishaps
from connectors.sandbox.control import Control
from connectors.sandbox.facebook_world import FacebookWorld
from connectors.sandbox.faults import Faults
from connectors.sandbox.graph_server import GraphServer
from connectors.sandbox.graph_tokens import Tokens
from connectors.sandbox.identifiers import Identifiers
from connectors.sandbox.instagram_world import InstagramWorld
from connectors.sandbox.living import Living
from connectors.sandbox.pushes import Pushes
from connectors.sandbox.scene import Clock, Scene
from connectors.sandbox.server import Gate, LoopbackServer
from connectors.sandbox.twitter_server import TwitterServer
from connectors.sandbox.twitter_world import TwitterWorld

Json = Any
INSTAGRAM_ID = "17841400000000101"
INSTAGRAM_LOGIN_ID = "17841400000000202"
VERIFY_TOKEN = "fake-verify-token"  # noqa: S105 - obviously fake
_MANAGER_ID = "990000000000055"
_HEARTBEAT = 0.5
"""Seconds."""
_TOKEN_AGE = timedelta(days=2)
_SIXTY_DAYS = timedelta(days=60)


@dataclass(frozen=True)
class World:
    """Everything that can happen, by platform. `instagram_login` is the second account, with its own login."""

    facebook: FacebookWorld
    instagram: InstagramWorld
    instagram_login: InstagramWorld
    twitter: TwitterWorld
    scene: Scene

    def by_name(self) -> dict[str, Any]:
        """The worlds by the names of the attributes."""
        return {
            "facebook": self.facebook, "instagram": self.instagram, "instagram_login": self.instagram_login,
            "twitter": self.twitter,
        }  # fmt: skip


class Sandbox:
    """The stand-in. `now` is the only clock; `limits` enforces X's rate limits; port 0 takes a free one."""

    def __init__(self, seed: int = 1, now: Clock | None = None, *, limits: bool = False, port: int = 0) -> None:
        clock = now or _system_clock
        self.scene = Scene(clock, Identifiers(seed))
        self.world = World(
            FacebookWorld(self.scene),
            InstagramWorld(self.scene, "facebook", INSTAGRAM_ID, "glueckspilz.wien"),
            InstagramWorld(self.scene, "instagram", INSTAGRAM_LOGIN_ID, "glueckspilz.outlet"),
            TwitterWorld(self.scene),
            self.scene,
        )
        instagrams = [self.world.instagram, self.world.instagram_login]
        self.tokens = Tokens(clock() - _TOKEN_AGE)
        self.faults = Faults()
        self.graph = GraphServer(self.scene, self.world.facebook, instagrams, self.tokens)
        self.twitter = TwitterServer(self.scene, self.world.twitter, limits)
        self.pushes = Pushes(self.world.facebook, instagrams, self.world.twitter, self.faults)
        self.scene.listeners.append(self.pushes.hear)
        self.living = Living(self.world, random.Random(seed))  # noqa: S311 - reproducible stories, not secrets
        self._life: threading.Thread | None = None
        self._ended = threading.Event()
        self._page_token = self.tokens.issue("page", self.world.facebook.page_id)
        self._instagram_token = self.tokens.issue("instagram", INSTAGRAM_LOGIN_ID, life=_SIXTY_DAYS)
        self.user_token = self.tokens.issue("user", _MANAGER_ID, life=_SIXTY_DAYS).text
        """Of the person who manages the page: for `/me/accounts`; comments stay invisible to it."""
        self._port = port
        self._server: LoopbackServer | None = None
        self._requests: Counter[tuple[str, str]] = Counter()
        self._chance = random.Random(seed)  # noqa: S311 - reproducible faults, not secrets

    # -- running -----------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen on loopback; after `stop` again on the same port, with the same world."""
        gate = Gate(self.scene, self.graph, self.twitter, self.faults, self._chance, self._requests)
        self._server = LoopbackServer(gate, Control(self).answer, self._port)
        self._server.start()
        self._port = self._server.port

    def stop(self) -> None:
        """Close the port; requests that hang are cut."""
        self._ended.set()
        if self._life is not None:
            self._life.join(5)
        self.pushes.stop()
        if self._server is not None:
            self._server.stop()

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:PORT`, for `api_base`."""
        if self._server is None:
            raise RuntimeError("the sandbox is not running; use it as a context manager or call start()")
        return self._server.origin

    # -- signing in --------------------------------------------------------------------------------------------------

    def accounts(self) -> list[dict[str, str]]:
        """Name, channel and external id of every login; no secrets."""
        return [
            {"name": login.account, "channel": login.channel, "external_id": login.external_id, **login.options}
            for login in self.logins()
        ]

    def login(self, account: str) -> Login:
        """A login by account name (`shop-facebook`) or by channel (its first one)."""
        for login in self.logins():
            if account in (login.account, login.channel):
                return login
        names = ", ".join(login.account for login in self.logins())
        raise KeyError(f"no login {account}; there are {names}")

    def logins(self) -> list[Login]:
        """Everything one can sign in as: page, Instagram through the page, Instagram by its own login, X twice."""
        auth = self.twitter.auth
        meta = {"app_secret": self.tokens.app_secret, "verify_token": VERIFY_TOKEN}
        page = {"access_token": self._page_token.text, **meta}
        own = {"access_token": self._instagram_token.text, **meta}
        page_id = self.world.facebook.page_id
        oauth1 = {
            "consumer_key": auth.consumer_key, "consumer_secret": auth.consumer_secret,
            "access_token": auth.access_token, "access_token_secret": auth.access_token_secret,
        }  # fmt: skip
        access, refresh = auth.first_pair
        oauth2 = {
            "client_id": auth.client_id, "client_secret": auth.client_secret, "access_token": access,
            "refresh_token": refresh, "consumer_secret": auth.consumer_secret,
        }  # fmt: skip
        x_id = self.world.twitter.account_id
        origin = self.origin
        return [
            Login("shop-facebook", "facebook", page_id, origin, page),
            Login("shop-instagram", "instagram", INSTAGRAM_ID, origin, page, {"login": "facebook", "page_id": page_id}),
            Login("outlet-instagram", "instagram", INSTAGRAM_LOGIN_ID, origin, own, {"login": "instagram"}),
            Login("shop-twitter", "twitter", x_id, origin, oauth1),
            Login("shop-twitter-oauth2", "twitter", x_id, origin, oauth2),
        ]

    # -- looking and causing -----------------------------------------------------------------------------------------

    @property
    def journal(self) -> list[dict[str, Json]]:
        """Every write the platforms accepted, in order: platform, action, target, conversation, person, text, …"""
        with self.scene.lock:
            return [dict(row) for row in self.scene.journal]

    @property
    def refused(self) -> list[dict[str, Json]]:
        """Every write they refused, in order: platform, action (endpoint), text, error."""
        with self.scene.lock:
            return [dict(row) for row in self.scene.refused]

    @property
    def requests(self) -> Counter[tuple[str, str]]:
        """How often each (platform, endpoint label) was called; items of a batch as `batched GET …`."""
        with self.scene.lock:
            return Counter(self._requests)

    def subscribe(
        self,
        platform: str,
        url: str,
        secret: str,
        verify_token: str | None = VERIFY_TOKEN,
        account: str | None = None,
        shape: str = "plain",
    ) -> None:
        """Push everything that happens to a door on loopback, after the platform's handshake.

        `account` chooses between the two Instagram accounts; `shape` is `plain`, `flat` (Instagram Business Login)
        or `activity` (X Activity instead of Account Activity). Raises ValueError when the handshake fails.
        """
        self.pushes.subscribe(platform, url, secret, verify_token, account, shape)

    def wait_for_pushes(self) -> None:
        """Return when every push that was caused so far has been delivered."""
        self.pushes.wait()

    # -- a world that lives ------------------------------------------------------------------------------------------

    def fill(self, stories: int = 120) -> None:
        """A day of the past: the shop's posts of two weeks and this many small threads of the last 24 hours."""
        with self.scene.lock:
            self.living.fill(self.scene.now(), stories)

    def go_wrong(self) -> None:
        """What an ordinary day brings besides: closed reply windows now, two answers that fail in half a minute."""
        with self.scene.lock:
            mishaps.plan(self.world, self.living, self.faults, self.scene.now())

    def tick(self, now: datetime) -> int:
        """Let the living world go on until `now`; how many things happened."""
        with self.scene.lock:
            return self.living.tick(now)

    def live(self, speed: float = 1.0) -> None:
        """From now on new stories arrive by themselves, until `stop`; the demo's heartbeat."""
        self.living.speed = speed
        if self._life is None:
            self._life = threading.Thread(target=self._go_on, name="sandbox-life", daemon=True)
            self._life.start()

    def _go_on(self) -> None:
        while not self._ended.wait(_HEARTBEAT):
            self.tick(self.scene.now())


def _system_clock() -> datetime:
    return datetime.now(UTC)
