"""The queues of the left column: each one set of filters, with a count that stops at 100."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from inbox.queries.conversations import NOBODY, Filters, conversation_counts
from inbox.queries.views import QueueCount

QUEUES = ("mine", "unassigned", "due-soon", "overdue", "suggestions", "held", "snoozed", "crisis", "all")
"""In the order they stand on the page."""
COUNTED = 100
"""From here on a count is shown as 99+."""
AT_WORK = ("open", "pending")
"""What is neither put off nor done."""


def queue_filters(queue: str, email: str) -> Filters:
    """What a queue holds for the person with this address. An unknown name is `all`."""
    match queue:
        case "mine":
            return Filters(status=AT_WORK, assignee=email)
        case "unassigned":
            return Filters(status=AT_WORK, assignee=NOBODY)
        case "due-soon":
            return Filters(status=AT_WORK, due="soon")
        case "overdue":
            return Filters(status=AT_WORK, due="overdue")
        case "suggestions":
            return Filters(with_suggestions=True)
        case "held":
            return Filters(with_held_replies=True)
        case "snoozed":
            return Filters(status=("snoozed",))
        case "crisis":
            return Filters(status=AT_WORK, severity=("crisis",))
        case _:
            return Filters(status=AT_WORK)


def queue_counts(session: Session, email: str, now: datetime) -> list[QueueCount]:
    """Every queue with its count, in the order of the page."""
    counts = conversation_counts(session, [queue_filters(queue, email) for queue in QUEUES], now, at_most=COUNTED)
    return [QueueCount(queue, count, count >= COUNTED) for queue, count in zip(QUEUES, counts, strict=True)]
