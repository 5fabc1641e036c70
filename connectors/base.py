"""What every channel promises the inbox, and the words both sides share. Standard library only.

A connector is one signed-in account on one platform. It translates: it keeps nothing between calls, waits for
nothing, and decides nothing. Time comes in as an argument and is always an aware `datetime` in UTC.

The error tree, sorted by what must happen next:

    ConnectorError
    ├── NothingHappened            certain: the platform did not do what we asked
    │   ├── Refused                this request, for ever; `reason` says what a person can do instead
    │   ├── RateLimited            wait, until the told time where there is one
    │   ├── LoginExpired           log in again
    │   ├── WritesBlocked          the platform asked us to stop writing
    │   ├── Unavailable            the platform or the network is down; try again later
    │   └── Misconfigured          our request is wrong: a setting or a bug, no retry helps
    └── OutcomeUnknown             in doubt: it may have become visible; read back before anything else
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

Json = Any
Cursor = Mapping[str, Json]
"""Where a stream stands. Opaque to the inbox, JSON, never a secret and never an address."""


class Kind(StrEnum):
    """What a conversation is."""

    COMMENT = "comment"
    MENTION = "mention"
    DIRECT_MESSAGE = "direct_message"


class Visibility(StrEnum):
    """Who can read a message: everybody, or one person."""

    PUBLIC = "public"
    PRIVATE = "private"


class Way(StrEnum):
    """How an answer can reach a person. A channel offers some of them; the law of the platform decides when."""

    PUBLIC_REPLY = "public_reply"
    PRIVATE_REPLY = "private_reply"
    """One private message to the author of a public comment."""
    DIRECT_MESSAGE = "direct_message"
    """A message in a private conversation that exists."""
    PUBLIC_REPLY_WITH_LINK = "public_reply_with_link"
    """A public reply carrying the platform's link that opens a direct message to us."""
    ASK_TO_WRITE_FIRST = "ask_to_write_first"
    """A public reply asking the person to send us a direct message."""
    ON_PLATFORM = "on_platform"
    """Not through the API: a person answers in the platform's own app."""


class WayState(StrEnum):
    """Whether a way is open now."""

    AVAILABLE = "available"
    USED = "used"
    EXPIRED = "expired"
    NEEDS_PERSON_FIRST = "needs_person_first"
    NOT_PERMITTED = "not_permitted"


class RefusalReason(StrEnum):
    """Why a platform refused for ever; each has a sentence and an alternative in the inbox."""

    WINDOW_CLOSED = "window_closed"
    ALREADY_REPLIED_PRIVATELY = "already_replied_privately"
    NOT_SUMMONED = "not_summoned"
    PERSON_UNAVAILABLE = "person_unavailable"
    DUPLICATE = "duplicate"
    TOO_LONG = "too_long"
    TARGET_GONE = "target_gone"
    NOT_REPLYABLE = "not_replyable"
    NOT_PERMITTED = "not_permitted"
    ATTACHMENT_REFUSED = "attachment_refused"
    INVALID = "invalid"


# -- what comes in ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote. Every part may be missing: platforms withhold names, handles and even ids."""

    external_id: str | None = None
    name: str | None = None
    handle: str | None = None
    followers: int | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A picture, film, sticker or share. `url` expires on most platforms and is never followed by us."""

    type: str
    url: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """The post a comment or mention stands under."""

    external_id: str
    text: str | None = None
    permalink: str | None = None
    posted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message as it stands on the platform now, whoever wrote it.

    `external_id` is the one canonical spelling, unique within the account; `conversation_id` likewise names the
    thread: the root comment, the root post of a mention thread, or the direct-message thread. `own` is true when our
    account wrote it (by us, by a colleague in the platform's app, or by another program). The same message may be
    delivered any number of times; the latest delivery is the truth.
    """

    external_id: str
    conversation_id: str
    kind: Kind
    visibility: Visibility
    own: bool
    text: str
    sent_at: datetime
    author: Author = Author()
    addressed: bool = True
    """It speaks to us: on our page, in a direct message, or naming our account."""
    parent_id: str | None = None
    subject: Subject | None = None
    permalink: str | None = None
    attachments: tuple[Attachment, ...] = ()
    language: str | None = None
    edited_at: datetime | None = None
    hidden: bool | None = None
    """None: the platform did not say."""
    correspondent: Author | None = None
    """Direct messages: the other person, also when `own` is true."""
    summons_us: bool | None = None
    """X: the author mentioned or quoted our account in this very post, which lets a program answer."""
    can_reply_privately: bool | None = None
    private_conversation_id: str | None = None
    """The private thread that answers this public message, where the platform tells."""
    app_scoped_marker: str | None = None
    """What we attached to our own send (Messenger `metadata`), when the platform returns it."""


