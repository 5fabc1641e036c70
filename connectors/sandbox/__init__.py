"""The platforms' stand-in on loopback, for the demo, drills and tests."""

from connectors.sandbox.faults import (
    Fault,
    blocked_368,
    credits_depleted,
    cut_after,
    cut_before,
    disordered_delivery,
    duplicate_delivery,
    expired_token,
    garbage,
    localised_errors,
    malformed_item,
    null_batch_items,
    rate_limited,
    server_error,
    timeout,
)
from connectors.sandbox.sandbox import Sandbox

__all__ = [
    "Fault",
    "Sandbox",
    "blocked_368",
    "credits_depleted",
    "cut_after",
    "cut_before",
    "disordered_delivery",
    "duplicate_delivery",
    "expired_token",
    "garbage",
    "localised_errors",
    "malformed_item",
    "null_batch_items",
    "rate_limited",
    "server_error",
    "timeout",
]
