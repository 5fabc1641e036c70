"""Delivering webhooks to loopback doors: handshake, signature, retries, duplicates and disorder on command."""

from __future__ import annotations

import json
import queue
import secrets
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from connectors.sandbox import push_meta, push_twitter
from connectors.sandbox.facebook_world import FacebookWorld
from connectors.sandbox.faults import Faults
from connectors.sandbox.instagram_world import InstagramWorld
from connectors.sandbox.scene import Happening
from connectors.sandbox.twitter_world import TwitterWorld

Json = Any
_ATTEMPTS = 3
_PATIENCE = 10.0
"""Seconds a door may take to answer (X: ten, Meta: five)."""


@dataclass(frozen=True)
class Subscription:
    """A door that wants to hear of one account."""

    platform: str
    account: str
    url: str
    secret: str
    shape: str


@dataclass(frozen=True)
class Delivery:
    """One push and how the door answered; status None: no answer."""

    platform: str
    url: str
    body: bytes
    status: int | None


class Pushes:
    """A queue of pushes and the thread that delivers them in order."""

    def __init__(
        self, facebook: FacebookWorld, instagrams: list[InstagramWorld], twitter: TwitterWorld, faults: Faults
    ) -> None:
        self._facebook = facebook
        self._instagrams = {world.account_id: world for world in instagrams}
        self._twitter = twitter
        self._faults = faults
        self._subscriptions: list[Subscription] = []
        self._queue: queue.Queue[tuple[Subscription, bytes] | None] = queue.Queue()
        self._thread: threading.Thread | None = None
        self.deliveries: list[Delivery] = []

    def subscribe(
        self, platform: str, url: str, secret: str, verify_token: str | None, account: str | None, shape: str
    ) -> None:
        """Shake hands with the door, then tell it everything. Raises ValueError when the door answers wrongly."""
        if urlsplit(url).hostname not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(f"{url}: the sandbox pushes to loopback only; use http://127.0.0.1:PORT/…")
        default = {"facebook": self._facebook.page_id, "twitter": self._twitter.account_id}
        chosen = account or default.get(platform) or next(iter(self._instagrams))
        self._shake_hands(platform, url, secret, verify_token)
        self._subscriptions.append(Subscription(platform, chosen, url, secret, shape))
        if self._thread is None:
            self._thread = threading.Thread(target=self._deliver_all, name="sandbox-pushes", daemon=True)
            self._thread.start()

    def hear(self, happening: Happening) -> None:
        """Queue the pushes of something that happened."""
        for subscription in self._subscriptions:
            if (subscription.platform, subscription.account) == (happening.platform, happening.account):
                payload = self._payload(subscription, happening)
                if payload is not None:
                    body = push_meta.encode(payload)
                    self._queue.put((subscription, body))

    def send_raw(self, platform: str, body: bytes) -> None:
        """Sign and send these very bytes to every door of a platform."""
        for subscription in self._subscriptions:
            if subscription.platform == platform:
                self._queue.put((subscription, body))

    def wait(self) -> None:
        """Until everything queued was delivered."""
        self._queue.join()

    def stop(self) -> None:
        """Deliver what is queued and end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join(5)

    def _payload(self, subscription: Subscription, happening: Happening) -> Json | None:
        if subscription.platform == "facebook":
            return push_meta.facebook_payload(happening, self._facebook.page_name)
        if subscription.platform == "instagram":
            username = self._instagrams[subscription.account].username
            return push_meta.instagram_payload(happening, username, flat=subscription.shape == "flat")
        if not push_twitter.concerns_us(happening, self._twitter):
            return None
        write = push_twitter.activity if subscription.shape == "activity" else push_twitter.account_activity
        return write(happening, self._twitter)

    def _shake_hands(self, platform: str, url: str, secret: str, verify_token: str | None) -> None:
        token = secrets.token_hex(8)
        if platform == "twitter":
            expected = push_twitter.challenge_answer(secret, token)
            response = requests.get(url, params={"crc_token": token}, timeout=_PATIENCE)
            try:
                fits = response.json().get("response_token") == expected
            except (json.JSONDecodeError, requests.JSONDecodeError, AttributeError):
                fits = False
        else:
            query = {"hub.mode": "subscribe", "hub.challenge": token, "hub.verify_token": verify_token or ""}
            response = requests.get(url, params=query, timeout=_PATIENCE)
            fits = response.text == token
        if response.status_code != 200 or not fits:
            raise ValueError(
                f"{url} did not answer the {platform} challenge: {response.status_code} {response.text[:120]}"
            )

    def _deliver_all(self) -> None:
        held: tuple[Subscription, bytes] | None = None
        while (item := self._queue.get()) is not None:
            subscription, body = item
            kinds = [fault.kind for fault in self._faults.pick(subscription.platform, "PUSH", "PUSH")]
            if "disordered_delivery" in kinds and held is None and not self._queue.empty():
                held = item
                continue
            self._deliver(subscription, body)
            if "duplicate_delivery" in kinds:
                self._deliver(subscription, body)
            if held is not None:
                self._deliver(*held)
                held = None
                self._queue.task_done()
            self._queue.task_done()

    def _deliver(self, subscription: Subscription, body: bytes) -> None:
        signer = push_twitter.sign if subscription.platform == "twitter" else push_meta.sign
        status: int | None = None
        for _ in range(_ATTEMPTS):
            try:
                response = requests.post(
                    subscription.url, data=body, headers=signer(subscription.secret, body), timeout=_PATIENCE
                )
                status = response.status_code
            except requests.RequestException:
                status = None
            self.deliveries.append(Delivery(subscription.platform, subscription.url, body, status))
            if status is not None and status < 500:
                return
