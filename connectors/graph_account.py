"""What a Facebook Page and an Instagram account share: their three streams, and looking at single comments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from connectors.base import Cursor, InboundMessage, Misconfigured, Page, Poll, RefusalReason, Refused, Stream, Usage
from connectors.graph_collect import Collected
from connectors.graph_posts import PostReader, read_newest
from connectors.graph_rounds import Rounds
from connectors.graph_threads import ThreadReader
from connectors.graph_usage import MESSENGER
from connectors.graph_values import Odd, unreadable

_SLOWEST = timedelta(seconds=0.5)


class Streams:
    """Comments and messages at every poll, one turn of the slow round beside them."""

    def __init__(
        self, posts: PostReader, threads: ThreadReader, turns: tuple[str, ...], first: int, allowance: str
    ) -> None:
        self._posts = posts
        self._threads = threads
        self._rounds = Rounds(posts, turns, first, threads.older)
        self.all = (
            Stream("comments", least_every=_SLOWEST, allowance=allowance),
            Stream("messages", least_every=_SLOWEST, allowance=MESSENGER),
            Stream("rounds", least_every=_SLOWEST, allowance=allowance),
        )

    def fetch(self, stream: str, cursor: Cursor | None, poll: Poll) -> Page:
        """One step of one stream: one Graph call, a few more only where something vanished."""
        if stream == "comments":
            return read_newest(self._posts, cursor, poll)
        if stream == "messages":
            return self._threads.read(cursor, poll)
        if stream == "rounds":
            return self._rounds.read(cursor, poll)
        raise Misconfigured(f"there is no stream {stream!r}: write comments, messages or rounds")


def one_by_one(
    names: Iterable[str],
    ask: Callable[[str], tuple[InboundMessage, Usage]],
    poll: Poll,
    message_id: Callable[[str], str] = str,
) -> Page:
    """Ask for each by itself: as it stands now, or gone. `message_id` tells what the inbox calls it."""
    collected = Collected()
    for name in names:
        try:
            message, usage = ask(name)
        except Refused as error:
            if error.reason is not RefusalReason.TARGET_GONE:
                raise
            collected.used(error.usage)
            collected.gone(message_id(name), poll.now)
        except Odd as reason:
            collected.add((), (unreadable("look_again", {"id": name}, str(reason)),))
        else:
            collected.used(usage)
            collected.add((message,))
    return collected.page({})
