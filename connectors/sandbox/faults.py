"""What can go wrong, on command: one request, the next few, or a share of all.

    sandbox.faults.next("twitter", "*mentions*", rate_limited(reset=60))
    sandbox.faults.next("facebook", "POST *", cut_after(), times=3)
    sandbox.faults.rate(server_error(), 0.05, seed=7)

A pattern fits an endpoint's label ("GET comments", "POST messages", "GET users/:id/mentions", "POST tweets",
"POST batch", "batched GET comments", "PUSH"), its method and path ("GET /123/comments"), or any part of the
label. `*` fits everything.
"""

from __future__ import annotations

import fnmatch
import random
import threading
from dataclasses import dataclass

SHAPES = ("missing", "types", "nul", "text")
"""How a list's row can be broken: required fields missing, wrong types, a NUL in the text, or not an object."""


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. Build it with the functions below."""

    kind: str
    done: bool = False
    """The platform did what was asked before it failed."""
    seconds: float = 0.0
    reset: float | None = None
    shape: str = "missing"
    extra: bool = False
    status: int = 0


CONTENT_KINDS = frozenset(
    {"malformed_item", "duplicate_delivery", "disordered_delivery", "null_batch_items", "localised_errors"}
)
"""Faults that change what an answer says; the others replace the answer."""
ANSWERED_KINDS = frozenset({"rate_limited", "server_error", "expired_token", "blocked_368"})
"""Faults a single item of a batch can suffer."""


def rate_limited(reset: float | None = None) -> Fault:
    """429 or a Graph throttle; told to wait `reset` seconds, or told nothing."""
    return Fault("rate_limited", reset=reset)


def server_error(status: int = 500, done: bool = False) -> Fault:
    """A 5xx; with `done` the write took effect all the same."""
    return Fault("server_error", status=status, done=done)


def timeout(seconds: float = 15.0, done: bool = False) -> Fault:
    """No answer for so long, then the connection is cut; with `done` the request took effect first."""
    return Fault("timeout", seconds=seconds, done=done)


def cut_before() -> Fault:
    """The connection is cut and nothing was done."""
    return Fault("cut_before")


def cut_after() -> Fault:
    """The request takes effect, then the connection is cut without an answer."""
    return Fault("cut_after", done=True)


def garbage(done: bool = False) -> Fault:
    """200 with an HTML page."""
    return Fault("garbage", done=done)


def expired_token() -> Fault:
    """The token is refused: 190/463, or 401 on X."""
    return Fault("expired_token")


def malformed_item(shape: str = "missing", extra: bool = False) -> Fault:
    """One row of the list is broken (`SHAPES`); with `extra` a broken row is added and no good one suffers."""
    if shape not in SHAPES:
        raise ValueError(f"shape {shape!r} is not one of {', '.join(SHAPES)}")
    return Fault("malformed_item", shape=shape, extra=extra)


def duplicate_delivery() -> Fault:
    """A row of the list, or a push, comes twice."""
    return Fault("duplicate_delivery")


def disordered_delivery() -> Fault:
    """The rows of the list, or the next pushes, come in another order."""
    return Fault("disordered_delivery")


def null_batch_items() -> Fault:
    """Every second item of a Graph batch was not executed and is null."""
    return Fault("null_batch_items")


def localised_errors() -> Fault:
    """Error texts come in another language; codes stay."""
    return Fault("localised_errors")


def blocked_368() -> Fault:
    """Temporarily blocked for abusive behaviour: Graph code 368; on X a plain 403."""
    return Fault("blocked_368")


def credits_depleted() -> Fault:
    """X: 402, no credits left. On Graph: the app's request limit, code 4, without a time."""
    return Fault("credits_depleted")


CONSTRUCTORS = {
    maker.__name__: maker
    for maker in (
        rate_limited, server_error, timeout, cut_before, cut_after, garbage, expired_token, malformed_item,
        duplicate_delivery, disordered_delivery, null_batch_items, localised_errors, blocked_368,
        credits_depleted,
    )
}  # fmt: skip


@dataclass
class _Order:
    platform: str
    pattern: str
    fault: Fault
    left: int | None
    probability: float = 1.0
    chance: random.Random | None = None


class Faults:
    """The faults that wait for a fitting request."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []
        self._lock = threading.Lock()
        self.struck: list[tuple[str, str, str]] = []
        """What really happened: platform, label, kind."""

    def next(self, platform: str, endpoint: str, fault: Fault, times: int = 1) -> None:
        """The next `times` fitting requests suffer this fault."""
        with self._lock:
            self._orders.append(_Order(platform, endpoint, fault, times))

    def always(self, platform: str, endpoint: str, fault: Fault) -> None:
        """Every fitting request suffers this fault, until `clear`."""
        with self._lock:
            self._orders.append(_Order(platform, endpoint, fault, None))

    def rate(self, fault: Fault, probability: float, seed: int = 0, platform: str = "*", endpoint: str = "*") -> None:
        """A share of all fitting requests suffers this fault; the same seed chooses the same draws."""
        chance = random.Random(seed)  # noqa: S311 - a reproducible draw, not a secret
        with self._lock:
            self._orders.append(_Order(platform, endpoint, fault, None, probability, chance))

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._orders.clear()

    def pick(self, platform: str, label: str, path: str, kinds: frozenset[str] | None = None) -> list[Fault]:
        """The faults this request suffers: at most one that replaces the answer, and any that change it.

        `kinds` leaves all others waiting.
        """
        chosen: list[Fault] = []
        with self._lock:
            for order in self._orders:
                wanted = kinds is None or order.fault.kind in kinds
                if not wanted or not self._fits(order, platform, label, path):
                    continue
                content = order.fault.kind in CONTENT_KINDS
                if not content and any(fault.kind not in CONTENT_KINDS for fault in chosen):
                    continue
                if order.chance is not None and order.chance.random() >= order.probability:
                    continue
                chosen.append(order.fault)
                if order.left is not None:
                    order.left -= 1
                self.struck.append((platform, label, order.fault.kind))
            self._orders = [order for order in self._orders if order.left is None or order.left > 0]
        return chosen

    @staticmethod
    def _fits(order: _Order, platform: str, label: str, path: str) -> bool:
        if order.platform not in ("*", platform):
            return False
        if order.fault.kind in ("malformed_item", "duplicate_delivery", "disordered_delivery") and (
            not label.startswith(("GET", "PUSH"))
        ):
            return False
        if order.fault.kind == "null_batch_items" and label != "POST batch":
            return False
        if label == "PUSH" and order.fault.kind not in ("duplicate_delivery", "disordered_delivery"):
            return False
        pattern = order.pattern
        method = label.partition(" ")[0]
        spellings = (label, path, f"{method} {path}")
        return pattern in label or any(fnmatch.fnmatchcase(spelling, pattern) for spelling in spellings)
