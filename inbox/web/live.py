"""What happens, told to open pages: one look at the events a second for the whole process, however many follow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from functools import partial

import structlog
from anyio import Event
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy.exc import SQLAlchemyError
from sse_starlette import EventSourceResponse, ServerSentEvent

from inbox.db import reading
from inbox.queries.timeline import events_since, latest_event_id
from inbox.queries.views import EventView
from inbox.runtime import Runtime
from inbox.web.desk import PageRoute, Visiting

log = structlog.get_logger("live")

EVERY = 1.0
"""Seconds between two looks."""
GRACE = 0.5
"""Seconds in which a stream ends by itself when the process does; a stream that is cut is an error in the log."""
MOST_AT_ONCE = 500
LATE = 30
"""Looks at which an id that was left out may still appear: several processes on PostgreSQL take their ids when they
write and show them when they commit, so that a later id can be seen first. After that it was rolled back."""
CRISIS = frozenset({"crisis_declared", "crisis_raised", "crisis_stood_down"})

router = APIRouter(route_class=PageRoute, include_in_schema=False)


class Watch:
    """Looks for new events while anybody follows, and hands them to every follower."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.followers: set[asyncio.Queue[list[EventView] | None]] = set()
        self.seen = 0
        self.left_out: dict[int, int] = {}
        """Ids below `seen` that nobody saw yet, with how many more looks they get."""
        self.looking: asyncio.Task[None] | None = None

    async def follow(self, after: int, ending: Event) -> AsyncGenerator[ServerSentEvent, None]:
        """Everything after this event, then what comes, until the reader goes away or the process is ending."""
        queue: asyncio.Queue[list[EventView] | None] = asyncio.Queue()
        latest = await run_sync(self._latest)
        if not 0 <= after <= latest:
            after = latest
        if not self.followers:
            self.seen, self.left_out = latest, {}
        self.followers.add(queue)
        awaiting_the_end = asyncio.create_task(_put_at_the_end(queue, ending))
        if self.looking is None or self.looking.done():
            self.looking = asyncio.create_task(self._look())
        try:
            yield ServerSentEvent(comment="following", retry=3000)
            missed = await run_sync(partial(self._since, after))
            for event in told(missed, after):
                yield event
            known = {event.id for event in missed}
            after = max(known, default=after)
            while (batch := await queue.get()) is not None:
                fresh = [event for event in batch if event.id not in known]
                for told_event in told(fresh, after):
                    yield told_event
                after = max([after, *(event.id for event in fresh)])
        finally:
            awaiting_the_end.cancel()
            self.followers.discard(queue)

    async def _look(self) -> None:
        while self.followers:
            await asyncio.sleep(EVERY)
            try:
                batch = await run_sync(partial(self._since, self.seen, tuple(self.left_out)))
            except SQLAlchemyError:
                log.exception("the events could not be read; open pages follow again in a second")
                continue
            self._note_left_out(batch)
            if batch:
                self.seen = max(self.seen, batch[-1].id)
                for queue in self.followers:
                    queue.put_nowait(batch)

    def _note_left_out(self, batch: Sequence[EventView]) -> None:
        there = {event.id for event in batch}
        waiting = {one: looks - 1 for one, looks in self.left_out.items() if looks > 1 and one not in there}
        newest = max(there, default=self.seen)
        fresh = (one for one in range(max(self.seen, newest - 2 * MOST_AT_ONCE) + 1, newest) if one not in there)
        self.left_out = waiting | dict.fromkeys(fresh, LATE)

    def _since(self, after: int, late: Sequence[int] = ()) -> list[EventView]:
        with reading(self.runtime.sessions) as session:
            return events_since(session, after, late=late, limit=MOST_AT_ONCE)

    def _latest(self) -> int:
        with reading(self.runtime.sessions) as session:
            return latest_event_id(session)


async def _put_at_the_end(queue: asyncio.Queue[list[EventView] | None], ending: Event) -> None:
    await ending.wait()
    queue.put_nowait(None)


def told(batch: Sequence[EventView], after: int) -> list[ServerSentEvent]:
    """The conversations that were touched, and whether a crisis turned; the id, never below `after`, lets a reader
    resume."""
    if not batch:
        return []
    last = str(max(after, batch[-1].id))
    touched = sorted({event.conversation_id for event in batch if event.conversation_id is not None})
    events = [ServerSentEvent(data=json.dumps(touched), event="events", id=last)]
    if any(event.kind in CRISIS for event in batch):
        events.append(ServerSentEvent(data="", event="crisis", id=last))
    return events


@router.get("/live")
async def live(request: Request, visit: Visiting, after: int = 0) -> EventSourceResponse:
    """The stream. A reader that lost its connection names the last event it saw."""
    resumed = request.headers.get("last-event-id", "")
    start = int(resumed) if resumed.isdecimal() and len(resumed) < 19 else after
    watch: Watch = request.state.watch
    ending = Event()
    return EventSourceResponse(
        watch.follow(start, ending), ping=20, headers={"Cache-Control": "no-store"},
        shutdown_event=ending, shutdown_grace_period=GRACE,
    )  # fmt: skip
