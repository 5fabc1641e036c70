"""What happens, told to open pages: one look at the events a second for the whole process, however many follow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
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
CRISIS = frozenset({"crisis_declared", "crisis_raised", "crisis_stood_down"})

router = APIRouter(route_class=PageRoute, include_in_schema=False)


class Watch:
    """Looks for new events while anybody follows, and hands them to every follower."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.followers: set[asyncio.Queue[list[EventView] | None]] = set()
        self.seen = 0
        self.looking: asyncio.Task[None] | None = None

    async def follow(self, after: int, ending: Event) -> AsyncIterator[ServerSentEvent]:
        """Everything after this event, then what comes, until the reader goes away or the process is ending."""
        queue: asyncio.Queue[list[EventView] | None] = asyncio.Queue()
        latest = await run_sync(self._latest)
        if not 0 <= after <= latest:
            after = latest
        if not self.followers:
            self.seen = latest
        self.followers.add(queue)
        awaiting_the_end = asyncio.create_task(_put_at_the_end(queue, ending))
        if self.looking is None or self.looking.done():
            self.looking = asyncio.create_task(self._look())
        try:
            yield ServerSentEvent(comment="following", retry=3000)
            for missed in await self._missed(after):
                for event in told(missed):
                    yield event
                after = missed[-1].id
            while (batch := await queue.get()) is not None:
                for told_event in told([event for event in batch if event.id > after]):
                    yield told_event
        finally:
            awaiting_the_end.cancel()
            self.followers.discard(queue)

    async def _missed(self, after: int) -> list[list[EventView]]:
        batch = await run_sync(partial(self._since, after))
        return [batch] if batch else []

    async def _look(self) -> None:
        while self.followers:
            await asyncio.sleep(EVERY)
            try:
                batch = await run_sync(partial(self._since, self.seen))
            except SQLAlchemyError:
                log.exception("the events could not be read; open pages follow again in a second")
                continue
            if batch:
                self.seen = batch[-1].id
                for queue in self.followers:
                    queue.put_nowait(batch)

    def _since(self, after: int) -> list[EventView]:
        with reading(self.runtime.sessions) as session:
            return events_since(session, after, limit=MOST_AT_ONCE)

    def _latest(self) -> int:
        with reading(self.runtime.sessions) as session:
            return latest_event_id(session)


async def _put_at_the_end(queue: asyncio.Queue[list[EventView] | None], ending: Event) -> None:
    await ending.wait()
    queue.put_nowait(None)


def told(batch: Sequence[EventView]) -> list[ServerSentEvent]:
    """The conversations that were touched, and whether a crisis turned; the id lets a reader resume."""
    if not batch:
        return []
    last = str(batch[-1].id)
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
