"""Every setting there is, with its meaning and default. Read once at start from `zuruf.toml` and the environment.

Relative paths (the database's file, the playbook, credential files) start at the project's folder, the one that holds
`daemon.py`, wherever the configuration itself lies.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from connectors.base import Connector, ConnectorError, Login
from inbox.business_hours import HolidayProblem, holiday_calendars
from inbox.setting_values import (
    PROJECT,
    Database,
    Duration,
    Folder,
    HolidayPlaces,
    Interval,
    Keep,
    Listen,
    Names,
    Origin,
    PlatformId,
    PlatformOrigin,
    Secret,
    Zone,
)
from inbox.settings_file import Mistake, Place, SettingsProblem, Written, overlay, parse, read

DEFAULT_FILE = "zuruf.toml"
CREDENTIALS = frozenset(
    {
        *("consumer_key", "consumer_secret", "access_token", "access_token_secret"),
        *("client_id", "client_secret", "refresh_token", "bearer_token"),
        *("app_id", "app_secret", "facebook_app_secret", "verify_token"),
    }
)
"""Every name a credential may have on some channel."""


class Section(BaseModel):
    """A table of the file. Unknown keys are mistakes; nothing changes after start."""

    # pydantic's own engine takes 19 MiB for `[\w.-]{0,199}`; Python's compiles the same in a few hundred bytes.
    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_default=True, str_strip_whitespace=True, regex_engine="python-re"
    )


# -- the tables ------------------------------------------------------------------------------------------------------


class InboxSettings(Section):
    """`[inbox]`"""

    database: Database = Field("sqlite:///var/zuruf.db", repr=False)
    """SQLite file or PostgreSQL address; may be `{ env = … }` or `{ file = … }`."""
    timezone: Zone = "Europe/Vienna"
    """Where the shop is: opening hours, holidays and the clocks people see."""
    language: Literal["de", "en"] = "de"
    """Of the interface and of replies, where the person's own is not known."""
    holidays: HolidayPlaces = ["AT"]
    """Countries or states whose holidays count as closed, for hours that name none themselves."""
    holiday_categories: Names = ["public"]
    """Which kinds of holidays: public, catholic (15 August in Bavaria), bank (24 December in Austria) …"""
    shop_name: str = ""
    """What replies call the shop; empty leaves it out."""
    shop_url: str = ""
    """The shop's address, for replies about prices; empty leaves it out. A link costs extra on X."""
    privacy_url: str = ""
    """Where the privacy notice is, for the first automatic reply; empty leaves it out."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone itself."""
        return ZoneInfo(self.timezone)


class WebSettings(Section):
    """`[web]`"""

    listen: Listen = "127.0.0.1:8080"
    """Host and port; a reverse proxy with TLS stands in front of anything but 127.0.0.1."""
    public_url: Origin = "http://127.0.0.1:8080"
    """What people and platforms call this inbox; https makes cookies secure."""
    metrics_open: bool = False
    """Whether /metrics answers without a token."""

    @property
    def host(self) -> str:
        """The host of `listen`, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port of `listen`; 0 takes a free one."""
        return int(self.listen.rpartition(":")[2])


class PlaybookSettings(Section):
    """`[playbook]`"""

    directory: Folder = Path("crisis_playbook/rules")
    """Where the rules' files are."""
    templates: Folder = Path("templates/replies")
    """Where the replies' texts are, by language and name."""
    watch: bool = True
    """Publish the files when they change and pass every check."""
    second_person: bool = False
    """Whether somebody else must review before a version is published."""


class AutomationSettings(Section):
    """`[automation]`"""

    delay: Duration = timedelta(seconds=10)
    """Before an automatic send; the thread is read again at its end."""
    enabled: bool = True
    """False: rules still decide and suggest, nothing is sent by itself."""
    hourly_cap: Annotated[int, Field(ge=0)] = 300
    """At most so many automatic replies an account and hour; public ones never more than 30."""


class NoticeSettings(Section):
    """`[notices]`"""

    enabled: bool = True
    """False: our own people are told in the inbox alone, not by the addresses of their teams."""


class RetentionSettings(Section):
    """`[retention]`"""

    messages: Keep = None
    """Conversations without a message for so long are deleted, with everything in them."""
    attachments: Keep = timedelta(days=90)
    """The bytes of pictures and files that were sent; that they were sent stays known as long as the conversation."""
    pushes: Keep = timedelta(days=7)
    """Raw webhook bodies after they were understood, and unreadable items somebody has settled."""
    events: Keep = timedelta(days=730)
    """Lines of the timeline and of the audit log."""


