"""Where a list was left: opaque to the caller, position and id of the last row to us."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import orjson

from inbox.errors import Refusal
from inbox.row_ids import LARGEST_ID

MOST_ITEMS = 200
"""No list returns more at once."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of the page before. `order` names the order it was read in: another order cannot go on from it."""

    order: str
    position: int
    id: int

    def encode(self) -> str:
        """Safe in an address."""
        raw = orjson.dumps([self.order, self.position, self.id])
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(cursor: str | None, order: str) -> Cursor | None:
    """Reads a cursor back; raises `Refusal` (422) for one we did not make, or made for another order."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = orjson.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        made_for, position, row_id = found
    except (binascii.Error, ValueError, TypeError):
        raise _not_ours() from None
    numbers_fit = all(type(number) is int and -LARGEST_ID <= number <= LARGEST_ID for number in (position, row_id))
    if made_for != order or not numbers_fit:
        raise _not_ours()
    return Cursor(order, position, row_id)


def bounded(limit: int) -> int:
    """How many rows a page may have."""
    return max(1, min(limit, MOST_ITEMS))


def _not_ours() -> Refusal:
    return Refusal(
        "This cursor does not belong to this list. Pass next_cursor unchanged, together with the same sort, or start "
        "without a cursor.",
        422,
    )
