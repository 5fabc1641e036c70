"""The way to X: tweepy's client with time-outs, another origin where wanted, and answers judged before tweepy does.

tweepy 4.17 has `https://api.twitter.com` written into it, sends without a time-out, prints headers and bodies at
DEBUG, and stumbles over error bodies of unexpected shape. One adapter and one hook on its session mend all four. The
OAuth 1.0a signature is made before the adapter runs and stays over `https://api.twitter.com`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
import tweepy
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from connectors.base import Login, Misconfigured, OutcomeUnknown, RateLimited, Unavailable, Usage
from connectors.http import CONNECT_SECONDS, READ_SECONDS, Secrets, read_json
from connectors.network_failures import AGAIN, explained, never_left
from connectors.twitter_errors import UNSEEN, Act, Problem, classify, quotas

ORIGIN = "https://api.twitter.com"
"""Where tweepy sends to and what OAuth 1.0a signs, whatever `api_base` says."""

_TALKATIVE = (
    "tweepy.client",
    "oauthlib.oauth1.rfc5849",
    "oauthlib.oauth2.rfc6749.parameters",
    "requests_oauthlib.oauth1_auth",
    "requests_oauthlib.oauth2_session",
)


class _NothingSecret(logging.Filter):
    """Drops what these libraries say below INFO: headers, signatures and bodies."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.INFO


for _name in _TALKATIVE:
    logging.getLogger(_name).addFilter(_NothingSecret(_name))


class RedirectingAdapter(HTTPAdapter):
    """Carries requests for `ORIGIN` to another origin and never waits without end."""

    def __init__(self, origin: str | None, time_out: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS)) -> None:
        super().__init__()
        self._target = urlsplit(origin) if origin else None
        self._time_out = time_out

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Send it; the body, headers and signature stay as they were made for `ORIGIN`."""
        kwargs["timeout"] = kwargs.get("timeout") or self._time_out
        if self._target is not None:
            asked = urlsplit(str(request.url))
            path = self._target.path.rstrip("/") + asked.path
            request.url = urlunsplit((self._target.scheme, self._target.netloc, path, asked.query, ""))
            kwargs["proxies"] = get_environ_proxies(request.url)
        return super().send(request, *args, **kwargs)


class _Refusal(Exception):
    """An answer that is no success, taken away before tweepy reads it."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def _judge(response: requests.Response, *_: object, **__: object) -> None:
    if not 200 <= response.status_code < 300:
        raise _Refusal(response)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer: its JSON object, what it used up, and the access level X grants these keys."""

    body: Mapping[str, Any]
    usage: Usage
    access_level: str | None = None


class RefusedParameter(Exception):
    """X will not take one parameter of a read (a stale `since_id`, a worn-out token): ask differently."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Api:
    """One signed-in client. Every call names the allowance it draws on and what kind of act it is."""

    def __init__(self, login: Login) -> None:
        credentials = login.credentials
        self._secrets = Secrets(credentials)
        self.user_auth = "consumer_key" in credentials and "access_token_secret" in credentials
        if self.user_auth:
            keys = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
            self.client = tweepy.Client(**{key: credentials.get(key) for key in keys}, return_type=requests.Response)
        else:
            self.client = tweepy.Client(bearer_token=credentials.get("access_token"), return_type=requests.Response)
        other = login.api_base.rstrip("/") if login.api_base else None
        self.session: requests.Session = self.client.session
        self._origin, self._time_out = other or ORIGIN, (CONNECT_SECONDS, READ_SECONDS)
        self.session.mount(ORIGIN, RedirectingAdapter(None if other == ORIGIN else other, self._time_out))
        self.session.hooks["response"].append(_judge)
        self.session.max_redirects = 0

    def read(
        self,
        allowance: str,
        now: datetime,
        method: Callable[..., requests.Response],
        *arguments: Any,
        may_refuse: tuple[str, ...] = (),
        **parameters: Any,
    ) -> Answer:
        """Call a reading method of tweepy. Raises NothingHappened kinds, or RefusedParameter for those named."""
        given = {name: value for name, value in parameters.items() if value is not None}
        call = lambda: method(*arguments, user_auth=self.user_auth, **given)  # noqa: E731
        return self.ask(allowance, Act.READ, now, call, may_refuse)

    def write(
        self,
        allowance: str,
        act: Act,
        now: datetime,
        method: Callable[..., requests.Response],
        *arguments: Any,
        **parameters: Any,
    ) -> Answer:
        """Call a writing method of tweepy, once. Raises OutcomeUnknown when no answer tells what became of it."""
        return self.ask(allowance, act, now, lambda: method(*arguments, user_auth=self.user_auth, **parameters))

    def ask(
        self,
        allowance: str,
        act: Act,
        now: datetime,
        call: Callable[[], requests.Response],
        may_refuse: tuple[str, ...] = (),
    ) -> Answer:
        """Run one request and sort whatever comes of it. Errors and answers are free of our secrets, but for the
        answer to a sign-in: that brings some, perhaps the same."""
        try:
            response = call()
            raw = response.content
            body = self._object(raw if act is Act.SIGN_IN else self._secrets.taken_out(raw))
        except _Refusal as refusal:
            problem = _problem(refusal.response)
            for name in may_refuse if problem.status == 400 else ():
                if problem.names_parameter(name):
                    raise RefusedParameter(name) from None
            usage = Usage(calls=1, quotas=quotas(allowance, problem.headers))
            error = classify(problem, act, now, usage)
            if isinstance(error, RateLimited) and not error.whole_account:
                error.allowances = frozenset({allowance})
            error.args = (self._secrets.redact(str(error)),)
            raise error from None
        except requests.RequestException as error:
            message = f"The {act.value} at X got no answer. {explained(error, self._origin, self._time_out)}"
            usage = Usage(calls=1)
            if act in UNSEEN or never_left(error):
                raise Unavailable(message + AGAIN, usage=usage) from None
            raise OutcomeUnknown(message, usage=usage) from None
        except (ValueError, TypeError):
            message = f"X answered the {act.value} with something that is no JSON object, perhaps an error page."
            if act in UNSEEN:
                raise Unavailable(message, usage=Usage(calls=1)) from None
            raise OutcomeUnknown(message, usage=Usage(calls=1)) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        usage = Usage(calls=1, quotas=quotas(allowance, headers))
        return Answer(body, usage, headers.get("x-access-level"))

    @staticmethod
    def _object(raw: bytes) -> Mapping[str, Any]:
        body = read_json(raw)
        if not isinstance(body, dict):
            raise ValueError("it is no JSON object")
        return body


def _problem(response: requests.Response) -> Problem:
    try:
        body = read_json(response.content)
    except ValueError:
        body = None
    return Problem(response.status_code, response.headers, body)


def required(credentials: Mapping[str, str], sets: tuple[tuple[str, ...], ...]) -> None:
    """Raises Misconfigured unless one of the sets of names is there in full."""
    if any(all(credentials.get(name) for name in names) for names in sets):
        return
    wanted = ", or ".join(", ".join(names) for names in sets)
    raise Misconfigured(f"The account's credentials are incomplete. Give {wanted}.")
