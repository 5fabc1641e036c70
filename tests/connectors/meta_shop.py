"""A shop on Facebook or Instagram in the sandbox, and a connector signed in to it that reads for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from connectors import REGISTRY
from connectors.base import Connector
from connectors.sandbox import Sandbox
from connectors.sandbox.facebook_world import FacebookWorld
from connectors.sandbox.instagram_world import InstagramWorld
from tests.connectors.reader_memory import Memory
from tests.stepped_clock import SteppedClock

ACCOUNTS = ("shop-facebook", "shop-instagram", "instagram-login")


class Shop:
    """One account of the sandbox with a connector signed in to it, and one way to make things happen."""

    def __init__(self, sandbox: Sandbox, account: str) -> None:
        self.sandbox = sandbox
        self.world: FacebookWorld | InstagramWorld
        if account == "instagram-login":
            login = next(one for one in sandbox.logins() if one.options.get("login") == "instagram")
            self.world = sandbox.world.instagram_login
        else:
            channel = account.removeprefix("shop-")
            login = sandbox.login(channel)
            self.world = sandbox.world.facebook if channel == "facebook" else sandbox.world.instagram
        self.is_facebook = login.channel == "facebook"
        self.connector: Connector = REGISTRY[login.channel](login)

    def post(self, text: str, at: datetime) -> str:
        world = self.world
        return world.post(text, at=at) if isinstance(world, FacebookWorld) else world.media(text, at=at)


def memory_of(sandbox: Sandbox, account: str, clock: SteppedClock) -> tuple[Shop, Memory]:
    """The account, and what its connector has read of the last 30 days: nothing yet."""
    shop = Shop(sandbox, account)
    return shop, Memory(shop.connector, clock() - timedelta(days=30))