class LogSettings(Section):
    """`[logs]`"""

    format: Literal["console", "json"] = "console"
    """Lines for people, or one JSON object a line."""
    level: Literal["debug", "info", "warning", "error"] = "info"


class AccountSettings(Section):
    """`[[accounts]]`"""

    name: Annotated[str, Field(pattern=r"^\w[\w.-]{0,199}\Z")]
    """Unique and stable: history hangs on it, and it is part of the webhook's address."""
    channel: str
    """facebook, instagram or twitter."""
    external_id: PlatformId
    """Page id, Instagram account id, X user id."""
    poll_every: Interval = timedelta(seconds=60)
    api_base: PlatformOrigin | None = None
    """Another origin points this account at a sandbox; None is the platform's own."""
    login: Literal["facebook", "instagram"] | None = None
    """Instagram only: `facebook` (with page_id) or `instagram`."""
    page_id: PlatformId | None = None
    """Instagram with login = "facebook": the Page it hangs on."""
    enterprise: bool = False
    """X: the account has an Enterprise contract, whose rules for automatic public replies differ."""
    human_agent: bool = False
    """Facebook, Instagram: the app holds the Human Agent feature (people may answer for seven days)."""
    monthly_budget: Annotated[float, Field(gt=0)] | None = None
    """US dollars a calendar month (UTC) this account may cost; polling slows down to stay within."""
    credentials: dict[str, Secret] = Field(repr=False)
    """Each a value, `{ env = "NAME" }` or `{ file = "path" }`."""

    @property
    def options(self) -> dict[str, str]:
        """What a connector is told besides credentials; only what was set."""
        options = {"login": self.login, "page_id": self.page_id, "enterprise": "true" if self.enterprise else None}
        return {key: value for key, value in options.items() if value is not None}

    def as_login(self) -> Login:
        """What a connector is built from."""
        return Login(self.name, self.channel, self.external_id, self.api_base, dict(self.credentials), self.options)


class Settings(Section):
    """The whole configuration."""

    inbox: InboxSettings = InboxSettings()
    web: WebSettings = WebSettings()
    playbook: PlaybookSettings = PlaybookSettings()
    automation: AutomationSettings = AutomationSettings()
    notices: NoticeSettings = NoticeSettings()
    retention: RetentionSettings = RetentionSettings()
    logs: LogSettings = LogSettings()
    accounts: list[AccountSettings] = []

    def account(self, name: str) -> AccountSettings | None:
        """The account of that name."""
        return next((account for account in self.accounts if account.name == name), None)


# -- reading ---------------------------------------------------------------------------------------------------------


def config_file(named: str | None, environ: Mapping[str, str]) -> Path:
    """Which file counts: `--config`, then ZURUF_CONFIG, then zuruf.toml in the project's folder."""
    if named or environ.get("ZURUF_CONFIG"):
        return Path(named or environ["ZURUF_CONFIG"])
    return PROJECT / DEFAULT_FILE


def load(file: Path, environ: Mapping[str, str], channels: Mapping[str, type[Connector]]) -> Settings:
    """Reads and checks everything; raises SettingsProblem naming each mistake's place and what to write instead."""
    return _checked(read(file), environ, channels)


def load_playbook_section(file: Path | None, environ: Mapping[str, str]) -> PlaybookSettings:
    """`[playbook]` alone, its defaults without a file: for commands that need neither accounts nor their secrets.

    Raises SettingsProblem.
    """
    written = read(file) if file is not None else parse("")
    overlay(written, {name: value for name, value in environ.items() if name.startswith("ZURUF_PLAYBOOK__")})
    try:
        return PlaybookSettings.model_validate(written.values.get("playbook", {}))
    except ValidationError as error:
        details = [{**detail, "loc": ("playbook", *detail["loc"])} for detail in error.errors()]
        raise SettingsProblem([_mistake(detail, written) for detail in details]) from None  # type: ignore[arg-type]


def load_text(text: str, environ: Mapping[str, str], channels: Mapping[str, type[Connector]]) -> Settings:
    """The same for a configuration that is not a file."""
    return _checked(parse(text), environ, channels)


def _checked(written: Written, environ: Mapping[str, str], channels: Mapping[str, type[Connector]]) -> Settings:
    overlay(written, environ)
    try:
        settings = Settings.model_validate(written.values, context={"environ": environ})
    except ValidationError as error:
        raise SettingsProblem([_mistake(detail, written) for detail in error.errors()]) from None
    mistakes = [*_holiday_mistakes(settings.inbox, written), *_account_mistakes(settings, written, channels)]
    if mistakes:
        raise SettingsProblem(mistakes)
    return settings