class ChangeKind(StrEnum):
    """What happened to a message we may already hold."""

    EDITED = "edited"
    DELETED = "deleted"
    HIDDEN = "hidden"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Change:
    """An edit, deletion or hiding. One about a message we do not hold yet must still win over its late arrival."""

    external_id: str
    kind: ChangeKind
    at: datetime
    text: str | None = None
    certain: bool = True
    """False: a deletion that only time makes final. Until it is told once more, the message may be shown again."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Everything the platform shows of one thread or post within [oldest, newest]; what we hold of it in that range
    and is not in `external_ids` has been deleted."""

    scope: str
    """A conversation id, or a subject's id where `by_subject` is true."""
    by_subject: bool
    oldest: datetime
    newest: datetime
    external_ids: frozenset[str]
    certain: bool = True
    """False: the platform counts more than it lists, so what we hold beyond the list is asked for before it counts as
    deleted."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that could not be translated: stored and shown, so that one bad row never stops a page."""

    stream: str
    reason: str
    raw: str
    """The item as JSON text, bounded to 64 KiB, without secrets."""
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages that exist, or may exist, and that the platform will not show us any more. Shown, never hidden."""

    conversation_id: str | None
    after: datetime | None
    before: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class Quota:
    """How much of a platform's allowance is used."""

    name: str
    used_percent: float
    resets_at: datetime | None = None
    remaining: int | None = None
    """Calls left until then, where the platform counts calls."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call consumed. `resources` counts what is charged, by the names of `Capabilities.prices`."""

    calls: int = 0
    resources: Mapping[str, int] = field(default_factory=dict)
    resource_ids: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Where a platform charges a resource once a UTC day: which ones were read."""
    quotas: tuple[Quota, ...] = ()


@dataclass(frozen=True, slots=True)
class Tally:
    """What a platform tells of a thread beside its messages: what the list of them lacks shows in it."""

    newest_at: datetime | None = None
    """When the thread grew last."""
    count: int | None = None
    """How many messages stand in it, where the list should hold them all."""


@dataclass(frozen=True, slots=True)
class Page:
    """One step of one stream: what came, and where the stream stands afterwards.

    The inbox stores both in one transaction. `more` asks to be called again at once: the walk is not finished.
    """

    cursor: Cursor
    messages: tuple[InboundMessage, ...] = ()
    changes: tuple[Change, ...] = ()
    listings: tuple[Listing, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    gaps: tuple[Gap, ...] = ()
    look_at: tuple[str, ...] = ()
    """Ids the platform only pointed at (an Instagram mention): the inbox passes them to `look_again`."""
    more: bool = False
    usage: Usage = Usage()
    tally: Tally = Tally()
    """Of the one thread that `read_thread` was asked for."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One thing to poll, with its own cursor and its own clock."""

    name: str
    every: float = 1.0
    """Times the account's `poll_every`: 1 for what answers are waited for, more for what can wait."""
    least_every: timedelta = timedelta(0)
    """Never more often than this, whatever `poll_every` says (a platform's rate limit)."""
    allowance: str = ""
    """Which of the platform's allowances its calls count against, by the name its `Quota` has; streams of one allowance
    are silent together. Empty: one of its own."""


