"""A coroutine run to its end from a test that is none."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def in_a_loop_of_its_own(following: Coroutine[object, object, Result]) -> Result:
    """In a thread, because a browser test of the same process keeps its own loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, following).result()
