"""The kinds of values a setting can have: each is checked at the door and says what to write instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from inbox.durations import format_duration, parse_duration

PROJECT = Path(__file__).resolve().parent.parent
"""The folder that holds `daemon.py`."""


def _resolve_secret(value: object, info: ValidationInfo) -> object:
    """A value, `{ env = "NAME" }` or `{ file = "path" }`."""
    if not isinstance(value, dict):
        if isinstance(value, str) and not value.strip():
            raise ValueError("is empty")
        return value
    if len(value) != 1 or next(iter(value)) not in ("env", "file"):
        raise ValueError('write the value itself, { env = "NAME" } or { file = "path" }')
    environ: Mapping[str, str] = (info.context or {}).get("environ", {})
    if "env" in value:
        found = environ.get(str(value["env"]), "")
        if not found:
            raise ValueError(f"the environment variable {value['env']} is not set")
        return found
    path = PROJECT / str(value["file"])
    try:
        found = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ValueError(f"the file {path} cannot be read ({reason})") from None
    if not found:
        raise ValueError(f"the file {path} is empty")
    return found


def _listed(value: object) -> object:
    """A list, or text with commas (from the environment)."""
    if not isinstance(value, str):
        return value
    return [part.strip().strip("\"'") for part in value.strip().strip("[]").split(",") if part.strip().strip("\"'")]


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError('not an address; write an origin such as "https://api.twitter.com"')
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username:
        raise ValueError(
            f'only scheme, host and port belong here; write "{parts.scheme}://{parts.netloc.split("@")[-1]}"'
        )
    try:
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        raise ValueError("the port is not a number from 1 to 65535") from None
    return f"{parts.scheme}://{parts.netloc}"


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _platform_origin(value: str) -> str:
    origin = _origin(value)
    parts = urlsplit(origin)
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ValueError(
            f'tokens would travel readable; write "https://{parts.netloc}" (http is for this machine only)'
        )
    return origin


def _listen(value: str) -> str:
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\s\[\]]+):(\d{1,5})", value)
    if not found or int(found.group(2)) > 65535:
        raise ValueError('not an address to listen on; write host:port, such as "127.0.0.1:8080"')
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError('not a time zone; write its name, such as "Europe/Vienna" or "Europe/Berlin"') from None
    return value


def _database(value: str) -> str:
    try:
        url = make_url(value)
    except ArgumentError:
        raise ValueError(
            'not a database address; write "sqlite:///var/zuruf.db" or "postgresql+psycopg://user:password@host/name"'
        ) from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ValueError('everything would be lost at the end; name a file, such as "sqlite:///var/zuruf.db"')
        return url.set(database=str(PROJECT / url.database)).render_as_string(hide_password=False)
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise ValueError(f'{url.drivername} is not supported; write "sqlite:///…" or "postgresql+psycopg://…"')
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _holiday_place(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?", value):
        raise ValueError('not a country or state; write "AT", "DE-BY", "AT-9" or "CH-ZH"')
    return value.upper()


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError('must be longer than nothing; write for example "60s"')
    return value


def _kept(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "forever" else value


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(format_duration)]
Interval = Annotated[Duration, AfterValidator(_positive)]
Keep = Annotated[Annotated[Interval, Field()] | None, BeforeValidator(_kept)]
"""How long something is kept; None (written "forever") means always."""
Secret = Annotated[str, BeforeValidator(_resolve_secret)]
HolidayPlace = Annotated[str, AfterValidator(_holiday_place)]
Database = Annotated[str, BeforeValidator(_resolve_secret), AfterValidator(_database)]
Zone = Annotated[str, AfterValidator(_zone)]
Listen = Annotated[str, AfterValidator(_listen)]
Origin = Annotated[str, AfterValidator(_origin)]
PlatformOrigin = Annotated[str, AfterValidator(_platform_origin)]
"""Like Origin; without TLS only on this machine."""
Names = Annotated[list[str], BeforeValidator(_listed)]
HolidayPlaces = Annotated[list[HolidayPlace], BeforeValidator(_listed)]
PlatformId = Annotated[
    str, BeforeValidator(lambda value: str(value) if type(value) is int else value), Field(min_length=1)
]
"""An id as text; a bare number is taken as its digits."""
Folder = Annotated[Path, AfterValidator(lambda path: PROJECT / path)]
