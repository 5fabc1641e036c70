"""A fourth channel that exists only here: a guestbook with a letter box. It proves docs/adding-a-channel.md.

The book itself stands in for a platform: it keeps entries and letters, and can be told to fail. `Guestbook` is the
whole connector, as small as the contract allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import ClassVar

from connectors.base import (
    Author,
    Capabilities,
    Change,
    ChangeKind,
    Cursor,
    FilesTaken,
    InboundMessage,
    Inspection,
    Kind,
    Login,
    LoginExpired,
    MediaFile,
    NewLogin,
    OutcomeUnknown,
    Page,
    Poll,
    RateLimited,
    Receipt,
    RefusalReason,
    Refused,
    Reply,
    Situation,
    Stream,
    Unavailable,
    Unreadable,
    Uploaded,
    Usage,
    Visibility,
    Way,
    WayOption,
    WayState,
)
from tests.connectors.stage import Trouble
from tests.stepped_clock import SteppedClock

LONGEST = 500


@dataclass
class Entry:
    """A line in the book, or a letter."""

    number: int
    text: str
    at: datetime
    letter: bool
    own: bool
    below: int | None = None
    changed: datetime | None = None


@dataclass
class Book:
    """The platform."""

    clock: SteppedClock
    entries: dict[int, Entry] = field(default_factory=dict)
    last: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)

    def write(self, text: str, *, letter: bool = False, own: bool = False, below: int | None = None) -> Entry:
        self.last += 1
        self.entries[self.last] = Entry(self.last, text, self.clock(), letter, own, below)
        return self.entries[self.last]

    def strike(self, *kinds: Trouble) -> Trouble | None:
        """The next trouble, when it is one of these."""
        return self.troubles.pop(0) if self.troubles and self.troubles[0] in kinds else None


BOOKS: dict[str, Book] = {}
"""Where the books lie, by address."""


class Guestbook:
    """One guestbook, signed in."""

    channel: ClassVar[str] = "guestbook"
    capabilities: ClassVar[Capabilities] = Capabilities(
        title="Guestbook",
        kinds=frozenset({Kind.COMMENT, Kind.DIRECT_MESSAGE}),
        ways=frozenset({Way.PUBLIC_REPLY, Way.DIRECT_MESSAGE}),
        can_hide=False,
        look_again_batch=50,
    )
    required_credentials: ClassVar[tuple[tuple[str, ...], ...]] = (("key",),)

    def __init__(self, login: Login) -> None:
        self._login = login
        self._book = BOOKS[str(login.api_base)]

    def streams(self) -> tuple[Stream, ...]:
        return (Stream("entries"),)

    def fetch(self, stream: str, cursor: Cursor | None, poll: Poll) -> Page:
        self._fail(Trouble.RATE_LIMITED, Trouble.LOGIN_EXPIRED, Trouble.DOWN, Trouble.CUT, Trouble.NONSENSE)
        after = int((cursor or {}).get("after", 0))
        rows = [entry for number, entry in sorted(self._book.entries.items()) if number > after][:10]
        if rows and self._book.strike(Trouble.BROKEN_ROW):
            good = rows[:-1]
            odd = Unreadable(stream, "it has no text", "{}", str(rows[-1].number))
            return Page(
                {"after": good[-1].number if good else after}, self._all(good), unreadable=(odd,), usage=Usage(1)
            )
        here = rows[-1].number if rows else after
        return Page({"after": here}, self._all(rows), more=len(rows) == 10, usage=Usage(1))

    def look_again(self, external_ids: Sequence[str], poll: Poll) -> Page:
        found = [entry for entry in map(self._book.entries.get, map(int, external_ids)) if entry is not None]
        left = {str(entry.number) for entry in found}
        gone = tuple(Change(known, ChangeKind.DELETED, poll.now) for known in external_ids if known not in left)
        return Page({}, self._all(found), changes=gone)

    def read_thread(self, conversation_id: str, kind: Kind, poll: Poll) -> Page:
        every = self._all(list(self._book.entries.values()))
        return Page({}, tuple(message for message in every if message.conversation_id == conversation_id))

    def upload(self, file: MediaFile, way: Way, now: datetime) -> Uploaded:
        raise Refused("A guestbook takes words only.", reason=RefusalReason.ATTACHMENT_REFUSED)

    def send(self, reply: Reply, now: datetime) -> Receipt:
        if reply.files:
            raise Refused("A guestbook takes words only.", reason=RefusalReason.ATTACHMENT_REFUSED)
        if len(reply.text) > LONGEST:
            raise Refused(f"At most {LONGEST} characters fit.", reason=RefusalReason.TOO_LONG)
        self._fail(Trouble.RATE_LIMITED, Trouble.LOGIN_EXPIRED)
        if self._book.strike(Trouble.WRITE_CUT_BEFORE):
            raise OutcomeUnknown("The line went dead.")
        letter = reply.way is Way.DIRECT_MESSAGE
        below = None if letter or reply.target_id is None else int(reply.target_id)
        entry = self._book.write(reply.text, letter=letter, own=True, below=below)
        self._book.taken.append(reply.text)
        if self._book.strike(Trouble.WRITE_CUT_AFTER):
            raise OutcomeUnknown("The line went dead.")
        return Receipt(str(entry.number), reply.conversation_id, reply.recipient_id, entry.at)

    def find_own(self, reply: Reply, now: datetime) -> Receipt | None:
        since = (reply.attempted_at or now) - timedelta(minutes=2)
        for entry in self._book.entries.values():
            known = str(entry.number)
            if entry.own and entry.text == reply.text and entry.at >= since and known not in reply.known_own_ids:
                return Receipt(known, reply.conversation_id, reply.recipient_id, entry.at)
        return None

    def hide(self, external_id: str, hidden: bool, now: datetime) -> Usage:
        raise Refused("A guestbook hides nothing.", reason=RefusalReason.NOT_PERMITTED)

    def inspect(self, now: datetime) -> Inspection:
        return Inspection("The guestbook")

    def refresh_login(self, now: datetime) -> NewLogin | None:
        return None

    @staticmethod
    def ways(situation: Situation) -> tuple[WayOption, ...]:
        if situation.kind is Kind.DIRECT_MESSAGE:
            return (WayOption(Way.DIRECT_MESSAGE, WayState.AVAILABLE, "open"),)
        gone = situation.target_deleted
        state, reason = (WayState.NOT_PERMITTED, "target_gone") if gone else (WayState.AVAILABLE, "open")
        return (WayOption(Way.PUBLIC_REPLY, state, reason),)

    @staticmethod
    def files_taken(way: Way, options: Mapping[str, str]) -> FilesTaken | None:
        return None

    @staticmethod
    def text_length(text: str, way: Way) -> int:
        return len(text)

    @staticmethod
    def text_limit(way: Way) -> int:
        return LONGEST

    def answer_challenge(self, query: Mapping[str, str]) -> str | None:
        return None

    def signature_fits(self, headers: Mapping[str, str], body: bytes) -> bool:
        return False

    def read_push(self, body: bytes, now: datetime) -> Page:
        return Page({}, unreadable=(Unreadable("push", "a guestbook pushes nothing", body.hex()[:1000]),))

    def _fail(self, *kinds: Trouble) -> None:
        trouble = self._book.strike(*kinds)
        if trouble is Trouble.RATE_LIMITED:
            raise RateLimited("One page a minute.", until=self._book.clock() + timedelta(minutes=1))
        if trouble is Trouble.LOGIN_EXPIRED:
            raise LoginExpired("The key does not turn. Ask for a new one.")
        if trouble is not None:
            raise Unavailable("The book is closed.")

    def _all(self, entries: Sequence[Entry]) -> tuple[InboundMessage, ...]:
        return tuple(map(self._message, entries))

    def _message(self, entry: Entry) -> InboundMessage:
        root = entry
        while root.below is not None:
            root = self._book.entries[root.below]
        guest = Author("guest", "A guest")
        return InboundMessage(
            external_id=str(entry.number),
            conversation_id="letters" if entry.letter else str(root.number),
            kind=Kind.DIRECT_MESSAGE if entry.letter else Kind.COMMENT,
            visibility=Visibility.PRIVATE if entry.letter else Visibility.PUBLIC,
            own=entry.own,
            text=entry.text,
            sent_at=entry.at,
            author=Author("house", "The house") if entry.own else guest,
            correspondent=guest if entry.letter else None,
            edited_at=entry.changed,
        )


class GuestbookStage:
    """The stage the contract's tests play on."""

    def __init__(self, clock: SteppedClock) -> None:
        self.clock = clock
        self.book = Book(clock)
        self.address = f"book://{id(self)}"
        BOOKS[self.address] = self.book

    @property
    def login(self) -> Login:
        return Login("hall", "guestbook", "house", self.address, {"key": "fake-front-door-key"})

    def connect(self) -> Guestbook:
        return Guestbook(self.login)

    def public(self, text: str) -> str:
        return str(self.book.write(text).number)

    def private(self, text: str) -> str:
        return str(self.book.write(text, letter=True).number)

    def colleague_public(self, target: str, text: str) -> str:
        return str(self.book.write(text, own=True, below=int(target)).number)

    def colleague_private(self, text: str) -> str:
        return str(self.book.write(text, letter=True, own=True).number)

    def delete(self, external_id: str) -> None:
        del self.book.entries[int(external_id)]

    def edit(self, external_id: str, text: str) -> None:
        entry = self.book.entries[int(external_id)]
        self.book.entries[entry.number] = replace(entry, text=text, changed=self.clock())

    def trouble(self, trouble: Trouble, times: int = 1) -> None:
        self.book.troubles += [trouble] * times

    def rates(self, troubles: Sequence[Trouble], share: float, seed: int) -> None:
        self.book.troubles += [Trouble.DOWN, Trouble.CUT, Trouble.NONSENSE]

    def calm(self) -> None:
        self.book.troubles.clear()

    def written(self) -> list[str]:
        return self.book.taken

    def carried(self) -> list[str]:
        return []
