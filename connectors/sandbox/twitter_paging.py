"""Paging and ranges of X's lists: ids, times, page sizes, opaque tokens."""

from __future__ import annotations

import base64
from datetime import datetime

from connectors.sandbox.identifiers import snowflake_floor
from connectors.sandbox.twitter_errors import invalid_request
from connectors.sandbox.wire import Call, read_time


def id_range(call: Call) -> tuple[int, int]:
    """The ids a list may hold, both ends excluded. Raises 400 for since_id together with start_time."""
    query = call.query
    if ("since_id" in query or "until_id" in query) and ("start_time" in query or "end_time" in query):
        name = "since_id" if "since_id" in query else "until_id"
        raise invalid_request(
            name, query[name],
            "Invalid use of 'since_id' or 'until_id' in conjunction with 'start_time' or 'end_time'",
        )  # fmt: skip
    low, high = 0, 1 << 63
    for name in ("since_id", "until_id"):
        if name in query and not query[name].isdigit():
            raise invalid_request(name, query[name], f"The `{name}` query parameter value [{query[name]}] is not valid")
    if "since_id" in query:
        low = int(query["since_id"])
    if "until_id" in query:
        high = int(query["until_id"])
    start, end = moment_of(call, "start_time"), moment_of(call, "end_time")
    if start is not None:
        low = snowflake_floor(start) - 1
    if end is not None:
        high = snowflake_floor(end)
    return low, high


def listed(call: Call, parameter: str) -> list[str]:
    """The 1 to 100 values of a comma-joined parameter."""
    values = [value for value in call.query.get(parameter, "").split(",") if value]
    if not 1 <= len(values) <= 100:
        raise invalid_request(
            parameter, call.query.get(parameter, ""),
            f"The number of values in the `{parameter}` query parameter list [{len(values)}] is not between 1 and 100",
        )  # fmt: skip
    return values


def page_size(call: Call, least: int, default: int) -> int:
    """`max_results` within its limits."""
    text = call.query.get("max_results", str(default))
    if not text.isdigit() or not least <= int(text) <= 100:
        raise invalid_request(
            "max_results", text, f"The `max_results` query parameter value [{text}] is not between {least} and 100"
        )
    return int(text)


def moment_of(call: Call, name: str) -> datetime | None:
    """A time parameter; None when missing."""
    text = call.query.get(name)
    if text is None:
        return None
    try:
        return read_time(text.replace("Z", "+00:00"))
    except ValueError:
        raise invalid_request(
            name, text, f"The `{name}` query parameter value [{text}] is not a valid RFC 3339 timestamp"
        ) from None


def token_for(number: int) -> str:
    """The token of the page that goes on below this id."""
    return base64.b32encode(f"t{number}".encode()).decode().rstrip("=").lower()


def open_token(token: str, name: str) -> int:
    """The id a token stands for. Raises 400."""
    try:
        text = base64.b32decode(token.upper() + "=" * (-len(token) % 8)).decode()
        return int(text.removeprefix("t"))
    except ValueError:
        raise invalid_request(name, token, f"Invalid '{name}':'{token}'.") from None
