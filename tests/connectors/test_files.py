"""Pictures and files over real HTTP against the sandbox: the contract on every channel, and what each takes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from connectors import REGISTRY
from connectors.base import MediaFile, RefusalReason, Refused, Way
from connectors.sandbox import Sandbox
from tests.connectors.contract import Contract, answer_to
from tests.connectors.contract_files import PICTURE, FilesContract, Host, brought, digest
from tests.connectors.guestbook import GuestbookStage
from tests.connectors.stage import Stage
from tests.connectors.stages import STAGES, FacebookStage, InstagramLoginStage, InstagramStage, TwitterStage
from tests.stepped_clock import SteppedClock


@pytest.fixture(params=[*STAGES, "guestbook"])
def stage(request: pytest.FixtureRequest, clock: SteppedClock) -> Iterator[Stage]:
    if request.param == "guestbook":
        yield GuestbookStage(clock)
        return
    with Sandbox(seed=1, now=clock) as sandbox:
        yield STAGES[request.param](sandbox, clock)


@pytest.fixture
def host() -> Iterator[Host]:
    """A web server on loopback for files that platforms fetch."""
    files: dict[str, tuple[bytes, str]] = {}

    class Shelf(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, content_type = files[self.path]
            self.send_response(200)
            self.send_header("Content-Type", content_type)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def put(content: bytes, content_type: str) -> str:
        files[f"/{len(files)}"] = content, content_type
        return f"http://127.0.0.1:{server.server_port}/{len(files) - 1}"

    yield put
    server.shutdown()
    server.server_close()


class TestFiles(FilesContract):
    """On the three platforms, and on a channel that takes no files."""


def test_four_pictures_with_their_descriptions_in_one_post(sandbox: Sandbox, clock: SteppedClock, host: Host) -> None:
    stage = TwitterStage(sandbox, clock)
    message, way = Contract.ways_to_answer(stage)[0]
    connector = stage.connect()
    contents = [PICTURE + bytes([number]) for number in range(4)]
    files = [brought(stage, connector, way, host, clock(), content) for content in contents]
    reply = replace(answer_to(message, way, "Alle vier", stage), files=tuple(file for file in files if file))
    connector.send(reply, clock())
    (row,) = sandbox.journal
    assert [media["sha256"] for media in row["media"]] == [digest(content) for content in contents]
    assert {media["alternative_text"] for media in row["media"]} == {"Ein blaues Kleid"}


def test_describing_a_picture_on_x_is_counted_and_uploading_is_not(sandbox: Sandbox, clock: SteppedClock) -> None:
    connector = TwitterStage(sandbox, clock).connect()
    described = MediaFile("image/png", "a.png", "Ein Kleid", PICTURE)
    assert connector.upload(described, Way.PUBLIC_REPLY, clock()).usage.resources == {"media_metadata": 1}
    plain = connector.upload(replace(described, alternative_text=""), Way.PUBLIC_REPLY, clock())
    assert (plain.usage.calls, dict(plain.usage.resources)) == (1, {})
    assert connector.capabilities.prices["media_metadata"] > 0


def test_a_picture_larger_than_five_megabytes_is_refused_by_x_for_good(sandbox: Sandbox, clock: SteppedClock) -> None:
    connector = TwitterStage(sandbox, clock).connect()
    huge = MediaFile("image/png", "a.png", "", PICTURE + bytes(5 * 1024 * 1024))
    with pytest.raises(Refused) as refusal:
        connector.upload(huge, Way.PUBLIC_REPLY, clock())
    assert refusal.value.reason is RefusalReason.ATTACHMENT_REFUSED


@pytest.mark.parametrize("kind", [FacebookStage, InstagramStage, InstagramLoginStage])
def test_a_document_goes_into_a_private_message_as_a_file(
    sandbox: Sandbox, clock: SteppedClock, host: Host, kind: type[FacebookStage | InstagramStage]
) -> None:
    stage = kind(sandbox, clock)
    message, way = Contract.ways_to_answer(stage)[1]
    connector = stage.connect()
    file = MediaFile("application/pdf", "rechnung.pdf", "", b"%PDF-1.7 fake")
    if kind is InstagramLoginStage:
        file = replace(file, fetch_url=host(file.content, file.content_type))
    else:
        file = replace(file, platform_id=connector.upload(file, way, clock()).platform_id)
    connector.send(replace(answer_to(message, way, "", stage), files=(file,)), clock())
    assert [media["content_type"] for media in sandbox.journal[0]["media"]] == ["application/pdf"]
    assert sandbox.journal[0]["attachments"][0]["type"] == "file"


def test_an_address_meta_cannot_fetch_is_a_refusal(sandbox: Sandbox, clock: SteppedClock) -> None:
    stage = InstagramLoginStage(sandbox, clock)
    message, way = Contract.ways_to_answer(stage)[1]
    file = MediaFile("image/png", "a.png", "", PICTURE, fetch_url="http://127.0.0.1:9/a.png")
    with pytest.raises(Refused) as refusal:
        stage.connect().send(replace(answer_to(message, way, "", stage), files=(file,)), clock())
    assert refusal.value.reason is RefusalReason.ATTACHMENT_REFUSED
    assert stage.written() == []


@pytest.mark.parametrize("channel", ["facebook", "instagram"])
def test_a_private_reply_carries_no_file(channel: str) -> None:
    assert REGISTRY[channel].files_taken(Way.PRIVATE_REPLY, {}) is None


def test_comments_on_instagram_carry_text_only() -> None:
    for options in ({"login": "facebook"}, {"login": "instagram"}):
        assert REGISTRY["instagram"].files_taken(Way.PUBLIC_REPLY, options) is None
