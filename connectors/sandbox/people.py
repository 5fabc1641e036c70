"""The invented customers: one person, with an identity on each platform."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

NAMES = (
    "Anna Kirchschlager", "Tobias Rehleitner", "Fatima Özkaya", "Greta Lindqvist", "Ferdinand Moosbrugger",
    "Milena Jovanović", "Sepp Hinterleitner", "Claire Donnelly", "Jonas Wiesbauer", "Ayşe Demirel",
    "Rosa Puchegger", "Marvin Oberhummer", "Zsófia Hegedűs", "Liam Carrigan", "Hannelore Stöckl",
    "Bastian Graf", "Priya Ramanathan", "Lukas Feichtinger", "Edeltraud Nussbaumer", "Noah Petersen",
    "Vroni Lechthaler", "Dragan Simić", "Ida Brandstötter", "Oskar Wimmer", "Chiara Bellandi",
    "Katharina Zauner", "Emre Yıldırım", "Sophie Marchetti", "Alois Gruber-Pichl", "Nina Vogelsang",
    "Jakob Thalhammer", "Mei Lin Schuster", "Paul Aschauer", "Theresa Kofler", "Ben Whitcombe",
    "Ulrike Haberl", "Samuel Adeyemi", "Lotte Krenn", "Xaver Huemer", "Daria Kowalczyk",
)  # fmt: skip
"""Forty invented people of a shop in Vienna and its visitors."""


@dataclass(eq=False)
class Person:
    """Somebody who writes to the shop. Switches below change what the platforms tell about them."""

    name: str
    handle: str
    facebook_id: str
    instagram_id: str
    twitter_id: str
    followers: int = 120
    unavailable: bool = False
    """Has blocked the shop or left: messages to them are refused."""
    suspended: bool = False
    """X: absent from `includes.users` and not to be written to; posts still stand in the lists."""
    protected: bool = False
    """X: posts are not ours to see; lists come shorter."""
    nameless: bool = False
    """Meta: `from` (and `username`) is withheld."""


class People:
    """Everybody the world knows; a new name is a new person."""

    def __init__(self) -> None:
        self._by_name: dict[str, Person] = {}
        self._by_id: dict[str, Person] = {}
        self._by_handle: dict[str, Person] = {}

    def person(self, who: Person | str) -> Person:
        """A person by name, or by any of their ids; an unknown name becomes a new person."""
        if isinstance(who, Person):
            return who
        known = self._by_id.get(who) or self._by_name.get(who)
        if known is None:
            known = self._invent(who)
        return known

    def by_id(self, external_id: str) -> Person | None:
        """The person with this id on any platform."""
        return self._by_id.get(external_id)

    def by_handle(self, handle: str) -> Person | None:
        """The person with this handle, letter case aside."""
        return self._by_handle.get(handle.lower())

    def _invent(self, name: str) -> Person:
        number = len(self._by_name) + 1
        plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:11] or "kunde"
        person = Person(
            name=name,
            handle=f"{plain}{number:03d}",
            facebook_id=f"77{number:014d}",
            instagram_id=f"12{number:014d}",
            twitter_id=f"14{number:017d}",
            followers=zlib.crc32(name.encode()) % 1500,
        )
        self._by_name[name] = person
        self._by_handle[person.handle.lower()] = person
        for external_id in (person.facebook_id, person.instagram_id, person.twitter_id):
            self._by_id[external_id] = person
        return person
