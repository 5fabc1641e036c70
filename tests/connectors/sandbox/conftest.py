"""A running sandbox on a stepped clock, and plain ways to ask it."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import tweepy
from requests.adapters import HTTPAdapter

from connectors.sandbox import Sandbox


class Graph:
    """Asks the sandbox's Graph API with one token."""

    def __init__(self, origin: str, token: str) -> None:
        self.origin = origin
        self.token = token

    def get(self, path: str, **query: Any) -> requests.Response:
        return requests.get(self.origin + path, params={"access_token": self.token, **query}, timeout=5)

    def post(self, path: str, **form: Any) -> requests.Response:
        return requests.post(self.origin + path, json={"access_token": self.token, **form}, timeout=5)

    def delete(self, path: str) -> requests.Response:
        return requests.delete(self.origin + path, params={"access_token": self.token}, timeout=5)


class _Redirect(HTTPAdapter):
    def __init__(self, origin: str) -> None:
        super().__init__()
        self._origin = origin

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        assert request.url is not None
        request.url = request.url.replace("https://api.twitter.com", self._origin)
        kwargs["timeout"] = 5
        return super().send(request, *args, **kwargs)


def redirected(client: tweepy.Client, origin: str) -> tweepy.Client:
    """The same client, speaking to the sandbox; it still signs for the public address."""
    client.session.mount("https://api.twitter.com", _Redirect(origin))
    return client


@pytest.fixture
def page(sandbox: Sandbox) -> Graph:
    return Graph(sandbox.origin, sandbox.login("shop-facebook").credentials["access_token"])


@pytest.fixture
def outlet(sandbox: Sandbox) -> Graph:
    """The Instagram account with its own login."""
    return Graph(sandbox.origin, sandbox.login("outlet-instagram").credentials["access_token"])


@pytest.fixture
def x(sandbox: Sandbox) -> tweepy.Client:
    keys = sandbox.login("shop-twitter").credentials
    return redirected(tweepy.Client(**keys), sandbox.origin)


def error_of(response: requests.Response) -> tuple[int, int | None]:
    """Code and subcode of a Graph error."""
    error = response.json()["error"]
    return error["code"], error.get("error_subcode")