_REASONS = {
    "string_pattern_mismatch": 'only letters, digits, ".", "_" and "-", such as "shop-twitter"',
    "string_type": "is text; write it in quotes",
    "string_too_short": "is empty",
    "list_type": "is a list; accounts begin with [[accounts]], other lists stand in brackets",
    "model_type": "is a section; write its name in brackets on a line of its own",
    "dict_type": "is a section; write its name in brackets on a line of its own",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
}


def _mistake(detail: ErrorDetails, written: Written) -> Mistake:
    place: Place = detail["loc"]
    key = str(place[-1])
    if detail["type"] == "extra_forbidden":
        known = list(_section_at(place[:-1]).model_fields)
        close = difflib.get_close_matches(key, known, 1)
        instead = f'write "{close[0]}"' if close else f"known here: {', '.join(known)}"
        return Mistake(written.where(place), f"{_title(place)} is unknown; {instead}")
    if detail["type"] == "missing":
        example = "a section [accounts.credentials]" if key == "credentials" else f'{key} = "…"'
        return Mistake(written.where(place), f"{_title(place)} is missing; add {example}")
    reason = _REASONS.get(detail["type"]) or re.sub(r"^(Value error, |Input should be )", "", detail["msg"])
    if detail["type"] in ("literal_error", "bool_parsing", "bool_type", "int_parsing", "float_parsing", "greater_than"):
        reason = f"write {reason}"
    # Never the value itself: it may be a secret.
    return Mistake(written.where(place), f"{_title(place)}: {reason[:1].lower()}{reason[1:]}")


def _title(place: Place) -> str:
    names = [str(part) for part in place if not isinstance(part, int)]
    return names[0] if len(names) == 1 else f"[{'.'.join(names[:-1])}] {names[-1]}"


def _section_at(place: Place) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for part in place:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        model = next(iter(get_args(annotation)), annotation)  # type: ignore[assignment]
    return model


def _holiday_mistakes(inbox: InboxSettings, written: Written) -> list[Mistake]:
    """A place without holidays would otherwise show only where opening hours name none themselves."""
    defaults = InboxSettings()
    if (inbox.holidays, inbox.holiday_categories) == (defaults.holidays, defaults.holiday_categories):
        return []
    for key, categories in (("holidays", ["public"]), ("holiday_categories", inbox.holiday_categories)):
        try:
            holiday_calendars(tuple(inbox.holidays), tuple(categories))
        except HolidayProblem as error:
            return [Mistake(written.where(("inbox", key)), f"[inbox] {key}: {error}")]
    return []


def _account_mistakes(settings: Settings, written: Written, channels: Mapping[str, type[Connector]]) -> list[Mistake]:
    mistakes: list[Mistake] = []

    def wrong(place: Place, what: str) -> None:
        mistakes.append(Mistake(written.where(place), what))

    names = Counter(account.name for account in settings.accounts)
    seen: set[str] = set()
    for number, account in enumerate(settings.accounts):
        place: Place = ("accounts", number)
        if names[account.name] > 1 and account.name in seen:
            wrong((*place, "name"), f'[accounts] name: "{account.name}" is taken; each account has a name of its own')
        seen.add(account.name)
        if account.channel not in channels:
            known = ", ".join(sorted(channels))
            wrong((*place, "channel"), f'[accounts] channel: "{account.channel}" is unknown; write one of: {known}')
            continue
        connector = channels[account.channel]
        problem = _credential_problem(account, connector)
        if problem is not None:
            name, what = problem
            wrong((*place, "credentials", name) if name else (*place, "credentials"), what)
            continue
        try:
            # Asks nobody: a connector looks at its own settings when it is built.
            connector(account.as_login())
        except ConnectorError as error:
            wrong(place, f'[accounts] "{account.name}": {error}')
    return mistakes


def _credential_problem(account: AccountSettings, connector: type[Connector]) -> tuple[str, str] | None:
    """The credential that is wrong, empty for all of them, and what to do."""
    required: tuple[tuple[str, ...], ...] = connector.required_credentials
    known = CREDENTIALS.union(*required)
    for name in account.credentials:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            instead = f'write "{close[0]}"' if close else f"known: {', '.join(sorted(known))}"
            return name, f"[accounts.credentials] {name} is unknown; {instead}"
    if required and not any(set(names) <= set(account.credentials) for names in required):
        wanted = ", or ".join(", ".join(names) for names in required)
        return "", f'[accounts.credentials] of "{account.name}" lack something; {account.channel} needs: {wanted}'
    return None
