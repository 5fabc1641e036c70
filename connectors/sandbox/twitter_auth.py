"""Who calls X: OAuth 1.0a signatures over the public address, bearer tokens, single-use refresh tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, unquote

from connectors.sandbox.twitter_errors import client_forbidden, unauthorized
from connectors.sandbox.wire import Answer, Call, Refusal

Json = Any
SIGNED_ORIGIN = "https://api.twitter.com"
"""tweepy signs before a transport may send elsewhere."""
SCOPES = "tweet.read tweet.write users.read dm.read dm.write tweet.moderate.write media.write offline.access"
_LIFE = timedelta(hours=2)


@dataclass(frozen=True)
class Caller:
    """Whom the request speaks for."""

    mode: str
    """oauth1, oauth2 or app."""
    user_id: str | None


class TwitterAuth:
    """The app's keys and everything handed out for them."""

    consumer_key = "fakeConsumerKey0001"
    consumer_secret = "fakeConsumerSecretNotReal0001"  # noqa: S105 - obviously fake
    access_token = "1450000000000000001-fakeAccessToken"  # noqa: S105 - obviously fake
    access_token_secret = "fakeAccessTokenSecretNotReal"  # noqa: S105 - obviously fake
    client_id = "fakeClientId0001"
    client_secret = "fakeClientSecretNotReal0001"  # noqa: S105 - obviously fake
    app_bearer = "fakeAppOnlyBearer0001"

    def __init__(self, user_id: str, now: datetime) -> None:
        self._user_id = user_id
        self._serial = 0
        self._bearers: dict[str, datetime] = {}
        self._refreshers: dict[str, bool] = {}
        self._nonces: set[str] = set()
        self.oauth1_revoked = False
        self.first_pair = self.issue(now)

    def issue(self, now: datetime) -> tuple[str, str]:
        """A new access token (two hours) and its refresh token (once)."""
        self._serial += 1
        access, refresh = f"fakeBearer{self._serial:04d}", f"fakeRefresh{self._serial:04d}"
        self._bearers[access] = now + _LIFE
        self._refreshers[refresh] = True
        return access, refresh

    def caller(self, call: Call, now: datetime) -> Caller:
        """Who signed this request. Raises 401."""
        header = call.headers.get("authorization", "")
        if header.startswith("OAuth "):
            self._check_signature(call, header)
            return Caller("oauth1", self._user_id)
        if header.startswith("Bearer "):
            token = header[7:].strip()
            if token == self.app_bearer:
                return Caller("app", None)
            expires = self._bearers.get(token)
            if expires is not None and now < expires:
                return Caller("oauth2", self._user_id)
        raise unauthorized()

    def user(self, caller: Caller) -> str:
        """The user a request speaks for. Raises 403 for an app-only token."""
        if caller.user_id is None:
            raise client_forbidden("When authenticating requests to this endpoint you must use a user context.")
        return caller.user_id

    def expire_bearers(self) -> None:
        """Every access token of OAuth 2.0 dies now; refresh tokens live."""
        self._bearers.clear()

    def exchange(self, call: Call, now: datetime) -> Answer:
        """`POST /2/oauth2/token` with a refresh token; the app is confidential and needs HTTP Basic."""
        basic = base64.b64encode(f"{quote(self.client_id)}:{quote(self.client_secret)}".encode()).decode()
        if call.headers.get("authorization") != f"Basic {basic}":
            body = {"error": "unauthorized_client", "error_description": "Missing valid authorization header"}
            return Answer(401, body)
        if call.form.get("grant_type") != "refresh_token":
            body = {"error": "invalid_request", "error_description": "Missing required parameter [grant_type]."}
            return Answer(400, body)
        given = str(call.form.get("refresh_token", ""))
        if not self._refreshers.get(given):
            body = {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}
            return Answer(400, body)
        self._refreshers[given] = False
        access, refresh = self.issue(now)
        pair: dict[str, Json] = {
            "token_type": "bearer", "expires_in": int(_LIFE.total_seconds()), "access_token": access,
            "scope": SCOPES, "refresh_token": refresh,
        }  # fmt: skip
        return Answer(200, pair)

    def _check_signature(self, call: Call, header: str) -> None:
        parts = dict(_parts(header))
        signature = parts.pop("oauth_signature", "")
        keys_fit = parts.get("oauth_consumer_key") == self.consumer_key
        if not keys_fit or parts.get("oauth_token") != self.access_token or self.oauth1_revoked:
            raise _invalid_token()
        nonce = parts.get("oauth_nonce", "")
        if not nonce or nonce in self._nonces or parts.get("oauth_signature_method") != "HMAC-SHA1":
            raise unauthorized()
        self._nonces.add(nonce)
        signed = {**parts, **call.query, **({k: str(v) for k, v in call.form.items()} if call.signed_form else {})}
        pairs = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in signed.items())
        listed = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join(quote(part, safe="~") for part in (call.method, SIGNED_ORIGIN + call.path, listed))
        key = f"{quote(self.consumer_secret, safe='~')}&{quote(self.access_token_secret, safe='~')}"
        expected = base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()
        if not hmac.compare_digest(signature, expected):
            raise unauthorized()


def _parts(header: str) -> list[tuple[str, str]]:
    pairs = []
    for part in header[len("OAuth ") :].split(","):
        name, _, value = part.strip().partition("=")
        if name != "realm":
            pairs.append((unquote(name), unquote(value.strip('"'))))
    return pairs


def _invalid_token() -> Refusal:
    return Refusal(Answer(401, {"errors": [{"code": 89, "message": "Invalid or expired token."}]}))
