"""Signed webhooks: handshake, shapes, signatures over the very bytes, duplicates and disorder."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.sandbox import Sandbox, disordered_delivery, duplicate_delivery
from tests.connectors.sandbox.conftest import Graph

SECRET = "fake-secret-of-the-door"


class Door(ThreadingHTTPServer):
    """A webhook door that knows its secret and remembers what came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.arrived: list[tuple[dict[str, str], bytes]] = []
        self.open = threading.Event()
        self.open.set()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/webhooks/shop"

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, body in self.arrived]


class _Answers(BaseHTTPRequestHandler):
    server: Door

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if "crc_token" in query:
            digest = hmac.new(SECRET.encode(), query["crc_token"].encode(), hashlib.sha256).digest()
            self._answer(json.dumps({"response_token": "sha256=" + base64.b64encode(digest).decode()}))
        elif query.get("hub.verify_token") == "right":
            self._answer(query["hub.challenge"])
        else:
            self._answer("no", 403)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.open.wait(5)
        self.server.arrived.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self._answer("ok")

    def _answer(self, text: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def door() -> Iterator[Door]:
    server = Door()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_door_that_answers_wrongly_or_stands_elsewhere_is_refused(sandbox: Sandbox, door: Door) -> None:
    with pytest.raises(ValueError, match="did not answer"):
        sandbox.subscribe("facebook", door.url, SECRET, verify_token="wrong")
    with pytest.raises(ValueError, match="did not answer"):
        sandbox.subscribe("twitter", door.url, "another secret")
    with pytest.raises(ValueError, match="loopback"):
        sandbox.subscribe("facebook", "http://192.0.2.1/webhooks", SECRET)


def test_comments_arrive_ascii_escaped_and_signed_in_hex(sandbox: Sandbox, door: Door) -> None:
    sandbox.subscribe("facebook", door.url, SECRET, verify_token="right")
    world = sandbox.world.facebook
    comment = world.comment(world.post("x"), "Anna", "Grüße 👋")
    world.edit_comment(comment, "Grüße!")
    world.hide_comment(comment)
    world.delete_comment(comment)
    sandbox.wait_for_pushes()
    headers, body = door.arrived[1]
    assert body.isascii()
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={expected}"
    values = [body["entry"][0]["changes"][0]["value"] for body in door.bodies()]
    assert [(v["item"], v["verb"]) for v in values] == [
        ("status", "add"), ("comment", "add"), ("comment", "edited"), ("comment", "hide"), ("comment", "remove"),
    ]  # fmt: skip
    assert values[1]["comment_id"] == comment
    assert values[1]["message"] == "Grüße 👋"
    assert "message" not in values[4]


def test_messages_and_their_echoes_come_in_milliseconds(sandbox: Sandbox, page: Graph, door: Door) -> None:
    sandbox.subscribe("facebook", door.url, SECRET, verify_token="right")
    anna = sandbox.scene.people.person("Anna")
    mid = sandbox.world.facebook.message(anna, "Hallo")
    message = {"text": "Servus", "metadata": "marke"}
    sent = page.post("/me/messages", recipient={"id": anna.facebook_id}, message=message).json()
    sandbox.world.facebook.native_reply("Anna", "vom Handy")
    sandbox.world.facebook.unsend(mid)
    sandbox.wait_for_pushes()
    first, echo, native, unsent = (body["entry"][0]["messaging"][0] for body in door.bodies())
    assert first["timestamp"] == int(sandbox.scene.now().timestamp() * 1000)
    assert echo["message"]["mid"] == sent["message_id"]
    assert echo["message"]["is_echo"] is True
    assert echo["message"]["metadata"] == "marke"
    assert echo["sender"]["id"] == sandbox.world.facebook.page_id
    assert native["message"]["app_id"] != echo["message"]["app_id"]
    assert unsent["message"] == {"mid": mid, "is_deleted": True}


@pytest.mark.parametrize("shape", ["plain", "flat"])
def test_instagram_speaks_two_shapes(sandbox: Sandbox, door: Door, shape: str) -> None:
    world = sandbox.world.instagram_login
    sandbox.subscribe("instagram", door.url, SECRET, verify_token="right", account=world.account_id, shape=shape)
    comment = world.comment(world.media("x"), "Anna", "Schön")
    world.mention("Sepp", "danke")
    world.story_mention("Ida")
    sandbox.wait_for_pushes()
    entries = [body["entry"][0] for body in door.bodies()]
    changes = [entry if shape == "flat" else entry["changes"][0] for entry in entries[:2]]
    assert [change["field"] for change in changes] == ["comments", "mentions"]
    assert changes[0]["value"]["id"] == comment
    assert set(changes[1]["value"]) == {"media_id", "comment_id"}
    assert entries[2]["messaging"][0]["message"]["attachments"][0]["type"] == "story_mention"


def test_x_signs_in_base64_and_tells_only_what_concerns_the_account(sandbox: Sandbox, door: Door) -> None:
    world = sandbox.world.twitter
    sandbox.subscribe("twitter", door.url, SECRET)
    mention = world.mention("Anna", "Grüße")
    world.public_post("Sepp", "nicht für uns")
    event = world.direct_message("Anna", "Hallo")
    world.delete(mention)
    sandbox.wait_for_pushes()
    bodies = door.bodies()
    assert bodies[0]["tweet_create_events"][0]["id_str"] == mention
    assert bodies[1]["direct_message_events"][0]["id"] == event
    assert bodies[2]["tweet_delete_events"][0]["status"]["id"] == mention
    assert len(bodies) == 3
    headers, body = door.arrived[0]
    digest = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()
    assert headers["x-twitter-webhooks-signature"] == f"sha256={digest}"


def test_x_activity_puts_each_event_into_an_envelope(sandbox: Sandbox, door: Door) -> None:
    sandbox.subscribe("twitter", door.url, SECRET, shape="activity")
    sandbox.world.twitter.mention("Anna", "x")
    sandbox.world.twitter.direct_message("Anna", "y")
    sandbox.wait_for_pushes()
    assert [body["data"]["event_type"] for body in door.bodies()] == ["post.mention.create", "dm.received"]


def test_pushes_double_and_swap_on_command(sandbox: Sandbox, door: Door) -> None:
    sandbox.subscribe("facebook", door.url, SECRET, verify_token="right")
    door.open.clear()
    sandbox.world.facebook.message("Anna", "0")
    sandbox.faults.next("facebook", "PUSH", disordered_delivery())
    sandbox.faults.next("facebook", "PUSH", duplicate_delivery(), times=1)
    for words in ("1", "2", "3"):
        sandbox.world.facebook.message("Anna", words)
    door.open.set()
    sandbox.wait_for_pushes()
    arrived = [body["entry"][0]["messaging"][0]["message"]["text"] for body in door.bodies()]
    assert sorted(set(arrived)) == ["0", "1", "2", "3"]
    assert arrived != sorted(arrived)
