"""Every failure of the network is told in words for a person, with the host, and never in a library's own."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.base import ConnectorError, Login
from connectors.facebook import Facebook
from connectors.http import Door
from tests.connectors.listening import listening
from tests.connectors.meta_account import CREDENTIALS, NOW, PAGE
from tests.connectors.x_account import account

Ask = Callable[[str], object]
LIBRARY_WORDS = (
    "HTTPConnectionPool",
    "Max retries",
    "NewConnectionError",
    "object at 0x",
    "Errno",
    "Error(",
    "urllib3",
)


def by_x(origin: str) -> object:
    return account(origin).inspect(NOW)


def by_graph(origin: str) -> object:
    return Facebook(Login("shop-facebook", "facebook", PAGE, origin, CREDENTIALS)).inspect(NOW)


def told(ask: Ask, origin: str) -> str:
    with pytest.raises(ConnectorError) as caught:
        ask(origin)
    text = str(caught.value)
    assert [word for word in LIBRARY_WORDS if word in text] == []
    return text


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """A server's context with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    kept = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = tmp_path / "both.pem"
    file.write_bytes(kept + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize("ask", [by_x, by_graph])
def test_a_name_that_does_not_exist(ask: Ask) -> None:
    assert "The name nobody.invalid cannot be found" in told(ask, "https://nobody.invalid")


@pytest.mark.parametrize("ask", [by_x, by_graph])
def test_a_port_where_nobody_listens(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        place = f"127.0.0.1:{closed.getsockname()[1]}"
    assert f"{place} refuses connections. Check api_base" in told(ask, f"http://{place}")


@pytest.mark.parametrize("ask", [by_x, by_graph])
def test_a_connection_that_is_cut(ask: Ask) -> None:
    with listening(lambda connection: connection.recv(65536)) as place:
        assert f"{place} cut the connection before its answer was through" in told(ask, f"http://{place}")


@pytest.mark.parametrize("ask", [by_x, by_graph])
def test_a_host_that_does_not_speak_the_encryption(ask: Ask) -> None:
    def answer_in_plain_words(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 No\r\n\r\n")

    with listening(answer_in_plain_words) as place:
        assert f"No encrypted connection to {place}" in told(ask, f"https://{place}")


@pytest.mark.parametrize("ask", [by_x, by_graph])
def test_a_proxy_that_is_not_there(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    assert "Check HTTPS_PROXY" in told(ask, "http://platform.test")


@pytest.mark.parametrize("ask", [by_x, by_graph])
def test_an_address_that_is_none(ask: Ask) -> None:
    assert "Write api_base as https://host" in told(ask, "http://")


def test_a_certificate_nobody_trusts(self_signed: ssl.SSLContext) -> None:
    def shake_hands(connection: socket.socket) -> None:
        try:
            self_signed.wrap_socket(connection, server_side=True).recv(1)
        except OSError:
            return

    with listening(shake_hands) as place:
        for ask in (by_x, by_graph):
            text = told(ask, f"https://{place}")
            assert f"The certificate of {place} is not trusted (self-signed certificate)" in text


def test_no_answer_in_time_says_how_long_was_waited() -> None:
    release = threading.Event()
    with listening(lambda connection: (connection.recv(65536), release.wait(5))) as place:
        door = Door(read_seconds=0.2)
        assert f"{place} gave no answer within 0.2 s" in told(lambda url: door.read(url, {}), f"http://{place}/x")
        release.set()
