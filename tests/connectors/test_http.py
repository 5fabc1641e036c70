"""The door: what left this machine, what did not, and that no secret shows."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Misconfigured, OutcomeUnknown, Unavailable
from connectors.http import Door, Secrets, clean_text, read_json, redact
from tests.connectors.listening import listening

TOKEN = "FAKE-TOKEN-not-real-0001"


@contextmanager
def server(answer: Callable[[socket.socket], None]) -> Iterator[str]:
    """An address whose server does what it is told with every connection."""
    with listening(answer) as place:
        yield f"http://{place}/v26.0/1/comments"


def cut(connection: socket.socket) -> None:
    connection.recv(65536)


def says(status: str, body: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)

    return answer


def door() -> Door:
    return Door(read_seconds=0.3, secrets=Secrets({"access_token": TOKEN}))


def test_a_refused_connection_certainly_did_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Unavailable):
        door().write(f"http://127.0.0.1:{port}/x", {}, {"message": "a"})


def test_a_name_nobody_knows_certainly_did_nothing() -> None:
    with pytest.raises(Unavailable):
        door().write("http://nobody.invalid/x", {}, {"message": "a"})


def test_a_write_that_is_cut_is_in_doubt_and_a_read_is_not() -> None:
    with server(cut) as url:
        with pytest.raises(OutcomeUnknown) as caught:
            door().write(url, {"access_token": TOKEN}, {"access_token": TOKEN})
        assert TOKEN not in str(caught.value)
        assert "tries again" not in str(caught.value)
        with pytest.raises(Unavailable, match="tries again"):
            door().read(url, {"access_token": TOKEN})


def test_silence_after_a_write_is_doubt() -> None:
    release = threading.Event()

    def silent(connection: socket.socket) -> None:
        connection.recv(65536)
        release.wait(5)

    with server(silent) as url:
        with pytest.raises(OutcomeUnknown):
            door().write(url, {}, {"message": "a"})
        release.set()


def test_silence_while_reading_is_unavailable() -> None:
    release = threading.Event()

    def silent(connection: socket.socket) -> None:
        connection.recv(65536)
        release.wait(5)

    with server(silent) as url:
        with pytest.raises(Unavailable):
            door().read(url, {})
        release.set()


def test_a_read_is_tried_again_once_and_a_write_never() -> None:
    seen: list[bytes] = []

    def second_time_lucky(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        if len(seen) > 1:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with server(second_time_lucky) as url:
        assert door().read(url, {}).body == {}
        seen.clear()
        with pytest.raises(OutcomeUnknown):
            door().write(url, {}, {"message": "a"})
        assert len(seen) == 1


def test_an_answer_cut_in_the_middle_is_doubt_for_a_write() -> None:
    def half(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id":')

    with server(half) as url:
        with pytest.raises(OutcomeUnknown):
            door().write(url, {}, {})
        with pytest.raises(Unavailable):
            door().read(url, {})


def test_a_redirect_is_not_followed() -> None:
    with server(says("302 Found\r\nLocation: http://elsewhere.invalid/", b"{}")) as url:
        assert door().read(url, {"access_token": TOKEN}).status == 302


def test_html_is_no_json() -> None:
    with server(says("200 OK", b"<html>Service Unavailable</html>")) as url:
        assert not door().read(url, {}).is_json


def test_an_address_that_is_none_is_a_setting_to_mend() -> None:
    with pytest.raises(Misconfigured):
        door().read("graph.test/x", {})


def test_urllib3_writes_no_token_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="urllib3.connectionpool"), server(says("200 OK", b"{}")) as url:
        door().read(url, {"access_token": TOKEN, "appsecret_proof": "cafe01cafe01"})
    assert "access_token" in caplog.text
    assert TOKEN not in caplog.text
    assert "cafe01" not in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        f"https://graph.test/x?access_token={TOKEN}&limit=1",
        f'{{"access_token": "{TOKEN}"}}',
        f"Authorization: Bearer {TOKEN}",
        f"client_secret={TOKEN}",
        f"next=https%3A%2F%2Fx%3Faccess_token%3D{TOKEN}",
    ],
)
def test_redaction(text: str) -> None:
    assert TOKEN not in redact(text)


def test_an_answer_that_repeats_our_secrets_comes_in_without_them() -> None:
    known = Secrets(
        {"access_token": TOKEN, "app_secret": "fake/secret/of/an/app", "verify_token": "paket", "app_id": "1" * 16}
    )
    said = f'{{"message": "{TOKEN} fake\\/secret\\/of\\/an\\/app fake/secret/of/an/app Wo ist mein paket? {"1" * 16}"}}'
    with server(says("200 OK", said.encode())) as url:
        repeated = Door(read_seconds=0.3, secrets=known).read(url, {}).body
    assert repeated == {"message": f"… … … Wo ist mein paket? {'1' * 16}"}


def test_a_new_login_may_be_the_old_one() -> None:
    with server(says("200 OK", f'{{"access_token": "{TOKEN}"}}'.encode())) as url:
        assert door().read(url, {}, new_login=True).body == {"access_token": TOKEN}


def test_nul_and_half_pairs_are_taken_out() -> None:
    assert read_json(b'{"a\\u0000": ["x\\u0000y", "\\ud83d", "\\ud83d\\ude00"]}') == {"a": ["xy", "\ufffd", "😀"]}
    assert read_json(b'{"a": "\xff"}') == {"a": "\ufffd"}
    with pytest.raises(ValueError):
        read_json(b"<html>")


@given(st.text(alphabet=st.characters(), max_size=50))
def test_cleaned_text_can_be_stored(text: str) -> None:
    assert "\x00" not in clean_text(text)
    clean_text(text).encode("utf-8")
