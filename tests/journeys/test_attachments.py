"""A picture from the desk to the customer, on real HTTP: once, whatever breaks, and shown where it stands."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from connectors.base import Way
from connectors.sandbox import Sandbox, cut_after, cut_before, server_error
from inbox import attachments, replies
from inbox.db import writing
from inbox.models import AccountUsage
from inbox.web.app import create_app
from tests.inbox.pictures import PDF, png
from tests.journeys.house import House, configuration, database_in
from tests.stepped_clock import SteppedClock

QUESTION = "Guten Tag, gibt es das Kleid auch in Blau?"
DIGEST = hashlib.sha256(png()).hexdigest()


def ask(house: House, channel: str) -> None:
    """A customer writes privately."""
    world = house.world
    tell = {"facebook": world.facebook.message, "instagram": world.instagram.message,
            "twitter": world.twitter.direct_message}[channel]  # fmt: skip
    tell("Jana Prohaska", QUESTION)
    house.live_until(lambda: bool(house.messages(text=QUESTION, direction="inbound")) and settled(house), 60)


def settled(house: House) -> bool:
    """Nothing is on its way any more."""
    return all(item.state in ("sent", "failed", "cancelled") for item in house.outbox())


def answer(house: House, text: str, *contents: bytes, way: Way = Way.DIRECT_MESSAGE, said: str = "") -> None:
    """A colleague answers from the composer, with files."""
    anna, conversation = house.person(), house.conversation_of(QUESTION)
    with writing(house.runtime.sessions) as session:
        ids = [
            attachments.store(session, content, f"datei {number}", said, anna, house.clock()).id
            for number, content in enumerate(contents)
        ]
        visibility = "private" if way is Way.DIRECT_MESSAGE else "public"
        draft = replies.Draft(text, visibility, "k1", anna, attachment_ids=ids)
        replies.reply_in_parts(session, house.runtime, conversation.id, draft, way, house.clock())


def carried(house: House) -> list[tuple[str, list[str]]]:
    """What the platforms took from people: text, and the digests of what went along."""
    rows = [row for row in house.sandbox.journal if "utomatische Antwort" not in (row["text"] or "")]
    return [(row["text"], [media["sha256"] for media in row["media"]]) for row in rows]


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("facebook", [("So sieht es aus:", []), ("", [DIGEST])]),
        ("instagram", [("So sieht es aus:", []), ("", [DIGEST])]),
        ("twitter", [("So sieht es aus:", [DIGEST])]),
    ],
)
def test_a_picture_arrives_once_and_stands_in_the_thread(house: House, channel: str, expected: list[Any]) -> None:
    ask(house, channel)
    answer(house, "So sieht es aus:", png())
    house.live_until(lambda: settled(house))
    house.live(22)
    assert carried(house) == expected
    ours = [message for message in house.messages(direction="outbound") if message.origin == "agent"]
    assert [(message.text, len(message.attachments)) for message in ours] == [
        (text, len(digests)) for text, digests in expected
    ]
    assert {item.state for item in house.outbox(origin="agent")} == {"sent"}
    assert house.messages(origin="native") == []


FAULTS = {
    "the answer is lost after it was taken": cut_after,
    "the request is lost before it was taken": cut_before,
    "a server error": server_error,
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("channel", ["facebook", "instagram", "twitter"])
@pytest.mark.parametrize("at", [1, 2])
def test_whatever_breaks_once_nothing_is_said_twice(house: House, channel: str, fault: str, at: int) -> None:
    """The first write is the upload, the second says it."""
    ask(house, channel)
    answer(house, "", png())
    if at == 2:
        house.sandbox.faults.next(channel, SENDS[channel], FAULTS[fault](), 1)
    else:
        house.sandbox.faults.next(channel, UPLOADS[channel], FAULTS[fault](), 1)
    house.live_until(lambda: settled(house), 120)
    taken = [digests for _, digests in carried(house)]
    (item,) = house.outbox(origin="agent")
    if at == 1 or fault == "the answer is lost after it was taken":
        assert taken == [[DIGEST]]
        assert item.state == "sent"
    else:
        assert len(taken) <= 1
        assert item.state == ("sent" if taken else "failed")
    assert house.messages(origin="native") == []


UPLOADS = {
    "facebook": "POST page/message_attachments",
    "instagram": "POST page/message_attachments",
    "twitter": "POST media/upload",
}
SENDS = {
    "facebook": "POST page/messages",
    "instagram": "POST page/messages",
    "twitter": "POST dm_conversations/with/:id/messages",
}


@pytest.mark.parametrize("channel", ["facebook", "instagram", "twitter"])
def test_a_process_killed_after_the_platform_took_it_finds_it_again(house: House, channel: str) -> None:
    ask(house, channel)
    answer(house, "", png())

    class Killed(BaseException):
        """The process is gone before it heard the answer."""

    name = f"shop-{channel}"
    connector = house.runtime.connectors[name]

    class Dying:
        """Says it, and dies."""

        def __getattr__(self, part: str) -> Any:
            return getattr(connector, part)

        def send(self, *given: Any) -> None:
            connector.send(*given)
            raise Killed

    house.runtime.connectors[name] = Dying()  # type: ignore[assignment]
    with pytest.raises(Killed):
        house.work("dispatch")
    again = house.restart()
    again.clock.advance(seconds=95)
    again.live_until(lambda: settled(again))
    assert [digests for _, digests in carried(again)] == [[DIGEST]]
    assert [item.state for item in again.outbox(origin="agent")] == ["sent"]
    assert again.messages(origin="native") == []
    again.runtime.engine.dispose()


def test_four_described_pictures_in_one_public_answer_on_x_and_what_it_costs(house: House) -> None:
    world = house.world.twitter
    world.mention("Jana Prohaska", QUESTION)
    house.live(20)
    anna = house.person()
    conversation = next(one for one in house.conversations(channel="twitter"))
    with writing(house.runtime.sessions) as session:
        ids = [
            attachments.store(session, png(number), "kleid", f"Bild {number}", anna, house.clock()).id
            for number in range(4)
        ]
        draft = replies.Draft("Alle Farben:", "public", "k1", anna, attachment_ids=ids)
        replies.reply_in_parts(session, house.runtime, conversation.id, draft, Way.PUBLIC_REPLY, house.clock())
    house.live(40)
    (row,) = [row for row in house.sandbox.journal if row["action"] == "public_reply"]
    assert [media["alternative_text"] for media in row["media"]] == [f"Bild {number}" for number in range(4)]
    with house.runtime.sessions() as session:
        spent = {usage.resource: (usage.count, usage.cost) for usage in session.query(AccountUsage)}
    count, cost = spent["media_metadata"]
    assert count == 4
    assert cost == pytest.approx(0.02)
    (ours,) = house.messages(direction="outbound", visibility="public")
    assert ours.text == "Alle Farben:"
    assert len(ours.attachments) == 4


def test_a_photo_under_a_comment_on_facebook(house: House) -> None:
    post = house.world.facebook.post("Neue Kleider!")
    house.world.facebook.comment(post, "Jana Prohaska", QUESTION)
    house.live(20)
    answer(house, "So sieht es aus:", png(), way=Way.PUBLIC_REPLY)
    house.live(30)
    assert carried(house) == [("So sieht es aus:", [DIGEST])]
    (ours,) = house.messages(direction="outbound")
    assert [one["url"] for one in ours.attachments] == [f"/conversations/{ours.conversation_id}/attachments/1"]


# -- a platform that fetches -----------------------------------------------------------------------------------------


@pytest.fixture
def fetching(clock: SteppedClock, tmp_path: Path) -> Iterator[House]:
    """An Instagram account under its own login, and our web inbox on loopback, where the sandbox can fetch."""
    with Sandbox(seed=1, now=clock) as sandbox:
        text = configuration(sandbox, database_in(tmp_path), accounts=["outlet-instagram"])
        house = House(sandbox, clock, text).connect()
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(house.runtime), log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        web = house.runtime.settings.web.model_copy(update={"public_url": address})
        house.runtime.settings = house.runtime.settings.model_copy(update={"web": web})
        yield house
        server.should_exit = True
        thread.join(10)
        house.runtime.engine.dispose()


def test_what_the_platform_fetches_is_the_file_itself(fetching: House) -> None:
    fetching.world.instagram_login.message("Jana Prohaska", QUESTION)
    fetching.live(30)
    answer(fetching, "Die Anleitung:", PDF, png())
    fetching.live(40)
    assert carried(fetching) == [
        ("Die Anleitung:", []), ("", [hashlib.sha256(PDF).hexdigest()]), ("", [DIGEST]),
    ]  # fmt: skip
    assert {item.state for item in fetching.outbox(origin="agent")} == {"sent"}
