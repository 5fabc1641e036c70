"""Requests that got no answer, told to the person who must act: what happened, at which host, and what to do.

The libraries' own words name their classes and connection pools; they help nobody who reads `check` or the log.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
import urllib3

NO_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
    requests.exceptions.InvalidSchema,
)
AGAIN = " Zuruf tries again by itself."
"""For what certainly had no effect; never for a request in doubt."""


def never_left(error: BaseException) -> bool:
    """Whether a failed request certainly never reached the platform: no connection stood, or no trust in it."""
    return _refused_before_sending(error) or any(
        isinstance(cause, (urllib3.exceptions.NewConnectionError, ssl.SSLCertVerificationError))
        for cause in _causes(error)
    )


def explained(error: BaseException, url: str, time_out: tuple[float, float]) -> str:
    """One or two sentences about a failed request to `url`. `time_out`: connecting and waiting, in seconds."""
    host = host_of(url)
    causes = list(_causes(error))
    if isinstance(error, NO_ADDRESS):
        return f"{host} is not an address. Write api_base as https://host."
    if isinstance(error, requests.exceptions.ProxyError):
        return (
            f"The proxy on the way to {host} does not let us through. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in "
            "the environment of Zuruf."
        )
    for cause in causes:
        if isinstance(cause, (urllib3.exceptions.NameResolutionError, socket.gaierror)):
            return (
                f"The name {host} cannot be found. Check this machine's internet connection and name service (DNS), "
                "and api_base."
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"The certificate of {host} is not trusted ({cause.verify_message}). Check this machine's clock and "
                "its CA certificates, and whether a proxy on the way replaces certificates."
            )
    return _connection(error, causes, host, time_out)


def host_of(url: str) -> str:
    """The host of an address, with its port where one is written."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or url.partition("?")[0]


def _connection(error: BaseException, causes: list[BaseException], host: str, time_out: tuple[float, float]) -> str:
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return f"{host} did not take a connection within {time_out[0]:g} s. Check the firewall."
    if any(isinstance(cause, (requests.exceptions.Timeout, TimeoutError)) for cause in causes):
        return f"{host} gave no answer within {time_out[1]:g} s."
    if any(isinstance(cause, urllib3.exceptions.ReadTimeoutError) for cause in causes):
        return f"{host} gave no answer within {time_out[1]:g} s."
    if any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes):
        if "refused" in str(error):
            return f"{host} refuses connections. Check api_base and the firewall."
        return f"There is no way to {host}. Check this machine's internet connection and the firewall."
    if any(isinstance(cause, (requests.exceptions.SSLError, ssl.SSLError)) for cause in causes):
        return f"No encrypted connection to {host} came about. Check whether api_base must begin with http or https."
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return f"The answer of {host} is too large or cannot be unpacked."
    return f"{host} cut the connection before its answer was through."


def _refused_before_sending(error: BaseException) -> bool:
    return isinstance(error, (requests.exceptions.ProxyError, requests.exceptions.ConnectTimeout, *NO_ADDRESS))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it was made from: the libraries wrap each other's errors in arguments and reasons."""
    seen: set[int] = set()
    rest: list[object] = [error]
    while rest:
        item = rest.pop()
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        rest += [*item.args, getattr(item, "reason", None)]
