"""What happens is told to open pages, from where each of them stopped."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from anyio import Event
from sse_starlette import ServerSentEvent

from inbox import events
from inbox.db import writing
from inbox.models import Event as EventRow
from inbox.queries.views import EventView
from inbox.runtime import Runtime
from inbox.web import live
from tests.own_loop import in_a_loop_of_its_own
from tests.stepped_clock import SteppedClock


def happen(runtime: Runtime, kind: str, conversation_id: int | None = None) -> None:
    with writing(runtime.sessions) as session:
        events.record(session, kind, runtime.clock(), conversation_id=conversation_id)


async def next_named(stream: AsyncIterator[ServerSentEvent]) -> ServerSentEvent:
    async for event in stream:
        if event.event:
            return event
    raise AssertionError("the stream ended")


def test_a_reader_resumes_where_it_stopped_and_then_follows(runtime: Runtime) -> None:
    for number in (1, 2, 3):
        happen(runtime, "message_received", number)

    async def follow() -> tuple[ServerSentEvent, ServerSentEvent]:
        watch = live.Watch(runtime)
        with_latest = watch._latest()
        stream = watch.follow(with_latest - 2, Event())
        missed = await next_named(stream)
        await asyncio.to_thread(happen, runtime, "resolved", 7)
        fresh = await next_named(stream)
        await stream.aclose()
        assert watch.followers == set()
        return missed, fresh

    missed, fresh = in_a_loop_of_its_own(follow())
    assert json.loads(str(missed.data)) == [2, 3]
    assert json.loads(str(fresh.data)) == [7]
    assert int(str(fresh.id)) > int(str(missed.id))


def test_an_event_whose_transaction_ended_after_a_later_one_is_told_too(runtime: Runtime) -> None:
    """Several processes on PostgreSQL: ids are given when a row is written, rows are seen when they are committed."""

    def appear(event_id: int, conversation_id: int) -> None:
        with writing(runtime.sessions) as session:
            session.add(
                EventRow(id=event_id, kind="resolved", at=runtime.clock(), conversation_id=conversation_id, data={})
            )

    latest = live.Watch(runtime)._latest()

    async def follow() -> list[ServerSentEvent]:
        watch = live.Watch(runtime)
        stream = watch.follow(latest, Event())
        await anext(stream)
        told = []
        for event_id, conversation_id in ((3, 30), (1, 10), (4, 40), (2, 20)):
            await asyncio.to_thread(appear, latest + event_id, conversation_id)
            told.append(await next_named(stream))
        await stream.aclose()
        assert watch.left_out == {}
        return told

    told = in_a_loop_of_its_own(follow())
    assert [json.loads(str(event.data)) for event in told] == [[30], [10], [40], [20]]
    assert [event.id for event in told] == [str(latest + number) for number in (3, 3, 4, 4)]


def test_a_stream_ends_by_itself_when_the_process_does(runtime: Runtime) -> None:
    """A stream that is cut instead is an error in the log, and a second of waiting."""

    async def follow_to_the_end() -> list[str | None]:
        watch, ending = live.Watch(runtime), Event()
        stream = watch.follow(watch._latest(), ending)
        first = await anext(stream)
        ending.set()
        rest = [event.event async for event in stream]
        assert watch.followers == set()
        return [first.comment, *rest]

    assert in_a_loop_of_its_own(follow_to_the_end()) == ["following"]


def test_a_crisis_is_told_by_name(clock: SteppedClock) -> None:
    batch = [
        EventView(4, "resolved", clock(), 9, None, None, {}),
        EventView(5, "crisis_declared", clock(), None, None, None, {}),
    ]
    assert [(event.event, event.id) for event in live.told(batch, 3)] == [("events", "5"), ("crisis", "5")]
    assert [event.id for event in live.told(batch, 8)] == ["8", "8"]
    assert live.told([], 3) == []
