"""What Graph says about a token: whether it lives, how long, and what it may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Inspection, Usage
from connectors.graph import Graph, node
from connectors.graph_usage import together
from connectors.graph_values import mapping, text_id, text_of

SOON = timedelta(days=7)


def inspect_page_token(
    graph: Graph, credentials: Mapping[str, str], page_id: str, now: datetime, wanted: Sequence[str]
) -> Inspection:
    """Ask who the token is, and, where app id and secret are known, `debug_token` what it may do."""
    got = graph.get(node(page_id), now, fields="id,name")
    problems: list[str] = []
    if text_id(got.body.get("id")) not in (page_id, None):
        problems.append(f"The platform answers for {got.body.get('id')}: set external_id to the Page's own id.")
    expires_at, usage, more = debugged(graph, credentials, now, wanted)
    return Inspection(
        text_of(got.body.get("name")) or page_id, (*problems, *more), expires_at, together(got.usage, usage)
    )


def debugged(
    graph: Graph, credentials: Mapping[str, str], now: datetime, wanted: Sequence[str]
) -> tuple[datetime | None, Usage, list[str]]:
    """Expiry, usage and problems by `debug_token`; nothing where app id or secret are not configured."""
    app_id, app_secret = credentials.get("app_id"), credentials.get("app_secret")
    if not app_id or not app_secret:
        return None, Usage(), []
    got = graph.get("debug_token", now, input_token=credentials["access_token"], access_token=f"{app_id}|{app_secret}")
    data = mapping(got.body.get("data")) or got.body
    expires_at = _moment(data.get("expires_at"))
    problems: list[str] = []
    if data.get("is_valid") is False:
        problems.append("The token is not valid any more: log in again and store the new token.")
    if expires_at is not None and expires_at - now < SOON:
        problems.append(f"The token expires on {expires_at:%Y-%m-%d}: log in again before then.")
    access_ends = _moment(data.get("data_access_expires_at"))
    if access_ends is not None and access_ends - now < SOON:
        problems.append(f"Access to data ends on {access_ends:%Y-%m-%d}: a person must log in to the app again.")
    scopes = data.get("scopes")
    if isinstance(scopes, list):
        missing = [scope for scope in wanted if scope not in scopes]
        problems += [f"The token lacks the permission {scope}: log in again and grant it." for scope in missing]
    return expires_at, got.usage, problems


def _moment(value: Any) -> datetime | None:
    """0 means never."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return None
    return datetime.fromtimestamp(value, UTC)
