"""One thread as it is read: messages, notes, suggestions, gaps and replies on their way, in the order of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal

from inbox.queries.reply_views import SuggestionView
from inbox.queries.views import ConversationDetail
from inbox.web.prose import merged


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in the thread."""

    kind: Literal["day", "message", "note", "suggestion", "gap", "outbox"]
    at: datetime
    item: Any = None
    spans: list[Sequence[int]] = field(default_factory=list)
    """Of a message: where the words stand that a suggestion rests on."""
    words: list[str] = field(default_factory=list)
    """Of a suggestion: those words, the first few."""


ORDER = {"gap": 0, "message": 1, "note": 2, "outbox": 3, "suggestion": 4}
WORDS_SHOWN = 4


def entries(detail: ConversationDetail, zone: tzinfo) -> list[Entry]:
    """Everything in order, a line before each new day. Suggestions stand at the end: they are what to do next."""
    in_thread = {message.delivery.outbox_id for message in detail.messages if message.delivery is not None}
    found = [Entry("message", m.sent_at, m, _spans(m.id, detail.suggestions)) for m in detail.messages]
    found += [Entry("note", note.created_at, note) for note in detail.notes]
    found += [Entry("outbox", item.created_at, item) for item in detail.outbox if item.id not in in_thread]
    oldest = detail.messages[0].sent_at if detail.messages else None
    found += [Entry("gap", at) for gap in detail.gaps if (at := gap.before or gap.after or oldest) is not None]
    found.sort(key=lambda entry: (entry.at, ORDER[entry.kind]))
    found += [Entry("suggestion", s.created_at, s, words=deciding_words(s)) for s in detail.suggestions]
    return _with_days(found, zone)


def deciding_words(suggestion: SuggestionView) -> list[str]:
    """The words a suggestion rests on, each once, the first WORDS_SHOWN in the order of the message."""
    text = suggestion.message_text
    found = [text[start:end].strip() for start, end in merged(suggestion.spans, len(text))]
    return list(dict.fromkeys(words for words in found if words))[:WORDS_SHOWN]


def _spans(message_id: int, suggestions: Sequence[SuggestionView]) -> list[Sequence[int]]:
    return [span for one in suggestions if one.message_id == message_id for span in one.spans]


def _with_days(found: Sequence[Entry], zone: tzinfo) -> list[Entry]:
    result: list[Entry] = []
    day = None
    for entry in found:
        its_day = entry.at.astimezone(zone).date()
        if its_day != day and entry.kind != "suggestion":
            result.append(Entry("day", entry.at))
            day = its_day
        result.append(entry)
    return result
