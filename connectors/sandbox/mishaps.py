"""What goes wrong on an ordinary day, for the demo: windows that have closed, somebody who has left, a lost answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.sandbox.faults import Faults, cut_before
from connectors.sandbox.living import Living

if TYPE_CHECKING:
    from connectors.sandbox.sandbox import World

WINDOWS_CLOSED = (timedelta(days=9), timedelta(days=8))
"""Longer than a person may still answer: seven days, on Messenger and Instagram."""
_AFTER_THE_OPENING = timedelta(seconds=30)
_LATER = timedelta(seconds=8)


def plan(world: World, living: Living, faults: Faults, now: datetime) -> None:
    """Two private threads nobody may answer any more; half a minute from now, two answers that will not arrive."""
    longer, long = WINDOWS_CLOSED
    world.facebook.message("Gerlinde Achleitner", "Gibt es den Wanderstock auch einzeln?", now - longer)
    world.instagram.message("Tarek Benali", "Hi, do you repair trekking poles?", now - long)
    soon = now + _AFTER_THE_OPENING / living.speed
    living.at(soon, lambda moment: lose_the_answer(world, faults, moment))
    living.at(soon + _LATER / living.speed, lambda moment: leave(world, moment))


def lose_the_answer(world: World, faults: Faults, moment: datetime) -> None:
    """The connection breaks before the platform has taken our next message: nobody can tell until it is read back."""
    faults.next("facebook", "POST messages", cut_before())
    world.facebook.message("Rahel Stöger", "Habt ihr die Trinkflasche in Blau lagernd?", moment)


def leave(world: World, moment: datetime) -> None:
    """Somebody writes and is gone before our answer comes."""
    world.facebook.message("Konrad Eibl", "Wann sperrt ihr morgen auf?", moment)
    world.scene.people.person("Konrad Eibl").unavailable = True