@dataclass(frozen=True, slots=True)
class Poll:
    """What a fetch may know: now, where the first import begins, and the posts that were active lately."""

    now: datetime
    since: datetime
    active_subjects: Sequence[str] = ()
    subjects_by_others: frozenset[str] = frozenset()
    """Those of `active_subjects` that are messages to us or about us themselves, not posts of our own."""
    resting: frozenset[str] = frozenset()
    """Allowances that must be left alone now: a stream whose turns draw on several leaves out the turns of these."""


# -- what goes out ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MediaFile:
    """A picture, film or document that goes along with a reply."""

    content_type: str
    """Told from its bytes: `image/jpeg`, `video/mp4`, `application/pdf`."""
    name: str
    alternative_text: str = ""
    """What a picture shows, for who cannot see it; empty where nobody wrote it."""
    content: bytes = field(default=b"", repr=False)
    """Empty where only looking for a reply: nothing is carried then."""
    platform_id: str | None = None
    """What `upload` was told."""
    fetch_url: str | None = None
    """Where the platform can fetch it for a while, for ways whose files are fetched."""


class Delivery(StrEnum):
    """How a file reaches the platform."""

    UPLOADED = "uploaded"
    """Brought there by `upload` before the reply is said; nobody sees it yet, so that may be repeated."""
    WITHIN = "within"
    """In the same request as the reply."""
    FETCHED = "fetched"
    """The platform fetches it from our public address."""


@dataclass(frozen=True, slots=True)
class FilesTaken:
    """Which files one way of answering takes."""

    largest: Mapping[str, int]
    """Bytes, by content type; other types are not taken."""
    delivery: Delivery
    most: int = 1
    """Files in one message."""
    with_text: bool = True
    """Text and files in one message; False: the platform takes each as a message of its own."""
    longest_alternative_text: int = 0
    """Characters; 0 where the platform keeps none."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A file stands on the platform, seen by nobody."""

    platform_id: str
    expires_at: datetime | None = None
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing to say, with everything a connector needs to say it and to find it again."""

    marker: str
    """Unique to this outbox item; travels along where a platform takes it."""
    way: Way
    text: str
    conversation_id: str
    target_id: str | None
    """The message that is answered."""
    recipient_id: str | None
    """The person, for private ways."""
    subject_id: str | None
    written_by_human: bool
    outside_window: bool = False
    """The ordinary window is closed and a human answers: the platform's human-agent provision, if it has one."""
    files: tuple[MediaFile, ...] = ()
    attempted_at: datetime | None = None
    """When the first attempt began: `find_own` looks no further back than shortly before."""
    known_own_ids: frozenset[str] = frozenset()
    """Own messages of this thread that other items already account for; `find_own` must not take one of these."""
    kind: Kind | None = None
    """What the conversation is. A private answer out of a public thread goes to the person, not to the thread."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a reply stands on the platform."""

    external_id: str
    conversation_id: str | None = None
    """The thread it opened or joined, where the platform tells."""
    recipient_id: str | None = None
    sent_at: datetime | None = None
    usage: Usage = Usage()


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which ways are open for one conversation. All times aware UTC."""

    kind: Kind
    now: datetime
    target_id: str | None = None
    target_sent_at: datetime | None = None
    """When the message to be answered was written."""
    target_deleted: bool = False
    last_inbound_at: datetime | None = None
    """When the person last wrote to us in private, in whichever thread; this opens the reply window."""
    person_has_written_privately: bool = False
    """The person sent us a direct message on this channel before (any private thread with them)."""
    private_reply_used: bool = False
    can_reply_privately: bool | None = None
    summons_us: bool | None = None
    author_known: bool = True
    person_unavailable: bool = False
    """The platform said this person blocked us or cannot be reached."""
    human: bool = True
    """A person writes; False for automation, which has fewer rights."""
    human_agent_allowed: bool = False
    """The app holds the platform's human-agent feature (a setting of the account)."""
    deep_links_allowed: bool = True
    unsummoned_replies_allowed: bool = False
    """The account's contract lets a program answer who did not summon it (X Enterprise; a setting of the account)."""


