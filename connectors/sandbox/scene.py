"""What the three platforms' worlds share: clock, ids, people, the journal, and who listens."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from connectors.sandbox.identifiers import Identifiers
from connectors.sandbox.people import People
from connectors.sandbox.wire import read_time

Json = Any
Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Happening:
    """Something that took place on a platform; pushes are made from these."""

    platform: str
    account: str
    name: str
    item: Any
    at: datetime


@dataclass
class Scene:
    """One world's shared parts. Every verb and every request holds `lock` while it works."""

    now: Clock
    identifiers: Identifiers
    people: People = field(default_factory=People)
    journal: list[dict[str, Json]] = field(default_factory=list)
    refused: list[dict[str, Json]] = field(default_factory=list)
    listeners: list[Callable[[Happening], None]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def moment(self, at: datetime | str | None) -> datetime:
        """The given moment, or now."""
        return read_time(at) or self.now()

    def tell(self, happening: Happening) -> None:
        """Let every listener know."""
        for listener in self.listeners:
            listener(happening)

    def accepted(self, platform: str, action: str, external_id: str, **details: Json) -> None:
        """Write down what a platform took from us."""
        row = {"platform": platform, "action": action, "external_id": external_id, "at": self.now()}
        blank = dict.fromkeys(("target", "conversation", "person", "text"))
        self.journal.append({**row, **blank, "media": [], **details})


class OnScene(Protocol):
    """Anything that stands on a scene."""

    scene: Scene


_Self = TypeVar("_Self", bound=OnScene)
_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def verb(
    function: Callable[Concatenate[_Self, _Arguments], _Result],
) -> Callable[Concatenate[_Self, _Arguments], _Result]:
    """Mark a method as something that can happen in the world: it holds the lock, and the control API offers it."""

    @functools.wraps(function)
    def locked(self: _Self, /, *arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Result:
        with self.scene.lock:
            return function(self, *arguments, **named)

    locked.is_verb = True  # type: ignore[attr-defined]
    return locked
