"""What the composer says about pictures and files: which each way takes, or why it takes none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inbox import attachments
from inbox.file_types import ENDINGS, TYPES
from inbox.queries.views import ConversationDetail
from inbox.ways import Option
from inbox.web.desk import Visit
from inbox.web.i18n import translations
from inbox.web.refusals import translated


@dataclass(frozen=True, slots=True)
class Taking:
    """One way's answer."""

    sentence: str
    """For people, in their language."""
    accept: str = ""
    """For the file input; empty where nothing is taken."""
    most: int = 0
    """Files in one go; they may become several messages."""
    longest_description: int = 0
    """Characters; 0 where the platform keeps no description."""


MOST_IN_PARTS = 4
"""Files in one answer where the platform takes each as a message of its own."""


def takings(visit: Visit, detail: ConversationDetail, ways: Sequence[Option]) -> dict[str, Taking]:
    """By way, and for the internal note."""
    found = {str(option.way): _taking(visit, detail, option) for option in ways}
    return found | {"note": Taking(visit.gettext("A note takes no attachments."))}


def _taking(visit: Visit, detail: ConversationDetail, option: Option) -> Taking:
    row = detail.conversation
    taken = attachments.taken(visit.runtime, row.channel, row.account, option.way)
    reason = attachments.obstacle(visit.runtime, row.account, taken)
    if taken is None or reason is not None:
        return Taking(translated(reason or "", translations(visit.language)))
    most = taken.most if taken.with_text else MOST_IN_PARTS
    kinds = ", ".join(TYPES[kind] for kind in taken.largest)
    largest = max(taken.largest.values()) // attachments.MIB
    sentence = visit.gettext("%(kinds)s, up to %(largest)s MB, at most %(most)s.") % {
        "kinds": kinds, "largest": largest, "most": most,
    }  # fmt: skip
    if not taken.with_text:
        sentence += " " + visit.gettext("The platform sends text and attachment as messages of their own.")
    accept = ",".join([*taken.largest, *(ENDINGS[kind] for kind in taken.largest)])
    return Taking(sentence, accept, most, taken.longest_alternative_text)