@dataclass(frozen=True, slots=True)
class WayOption:
    """One way, whether it is open, why, and until when."""

    way: Way
    state: WayState
    reason: str
    """A short code such as `open`, `window_closed`, `already_replied_privately`; the inbox has the sentences."""
    deadline: datetime | None = None
    outside_window: bool = False
    """Open only under the platform's human-agent provision."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can do, so that nobody has to ask which platform it is."""

    title: str
    """The name people read: Facebook, Instagram, X."""
    kinds: frozenset[Kind]
    ways: frozenset[Way]
    can_hide: bool
    automation_may_reply_publicly: bool = True
    look_again_batch: int = 0
    """How many messages `look_again` takes at once; 0 where listings show edits and deletions by themselves."""
    prices: Mapping[str, float] = field(default_factory=dict)
    """US dollars for each charged resource; empty where calls are free. Sources stand beside the numbers."""
    way_allowances: Mapping[Way, str] = field(default_factory=dict)
    """Which of the platform's allowances an answer counts against, by the names of `Stream.allowance` where reading
    draws on the same; ways of one allowance are silent together. A way not named has one of its own."""
    sends_per_minute: int = 60
    """The pace of one account; answers and errors of the platform decide beyond it."""
    sees_all_private_messages: bool = True
    deep_link: str | None = None
    """The address that opens a private message to us, `{external_id}` standing for the account's id; it goes into the
    text of a PUBLIC_REPLY_WITH_LINK."""
    blind_spots: tuple[str, ...] = ()
    """Codes of what this channel's API never shows (`x_chat`, `instagram_mentions_by_polling`); told to people."""


# -- pushes, logins ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Login:
    """What a connector is built from: one account of the configuration with its secrets resolved."""

    account: str
    channel: str
    external_id: str
    api_base: str | None
    credentials: Mapping[str, str] = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    """Channel-specific settings that are no secrets, such as `page_id` and `login` of an Instagram account."""


