"""What stands before every handler: bodies have bounds, hosts must be ours, answers carry their protections.

Plain ASGI, so that event streams pass through unbuffered.
"""

from __future__ import annotations

import re
from typing import Protocol
from urllib.parse import urlsplit

from anyio.to_thread import run_sync
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No inline scripts, no inline styles, nothing from elsewhere, in nobody's frame."""


def policy_with_style(nonce: str) -> str:
    """The same for a page whose script makes a style of its own; only this one answer knows the `nonce`."""
    return POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")


PROTECTIONS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}
MOST_BODY = 1024 * 1024
MOST_WEBHOOK_BODY = 4 * 1024 * 1024
"""Meta packs up to 1,000 updates into one body."""
MOST_BODY_WITH_FILES = 32 * 1024 * 1024
"""The largest attachment any platform takes, or several small ones, and the words around them."""
WITH_FILES = re.compile(r"/api/v1/attachments|/conversations/\d+/replies")
ANY_HOST = ("/healthz", "/readyz", "/metrics", "/webhooks/")
"""Probes and platforms come by whatever address they were given; nothing here trusts a cookie."""


class BodyTooLarge(Exception):
    """More arrived than is taken here."""


class Answers(Protocol):
    """How refusals and accidents are put, for people and for programs."""

    def refused(self, request: Request, status: int, detail: str) -> Response:
        """To what is turned away here."""
        ...

    def of_accident(self, request: Request, error: Exception) -> Response:
        """To an error nobody expected."""
        ...


class Armour:
    """Wraps the whole application. `public_url` and `listen_host` say by which names browsers may come; `failures`
    makes the answers to what is refused and to what goes wrong."""

    def __init__(self, app: ASGIApp, public_url: str, listen_host: str, failures: Answers) -> None:
        self.app = app
        self.failures = failures
        public = urlsplit(public_url)
        self.hosts = {"127.0.0.1", "localhost", "::1", listen_host.lower(), (public.hostname or "").lower()}
        self.protections = dict(PROTECTIONS)
        if public.scheme == "https":
            self.protections["strict-transport-security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers 413 and 421 itself; everything else is the application's."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        protected = self._protected(send)
        headers = Headers(scope=scope)
        path: str = scope["path"]
        if not path.startswith(ANY_HOST) and host_of(headers.get("host", "")) not in self.hosts:
            detail = "This address is not ours. Open the one of [web] public_url, or set it to the one you use."
            await self._refuse(421, detail, scope, receive, protected)
            return
        most = most_of(path)

        async def too_large() -> None:
            detail = f"The body is too large: at most {most} bytes are taken here."
            await self._refuse(413, detail, scope, receive, protected)

        length = headers.get("content-length", "")
        if length.isdecimal() and int(length) > most:
            await too_large()
            return
        scope["client"] = client_of(scope, headers)
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await protected(message)

        try:
            await self.app(scope, bounded(receive, most), send_and_note)
        except BodyTooLarge:
            if begun:
                raise
            await too_large()
        except Exception as error:
            if begun:
                raise
            answer = await run_sync(self.failures.of_accident, Request(scope), error)
            await answer(scope, receive, protected)

    async def _refuse(self, status: int, detail: str, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await run_sync(self.failures.refused, Request(scope), status, detail)
        await answer(scope, receive, send)

    def _protected(self, send: Send) -> Send:
        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.protections.items():
                    headers.setdefault(name, value)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        return send_protected


def most_of(path: str) -> int:
    """How many bytes a body may have there."""
    if path.startswith("/webhooks/"):
        return MOST_WEBHOOK_BODY
    return MOST_BODY_WITH_FILES if WITH_FILES.fullmatch(path) else MOST_BODY


def bounded(receive: Receive, most: int) -> Receive:
    """The same body, refused as soon as it grows beyond `most` bytes, whatever its header said."""
    taken = 0

    async def receive_bounded() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            taken += len(message.get("body", b""))
            if taken > most:
                raise BodyTooLarge
        return message

    return receive_bounded


def client_of(scope: Scope, headers: Headers) -> tuple[str, int] | None:
    """Where the request came from. A proxy on this very machine may say so (the last X-Forwarded-For); anybody else
    could say anything."""
    client: tuple[str, int] | None = scope.get("client")
    forwarded = headers.getlist("x-forwarded-for")
    if client is None or not forwarded or client[0] not in ("127.0.0.1", "::1"):
        return client
    return forwarded[-1].rpartition(",")[2].strip()[:60] or client[0], 0


def host_of(header: str) -> str:
    """The name in a Host header, without port and brackets, in lower case."""
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0]
