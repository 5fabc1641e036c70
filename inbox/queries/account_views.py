"""What pages and the API are given about accounts: frozen, in the contract's words, every time aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class QuotaView:
    """How much of a platform's allowance is used."""

    name: str
    used_percent: float
    resets_at: datetime | None


@dataclass(frozen=True, slots=True)
class CostView:
    """What the account's calls cost in this UTC month, in US dollars, and what they will have cost at its end."""

    month: str
    amount: float
    forecast: float
    currency: str


@dataclass(frozen=True, slots=True)
class StreamView:
    """One thing polled for an account."""

    name: str
    active: bool
    every_seconds: float
    next_poll_at: datetime
    failures: int
    last_success_at: datetime | None
    caught_up_at: datetime | None
    incomplete_since: datetime | None


@dataclass(frozen=True, slots=True)
class AccountView:
    """One signed-in page or handle, and how it fares."""

    name: str
    channel: str
    channel_title: str
    external_id: str
    configured: bool
    health: Literal["ok", "reconnect", "limited", "paused", "blocked", "failing"]
    health_detail: str
    health_since: datetime | None
    limited_until: datetime | None
    failing_since: datetime | None
    last_success_at: datetime | None
    lag_seconds: float | None
    """How long ago everything had last been read to its end; None before the first poll."""
    incomplete_since: datetime | None
    problems: list[str]
    """What was wrong with token, permissions or account when the platform was last asked, a sentence each."""
    quota: list[QuotaView]
    cost_this_month: CostView
    login_expires_at: datetime | None
    unreadable: int
    """Items nobody has looked at yet that could not be translated."""
    gaps: int
    blind_spots: list[str]
    streams: list[StreamView]


@dataclass(frozen=True, slots=True)
class UnreadableView:
    """An item a platform sent that could not be translated."""

    id: int
    account: str
    stream: str
    external_id: str | None
    reason: str
    raw: str
    first_seen_at: datetime
    last_seen_at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class HourCount:
    """How many messages of customers arrived in one hour (UTC)."""

    hour: datetime
    count: int