@dataclass(frozen=True, slots=True)
class NewLogin:
    """Credentials that replace the ones in use. Store them before using them: the old ones may be dead already."""

    credentials: Mapping[str, str] = field(repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the platform says about token, permissions and account."""

    account_name: str
    problems: tuple[str, ...] = ()
    """One sentence each: what is wrong and how to mend it. Empty: all fits."""
    expires_at: datetime | None = None
    usage: Usage = Usage()


# -- the errors ------------------------------------------------------------------------------------------------------


class ConnectorError(Exception):
    """Base of everything a connector raises. The text is for an operator and never holds a secret."""

    def __init__(self, message: str, *, code: str | None = None, usage: Usage | None = None) -> None:
        super().__init__(message)
        self.code = code
        """The platform's own code, such as `190/463` or `403 duplicate`."""
        self.usage = usage or Usage()


class NothingHappened(ConnectorError):
    """Certain: nothing became visible."""


class Refused(NothingHappened):
    """The platform will never do this one thing."""

    def __init__(
        self, message: str, *, reason: RefusalReason, code: str | None = None, usage: Usage | None = None
    ) -> None:
        super().__init__(message, code=code, usage=usage)
        self.reason = reason


class RateLimited(NothingHappened):
    """Wait. `until` is None where the platform named no time; `whole_account` where every stream and every answer must
    wait, else what was asked for and what draws on one of `allowances` (see `Stream.allowance`, `way_allowances`)."""

    def __init__(
        self,
        message: str,
        *,
        until: datetime | None,
        whole_account: bool = False,
        allowances: frozenset[str] = frozenset(),
        out_of_credits: bool = False,
        code: str | None = None,
        usage: Usage | None = None,
    ) -> None:
        super().__init__(message, code=code, usage=usage)
        self.until = until
        self.whole_account = whole_account
        self.allowances = allowances
        self.out_of_credits = out_of_credits


class LoginExpired(NothingHappened):
    """The token is refused, expired, or lacks a permission. A person (or a refresh) must act."""


class WritesBlocked(NothingHappened):
    """The platform saw abuse: every write of this account stops until a person lifts it."""


class Unavailable(NothingHappened):
    """The platform or the way to it is down, and the request certainly had no effect."""


class Misconfigured(NothingHappened):
    """Our request can never work: a wrong setting, a missing feature, or our own bug."""


class OutcomeUnknown(ConnectorError):
    """The request left this machine and no answer tells what became of it."""


# -- the connector ---------------------------------------------------------------------------------------------------


class Connector(Protocol):
    """One signed-in account on one platform. Keeps nothing, waits for nothing, decides nothing.

    Reading methods raise NothingHappened kinds only; `send` and `hide` may also raise OutcomeUnknown. Every network
    call has a time-out. Built by `REGISTRY[channel](login)`.
    """

    channel: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    required_credentials: ClassVar[tuple[tuple[str, ...], ...]]
    """The sets of credential names that work, any one of them in full."""

    def __init__(self, login: Login) -> None: ...

    def streams(self) -> tuple[Stream, ...]:
        """What to poll for this account."""

    def fetch(self, stream: str, cursor: Cursor | None, poll: Poll) -> Page:
        """One page of one stream; `cursor` None is the first import, which reaches back to `poll.since`."""

    def look_again(self, external_ids: Sequence[str], poll: Poll) -> Page:
        """These messages as they stand now: edits as messages, vanished ones as Change DELETED. Cursor unused."""

    def read_thread(self, conversation_id: str, kind: Kind, poll: Poll) -> Page:
        """The newest messages of one thread as they stand now, whoever wrote them: read just before an automatic
        send, so that nobody is answered by a machine whom a human has answered. What of it could not be read is in
        `unreadable`, what the platform counts besides in `tally`. The page's cursor is unused."""

    def upload(self, file: MediaFile, way: Way, now: datetime) -> Uploaded:
        """Bring a file of a way that wants it UPLOADED. Raises NothingHappened kinds only: nobody sees it, so a lost
        answer is no doubt, and it may be repeated."""

    def send(self, reply: Reply, now: datetime) -> Receipt:
        """Say it once. Never retries by itself."""

    def find_own(self, reply: Reply, now: datetime) -> Receipt | None:
        """Read back: did an uncertain send arrive? None: it certainly or most probably did not."""

    def hide(self, external_id: str, hidden: bool, now: datetime) -> Usage:
        """Hide or show somebody's public message."""

    def inspect(self, now: datetime) -> Inspection:
        """Ask the platform whether token, permissions and account fit."""

    def refresh_login(self, now: datetime) -> NewLogin | None:
        """New credentials where the platform's tokens expire, None where there is nothing to refresh."""

    @staticmethod
    def ways(situation: Situation) -> tuple[WayOption, ...]:
        """Every way this channel knows, best first, with its state. Pure: the platform's law as one function."""

    @staticmethod
    def files_taken(way: Way, options: Mapping[str, str]) -> FilesTaken | None:
        """Which files may go along this way, for an account with these options of its Login; None: none at all."""

    @staticmethod
    def text_length(text: str, way: Way) -> int:
        """The length of a text as the platform counts it."""

    @staticmethod
    def text_limit(way: Way) -> int:
        """The longest text the platform takes, in the same units."""

    # Pushes. All three look at bytes only; nothing is fetched.

    def answer_challenge(self, query: Mapping[str, str]) -> str | None:
        """The body that proves this door is ours, or None when the question is not the platform's."""

    def signature_fits(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the platform signed exactly these bytes. Header names are lower case."""

    def read_push(self, body: bytes, now: datetime) -> Page:
        """What a verified push says; items that cannot be read come as Unreadable, never as an exception."""
