"""Access tokens of the two Graph hosts: who they speak for, how long they live, how they are proved."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox import graph_errors
from connectors.sandbox.graph_errors import graph_error
from connectors.sandbox.wire import Call

Json = Any
APP_ID = "880000000000042"
APP_SECRET = "fake-app-secret-of-the-sandbox"  # noqa: S105 - obviously fake
_PAGE_SCOPES = (
    "pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_engagement",
    "pages_manage_metadata", "pages_messaging", "instagram_basic", "instagram_manage_comments",
    "instagram_manage_messages",
)  # fmt: skip
_INSTAGRAM_SCOPES = (
    "instagram_business_basic", "instagram_business_manage_comments", "instagram_business_manage_messages",
)  # fmt: skip


@dataclass
class Token:
    """One token. `kind`: page, user, instagram (its own login) or app."""

    text: str
    kind: str
    subject: str
    """The page, user or Instagram account it speaks for."""
    issued_at: datetime
    expires_at: datetime | None = None
    revoked_subcode: int | None = None
    scopes: list[str] = field(default_factory=list)
    """What the person allowed; take one away to see what the platform refuses then."""


class Tokens:
    """Every token the sandbox has handed out."""

    def __init__(self, issued_at: datetime) -> None:
        self.require_proof = False
        """The app setting "Require App Secret": a missing proof is refused with 104."""
        self.app_secret = APP_SECRET
        self._known: dict[str, Token] = {}
        self._serial = 0
        self._issued_at = issued_at

    def issue(self, kind: str, subject: str, *, life: timedelta | None = None, at: datetime | None = None) -> Token:
        """A new token for a page, a user or an Instagram account."""
        self._serial += 1
        head = {"instagram": "IGFAKE", "user": "EAAFAKEUSER", "app": f"{APP_ID}|"}.get(kind, "EAAFAKEPAGE")
        issued = at or self._issued_at
        scopes = list(_INSTAGRAM_SCOPES if kind == "instagram" else _PAGE_SCOPES)
        token = Token(
            f"{head}{self._serial:04d}notarealtoken",
            kind,
            subject,
            issued,
            issued + life if life else None,
            None,
            scopes,
        )
        self._known[token.text] = token
        return token

    def find(self, text: str) -> Token | None:
        """The token with this text, dead or alive."""
        return self._known.get(text)

    def revoke(self, text: str, subcode: int = 460) -> None:
        """The token dies: 458 app removed, 460 password changed, 463 expired, 492 role lost."""
        self._known[text].revoked_subcode = subcode

    def restore(self, text: str) -> None:
        """The token lives again (the person logged in once more)."""
        self._known[text].revoked_subcode = None

    def check(self, call: Call, now: datetime) -> Token:
        """The token of a call. Raises 190, 104 or 100 as the platform does."""
        text = given_token(call)
        if not text:
            raise graph_error(
                2500, "An active access token must be used to query information about the current user.", status=400
            )
        if text == f"{APP_ID}|{self.app_secret}":
            return Token(text, "app", APP_ID, self._issued_at)
        token = self._known.get(text)
        if token is None:
            raise graph_error(190, "Invalid OAuth access token - Cannot parse access token", status=401)
        if token.revoked_subcode is not None:
            raise graph_error(
                190, "Error validating access token: The session has been invalidated.",
                subcode=token.revoked_subcode, status=401,
            )  # fmt: skip
        if token.expires_at is not None and now >= token.expires_at:
            raise graph_errors.expired_token()
        self._check_proof(call, text)
        return token

    def describe(self, text: str, now: datetime) -> dict[str, Json]:
        """What `debug_token` says."""
        token = self._known.get(text)
        if token is None:
            return {
                "data": {
                    "error": {"code": 190, "message": "Invalid OAuth access token."}, "is_valid": False, "scopes": [],
                }
            }  # fmt: skip
        data: dict[str, Json] = {
            "app_id": APP_ID,
            "type": {"page": "PAGE", "user": "USER"}.get(token.kind, "USER"),
            "application": "Sandbox",
            "data_access_expires_at": int((token.issued_at + timedelta(days=90)).timestamp()),
            "expires_at": int(token.expires_at.timestamp()) if token.expires_at else 0,
            "is_valid": token.revoked_subcode is None and (token.expires_at is None or now < token.expires_at),
            "issued_at": int(token.issued_at.timestamp()),
            "scopes": list(token.scopes),
            "granular_scopes": [{"scope": scope, "target_ids": [token.subject]} for scope in token.scopes],
            "profile_id": token.subject,
        }
        if not data["is_valid"]:
            subcode = token.revoked_subcode or 463
            data["error"] = {"code": 190, "message": "The token is no longer valid.", "subcode": subcode}
        return {"data": data}

    def _check_proof(self, call: Call, text: str) -> None:
        proof = call.value("appsecret_proof")
        if proof is None:
            if self.require_proof:
                raise graph_error(104, "API calls from the server require an appsecret_proof argument", status=400)
            return
        moment = call.value("appsecret_time")
        signed = f"{text}|{moment}" if moment else text
        expected = hmac.new(self.app_secret.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(str(proof), expected):
            raise graph_error(100, "Invalid appsecret_proof provided in the API argument")


def given_token(call: Call) -> str | None:
    """The token as parameter or as bearer header."""
    value = call.value("access_token")
    if value:
        return str(value)
    header = call.headers.get("authorization", "")
    return header[7:].strip() if header[:7].lower() == "bearer " else None


def needed_permission(method: str, edge: str, flavour: str, instagram: bool) -> str | None:
    """The permission an edge asks for (permissions per call, Facebook Login and Instagram Login)."""
    if edge in ("conversations", "messages"):
        if flavour == "instagram":
            return "instagram_business_manage_messages"
        return "instagram_manage_messages" if instagram else "pages_messaging"
    if edge in ("comments", "replies", "mentions") and instagram:
        return "instagram_business_manage_comments" if flavour == "instagram" else "instagram_manage_comments"
    if edge in ("comments", "likes") and method != "GET":
        return "pages_manage_engagement"
    if edge in ("published_posts", "posts", "feed"):
        return "pages_read_engagement"
    return None
