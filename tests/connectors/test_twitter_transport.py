"""The way to X over real sockets: another origin, signatures over the first, time-outs, cuts, and no secret told."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from oauthlib.oauth1 import SIGNATURE_HMAC_SHA1, Client

from connectors.base import LoginExpired, Misconfigured, NothingHappened, OutcomeUnknown, Unavailable
from connectors.twitter_transport import RedirectingAdapter
from tests.connectors.x_account import API, NOW, OWN, POLL, SECRETS, SECRETS_2, account, reply

Answering = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """A server on loopback that does with each request what a test says."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Answering = lambda request: _json(request, 200, b'{"meta":{"result_count":0}}')
        outer = self

        class Door(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.requests.append((self.command, self.path, headers, body))
                outer.answer(self)

            do_GET = do_POST = do_PUT = handle_any  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:
                """Quiet."""

        self.http = HTTPServer(("127.0.0.1", 0), Door)
        self.origin = f"http://127.0.0.1:{self.http.server_port}"


def _json(request: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    request.send_response(status)
    request.send_header("content-type", "application/json")
    request.send_header("content-length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _cut(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    thread = threading.Thread(target=found.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield found
    found.http.shutdown()
    found.http.server_close()
    thread.join()


def test_requests_go_to_the_other_origin_and_are_signed_for_the_first(server: Server) -> None:
    account(server.origin).fetch("mentions", None, POLL)
    ((method, path, headers, _),) = server.requests
    assert path.startswith(f"/2/users/{OWN}/mentions?")
    given = headers["authorization"]
    parts = dict(part.split("=", 1) for part in given.removeprefix("OAuth ").split(", "))
    signer = Client(
        SECRETS["consumer_key"],
        client_secret=SECRETS["consumer_secret"],
        resource_owner_key=SECRETS["access_token"],
        resource_owner_secret=SECRETS["access_token_secret"],
        signature_method=SIGNATURE_HMAC_SHA1,
        nonce=parts["oauth_nonce"].strip('"'),
        timestamp=parts["oauth_timestamp"].strip('"'),
    )
    _, expected, _ = signer.sign(f"{API}{path}", http_method=method)
    assert expected["Authorization"] == given


def test_a_path_in_front_of_the_api_is_kept(server: Server) -> None:
    account(server.origin + "/x/").fetch("mentions", None, POLL)
    assert server.requests[0][1].startswith("/x/2/users/")


def test_the_refresh_goes_there_too(server: Server) -> None:
    server.answer = lambda request: _json(
        request, 200, b'{"access_token":"new","refresh_token":"newer","expires_in":9}'
    )
    new = account(server.origin, SECRETS_2).refresh_login(NOW)
    assert new is not None
    assert server.requests[0][:2] == ("POST", "/2/oauth2/token")


def test_a_cut_read_is_unavailable_and_a_cut_write_unknown(server: Server) -> None:
    server.answer = _cut
    with pytest.raises(Unavailable):
        account(server.origin).fetch("mentions", None, POLL)
    with pytest.raises(OutcomeUnknown):
        account(server.origin).send(reply(), NOW)
    assert len([request for request in server.requests if request[0] == "POST"]) == 1


def test_silence_ends(server: Server) -> None:
    release = threading.Event()

    def silent(request: BaseHTTPRequestHandler) -> None:
        release.wait(5)
        _cut(request)

    server.answer = silent
    shop = account(server.origin)
    shop._api.session.mount(API, RedirectingAdapter(server.origin, (0.2, 0.2)))
    with pytest.raises(OutcomeUnknown):
        shop.send(reply(), NOW)
    release.set()


def test_nobody_listening_means_nothing_happened() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable):
        account(f"http://127.0.0.1:{port}").send(reply(), NOW)


def test_a_redirection_is_not_followed(server: Server) -> None:
    def away(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("location", f"{server.origin}/elsewhere")
        request.send_header("content-length", "0")
        request.end_headers()

    server.answer = away
    with pytest.raises(Unavailable):
        account(server.origin, SECRETS_2).fetch("mentions", None, POLL)
    assert len(server.requests) == 1


@pytest.mark.parametrize("credentials", [SECRETS, SECRETS_2])
def test_no_secret_in_logs_or_errors(
    server: Server, credentials: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("tweepy", "tweepy.client", "oauthlib", "requests_oauthlib", "urllib3"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    shop = account(server.origin, credentials)
    shop.fetch("mentions", None, POLL)
    told = "".join(f"your token {secret} is bad " for secret in credentials.values()).encode()
    server.answer = lambda request: _json(request, 401, b'{"title":"Unauthorized","detail":"' + told + b'"}')
    texts = []
    for act in (
        lambda: shop.fetch("direct_messages", None, POLL),
        lambda: shop.refresh_login(NOW),
        lambda: shop.inspect(NOW),
    ):
        try:
            act()
        except NothingHappened as error:
            texts += [str(error), repr(error)]
    assert texts
    said = caplog.text + "".join(texts) + repr(shop._login)
    for secret in credentials.values():
        assert secret not in said


@pytest.mark.parametrize(
    "credentials",
    [{}, {"consumer_key": "fake"}, {**SECRETS, "consumer_secret": ""}, {"client_id": "fake", "access_token": "fake"}],
)
def test_incomplete_credentials_are_named(credentials: dict[str, str]) -> None:
    with pytest.raises(Misconfigured, match=r"consumer_key.*refresh_token"):
        account(credentials=credentials)


def test_an_expired_login_says_what_to_do(server: Server) -> None:
    server.answer = lambda request: _json(
        request, 401, b'{"errors":[{"code":89,"message":"Invalid or expired token."}]}'
    )
    with pytest.raises(LoginExpired, match="Sign the account in again") as caught:
        account(server.origin).fetch("mentions", None, POLL)
    assert caught.value.code == "401 89"
