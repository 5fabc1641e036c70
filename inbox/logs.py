"""Log lines an operator can read: time at the shop, level, who speaks, what happened in words, then key=value.

`structlog.get_logger("poll").info("page stored", account="shop-twitter", new=12)`. Everything, ours and the libraries',
leaves through one handler, whose last step takes out whatever looks like a token and every configured secret. That is
the net under the rule, not the rule: nothing that holds a secret is logged in the first place.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, TextIO
from urllib.parse import quote
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.engine import make_url
from structlog.typing import EventDict, Processor, WrappedLogger

from inbox.clock import Clock, system_clock
from inbox.settings import Settings

QUIET = (
    *("tweepy", "oauthlib", "requests_oauthlib", "requests", "urllib3", "httpx", "httpcore"),
    *("apscheduler", "alembic", "apprise", "uvicorn", "uvicorn.error", "uvicorn.access", "asyncio", "watchfiles"),
)
"""Libraries that are heard from WARNING on: tweepy prints bearer tokens at DEBUG, uvicorn a line for each request."""
HIDDEN = "[hidden]"
_NAMED = re.compile(
    r"""(?ix)
    ( (?:access_token|refresh_token|client_secret|consumer_secret|app_secret|appsecret_proof|input_token|verify_token
        |fb_exchange_token|oauth_token|oauth_signature|oauth_verifier|password|passwd|secret|api_key|csrf)
      ["']? \s* (?:=|:|%3D) \s* ["']? )
    (?!\[hidden\]) [^\s"'&,;<>})\]]+
    """
)
_BEARER = re.compile(r"(?i)\b(bearer|basic|oauth)\s+(?=[\w.~+/%=-]*\d)[\w.~+/%=-]{12,}")
_SHAPED = re.compile(r"\b(?:EAA[A-Za-z0-9]{16,}|IGAA[\w-]{16,}|IGQ[\w-]{16,}|zrf_[\w-]{16,}|gAAAAA[\w-]{40,}=*)")
_IN_ADDRESS = re.compile(r"(://[^\s:/@]*:)[^\s@/]+@")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x80-\x9f\u2028\u2029]")


class Redactor:
    """Takes secrets out of text: the ones it knows, and whatever has a token's name or shape."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Knows these too from now on, such as a refreshed token. Texts under six characters would hide words."""
        self._known |= {form for secret in secrets if len(secret) >= 6 for form in (secret, quote(secret, safe=""))}
        longest_first = sorted(self._known, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(HIDDEN, text)
        text = _IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
        text = _NAMED.sub(rf"\1{HIDDEN}", text)
        return _SHAPED.sub(HIDDEN, _BEARER.sub(rf"\1 {HIDDEN}", text))


def set_up(settings: Settings, *, clock: Clock = system_clock, stream: TextIO | None = None) -> Redactor:
    """Routes every log line of this process to `stream` (standard error). Returns the redactor, which learns more.

    Safe to call again: the handler is replaced.
    """
    stream = stream or sys.stderr
    redactor = Redactor(configured_secrets(settings))
    as_json = settings.logs.format == "json"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        _stamp(clock, None if as_json else settings.inbox.zone),
    ]
    renderer: list[Processor] = (
        [_in_utc, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
        if as_json
        else [_one_line(settings.inbox.zone), _console(stream)]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *renderer,
                _last(redactor),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.logs.level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # A round whose time comes while it is under way is skipped on purpose: the next time makes up for it.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return redactor


def _console(stream: TextIO) -> Processor:
    # The default formatter, where rich is installed, prints local variables, and with them tokens.
    plain = structlog.dev.plain_traceback
    return structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=0, exception_formatter=plain)


def configured_secrets(settings: Settings) -> list[str]:
    """Every secret the configuration holds."""
    secrets = [secret for account in settings.accounts for secret in account.credentials.values()]
    password = make_url(settings.inbox.database).password
    return [*secrets, str(password)] if password else secrets


def _stamp(clock: Clock, zone: ZoneInfo | None) -> Processor:
    def stamp(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        now = clock()
        if zone is None:
            line["timestamp"] = now.isoformat().replace("+00:00", "Z")
        else:
            line["timestamp"] = now.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
        return line

    return stamp


def _in_utc(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    for key, value in line.items():
        if isinstance(value, datetime):
            line[key] = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return line


def _one_line(zone: ZoneInfo) -> Processor:
    """What strangers wrote must not draw on the terminal or begin a line of its own; times are the shop's."""

    def one_line(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        for key, value in line.items():
            if isinstance(value, datetime):
                line[key] = value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
            elif isinstance(value, str) and key not in ("exception", "stack"):
                line[key] = _CONTROL.sub("�", value.replace("\n", "⏎"))
        return line

    return one_line


def _last(redactor: Redactor) -> Any:
    def last(_logger: WrappedLogger, _method: str, rendered: str) -> str:
        return redactor(rendered)

    return last
