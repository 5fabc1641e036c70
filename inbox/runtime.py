"""What daemon.py builds once and passes in: everything a unit of work or a page may need from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from connectors.base import Connector
from inbox.clock import Clock
from inbox.intake import Intake

if TYPE_CHECKING:
    from inbox.playbooks import PlaybookInForce
    from inbox.secrets_at_rest import SecretsAtRest
    from inbox.settings import Settings
    from inbox.wording import Wording

Sessions = sessionmaker[Session]
Channels = Mapping[str, type[Connector]]
"""Every channel there is, by name: `connectors.REGISTRY`, passed in because the inbox knows only `connectors.base`."""


@dataclass(slots=True)
class Runtime:
    """One running process."""

    settings: Settings
    engine: Engine
    sessions: Sessions
    clock: Clock
    channels: Channels
    playbook: PlaybookInForce
    wording: Wording
    vault: SecretsAtRest
    connectors: dict[str, Connector] = field(default_factory=dict)
    """The signed-in connectors by account name; replaced when a login is refreshed."""
    logins: dict[str, str | None] = field(default_factory=dict)
    """The sealed login each connector was built from, to notice that another process has refreshed it."""
    intake: Intake = field(init=False)
    """Where pushes are stored."""
    process: str = "zuruf"
    """Names this process in claims."""
    measured: dict[int, tuple[datetime, timedelta | None]] = field(default_factory=dict)
    """Reply times measured lately, by account; see `variables`."""
    files_seen: object = None
    """The playbook's files as they were last followed, so that they are read only when they change."""
    wake: Callable[[], None] = lambda: None
    """Tells the ticker that there is work now, so that a push need not wait for its next tick."""
    scheduler_ticked_at: Callable[[], datetime | None] | None = None
    """When this process' scheduler last ticked, for /readyz; None where the process has no scheduler (role web)."""

    def __post_init__(self) -> None:
        self.intake = Intake(self.sessions)
