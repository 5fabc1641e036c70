"""The stages of the three platforms: the sandbox over real HTTP, moved by what the contract's tests ask for."""

from __future__ import annotations

from collections.abc import Sequence

from connectors import REGISTRY
from connectors import sandbox as stand_in
from connectors.base import Connector, Login
from connectors.sandbox import Sandbox
from connectors.sandbox.instagram_world import InstagramWorld
from tests.connectors.stage import Trouble
from tests.stepped_clock import SteppedClock

CUSTOMER = "Anna Kirchschlager"

_FAULTS = {
    Trouble.RATE_LIMITED: stand_in.rate_limited,
    Trouble.LOGIN_EXPIRED: stand_in.expired_token,
    Trouble.DOWN: stand_in.server_error,
    Trouble.CUT: stand_in.cut_before,
    Trouble.NONSENSE: stand_in.garbage,
    Trouble.BROKEN_ROW: stand_in.malformed_item,
    Trouble.DOUBLED: stand_in.duplicate_delivery,
    Trouble.SHUFFLED: stand_in.disordered_delivery,
    Trouble.WRITE_CUT_AFTER: stand_in.cut_after,
    Trouble.WRITE_CUT_BEFORE: stand_in.cut_before,
}


class _SandboxStage:
    """What the stages share: a running sandbox, its faults and its journal."""

    account = ""
    platform = ""

    def __init__(self, sandbox: Sandbox, clock: SteppedClock) -> None:
        self.sandbox = sandbox
        self.clock = clock

    @property
    def login(self) -> Login:
        return self.sandbox.login(self.account)

    def connect(self) -> Connector:
        return REGISTRY[self.login.channel](self.login)

    def trouble(self, trouble: Trouble, times: int = 1) -> None:
        writing = trouble in (Trouble.WRITE_CUT_AFTER, Trouble.WRITE_CUT_BEFORE)
        self.sandbox.faults.next(self.platform, "POST" if writing else "*", _FAULTS[trouble](), times)

    def rates(self, troubles: Sequence[Trouble], share: float, seed: int) -> None:
        for number, trouble in enumerate(troubles):
            self.sandbox.faults.rate(_FAULTS[trouble](), share, seed * 100 + number, self.platform)

    def calm(self) -> None:
        self.sandbox.faults.clear()

    def written(self) -> list[str]:
        return [row["text"] for row in self.sandbox.journal]

    def carried(self) -> list[str]:
        return [file["sha256"] for row in self.sandbox.journal for file in row["media"]]


class FacebookStage(_SandboxStage):
    """A page with one post."""

    account = "shop-facebook"
    platform = "facebook"

    def __init__(self, sandbox: Sandbox, clock: SteppedClock) -> None:
        super().__init__(sandbox, clock)
        self.world = sandbox.world.facebook
        self.post = self.world.post("Neue Wanderschuhe sind da!")
        clock.advance(seconds=1)

    def public(self, text: str) -> str:
        return self.world.comment(self.post, CUSTOMER, text)

    def private(self, text: str) -> str:
        return self.world.message(CUSTOMER, text)

    def colleague_public(self, target: str, text: str) -> str:
        return self.world.native_reply(target, text)

    def colleague_private(self, text: str) -> str:
        return self.world.native_reply(CUSTOMER, text)

    def delete(self, external_id: str) -> None:
        self.world.delete_comment(external_id)

    def edit(self, external_id: str, text: str) -> None:
        self.world.edit_comment(external_id, text)


class InstagramStage(_SandboxStage):
    """An account reached through its page."""

    account = "shop-instagram"
    platform = "instagram"

    def __init__(self, sandbox: Sandbox, clock: SteppedClock) -> None:
        super().__init__(sandbox, clock)
        self.world = self._world()
        self.media = self.world.media("Neue Wanderschuhe sind da!")
        clock.advance(seconds=1)

    def _world(self) -> InstagramWorld:
        return self.sandbox.world.instagram

    def public(self, text: str) -> str:
        return self.world.comment(self.media, CUSTOMER, text)

    def private(self, text: str) -> str:
        return self.world.message(CUSTOMER, text)

    def colleague_public(self, target: str, text: str) -> str:
        return self.world.native_reply(target, text)

    def colleague_private(self, text: str) -> str:
        return self.world.native_reply(CUSTOMER, text)

    def delete(self, external_id: str) -> None:
        self.world.delete_comment(external_id)

    def edit(self, external_id: str, text: str) -> None:
        self.world.edit_comment(external_id, text)


class InstagramLoginStage(InstagramStage):
    """An account with its own login."""

    account = "outlet-instagram"

    def _world(self) -> InstagramWorld:
        return self.sandbox.world.instagram_login


class TwitterStage(_SandboxStage):
    """An account signed in with OAuth 1.0a."""

    account = "shop-twitter"
    platform = "twitter"

    def __init__(self, sandbox: Sandbox, clock: SteppedClock) -> None:
        super().__init__(sandbox, clock)
        self.world = sandbox.world.twitter
        self.root = self.world.post("Neue Wanderschuhe sind da!")
        clock.advance(seconds=1)

    def public(self, text: str) -> str:
        return self.world.reply(self.root, CUSTOMER, text)

    def private(self, text: str) -> str:
        return self.world.direct_message(CUSTOMER, text)

    def colleague_public(self, target: str, text: str) -> str:
        return self.world.native_reply(target, text)

    def colleague_private(self, text: str) -> str:
        return self.world.native_reply(CUSTOMER, text)

    def delete(self, external_id: str) -> None:
        self.world.delete(external_id)

    def edit(self, external_id: str, text: str) -> None:
        self.world.edit(external_id, text)


class TwitterOAuth2Stage(TwitterStage):
    """The same account signed in with OAuth 2.0."""

    account = "shop-twitter-oauth2"


STAGES: dict[str, type[FacebookStage | InstagramStage | TwitterStage]] = {
    "facebook": FacebookStage,
    "instagram": InstagramStage,
    "instagram-login": InstagramLoginStage,
    "twitter": TwitterStage,
    "twitter-oauth2": TwitterOAuth2Stage,
}
