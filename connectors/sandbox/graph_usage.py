"""Usage headers of the Graph API: percentages, per app and per business object, with the time to wait."""

from __future__ import annotations

from collections import Counter
from typing import Any

import orjson

from connectors.sandbox.graph_tokens import Tokens

Json = Any
ALLOWANCE = 4800
"""Calls that make 100 %: a shop with one engaged user (4800 × engaged users / 24 h)."""


class GraphUsage:
    """What the headers say; tests set it with `report`."""

    def __init__(self, page_id: str) -> None:
        self._page_id = page_id
        self._calls: Counter[str] = Counter()
        self._reported: dict[str, tuple[int, int]] = {}

    def report(self, platform: str, percent: int | None, minutes: int = 0) -> None:
        """From now on say this percentage and this time to wait; None: count again."""
        if percent is None:
            self._reported.pop(platform, None)
        else:
            self._reported[platform] = (percent, minutes)

    def told(self, platform: str, reset: float | None) -> dict[str, str]:
        """The header of a throttled answer."""
        minutes = 0 if reset is None else max(1, round(reset / 60))
        return {"x-business-use-case-usage": self._business(self._page_id, platform, 100, minutes)}

    def headers(self, platform: str, label: str, token: str, tokens: Tokens) -> dict[str, str]:
        """The headers of an ordinary answer; counts the call."""
        kind = "messenger" if label.endswith((" conversations", " messages")) and platform == "facebook" else platform
        self._calls[kind] += 1
        percent, minutes = self._reported.get(platform, (min(40, self._calls[kind] * 100 // ALLOWANCE), 0))
        known = tokens.find(token)
        app = {"call_count": min(30, percent), "total_time": min(25, percent), "total_cputime": min(25, percent)}
        headers = {"x-app-usage": orjson.dumps(app).decode()}
        if known is None or known.kind != "user":
            owner = self._page_id if known is None else known.subject
            headers["x-business-use-case-usage"] = self._business(owner, kind, percent, minutes)
        return headers

    @staticmethod
    def _business(owner: str, kind: str, percent: int, minutes: int) -> str:
        word = {"facebook": "pages"}.get(kind, kind)
        row = {
            "type": word, "call_count": percent, "total_cputime": min(percent, 10), "total_time": min(percent, 10),
            "estimated_time_to_regain_access": minutes,
        }  # fmt: skip
        return orjson.dumps({owner: [row]}).decode()
