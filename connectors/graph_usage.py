"""How much of Meta's allowance is used, from the headers of every answer, errors included.

`X-App-Usage`, `X-Business-Use-Case-Usage` and the older `X-Page-Usage` hold JSON with percentages (values above 100
occur); the business header also says in how many minutes a limited object may be asked again
(developers.facebook.com, "Rate Limits", read 2026-08-23).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.base import Quota, Usage
from connectors.http import read_json

PAGES, MESSENGER, INSTAGRAM = "pages", "messenger", "instagram"
"""Business use cases, as the header names their types."""
_PERCENTAGES = ("call_count", "total_time", "total_cputime")
_FLAT_HEADERS = {"x-app-usage": "app", "x-page-usage": "page"}
_BUSINESS_HEADER = "x-business-use-case-usage"


def usage_of(headers: Mapping[str, str], now: datetime, calls: int = 1) -> Usage:
    """What this answer's headers (lower-case names) say. An unreadable header counts as none."""
    quotas: list[Quota] = []
    for header, name in _FLAT_HEADERS.items():
        counters = _json(headers.get(header))
        if isinstance(counters, Mapping):
            quotas.append(Quota(name, _highest(counters)))
    business = _json(headers.get(_BUSINESS_HEADER))
    if isinstance(business, Mapping):
        for entries in business.values():
            for entry in entries if isinstance(entries, list) else []:
                if isinstance(entry, Mapping):
                    quotas.append(_business_quota(entry, now))
    return Usage(calls=calls, quotas=tuple(quotas))


def regain_time(usage: Usage) -> datetime | None:
    """When a limited account may be asked again; None where no header named a time."""
    return max((quota.resets_at for quota in usage.quotas if quota.resets_at), default=None)


def exhausted(usage: Usage) -> frozenset[str]:
    """The business use cases that the header calls used up. An account has one allowance for each of them."""
    general = set(_FLAT_HEADERS.values())
    return frozenset(
        quota.name
        for quota in usage.quotas
        if quota.name not in general and (quota.resets_at is not None or quota.used_percent >= 100)
    )


def together(first: Usage, second: Usage) -> Usage:
    """Two usages as one; of each quota the later reading stands."""
    quotas = {quota.name: quota for quota in (*first.quotas, *second.quotas)}
    return Usage(calls=first.calls + second.calls, quotas=tuple(quotas.values()))


def _business_quota(entry: Mapping[str, Any], now: datetime) -> Quota:
    minutes = entry.get("estimated_time_to_regain_access")
    known = isinstance(minutes, (int, float)) and not isinstance(minutes, bool) and 0 < minutes < 10_000_000
    until = now + timedelta(minutes=float(minutes)) if known and minutes else None
    return Quota(str(entry.get("type", "business")), _highest(entry), until)


def _highest(counters: Mapping[str, Any]) -> float:
    values = [counters.get(name) for name in _PERCENTAGES]
    numbers = [float(v) for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
    return max(numbers, default=0.0)


def _json(header: str | None) -> Any:
    if not header:
        return None
    try:
        return read_json(header.encode())
    except ValueError:
        return None
