"""What a verb says when it cannot do what was asked. Written for the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict


class Alternative(TypedDict):
    """Something the person can do instead."""

    kind: str
    reason: str


class InboxError(Exception):
    """Base of everything a verb raises on purpose."""


class NotThere(InboxError):
    """The thing named does not exist, or not any more. `what` names it: `conversation 12`."""

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no {what}.")
        self.what = what


class Refusal(InboxError):
    """We do not do this, because the platform would refuse it or because it would be wrong.

    `status` is the HTTP status a program sees: 409 (the state forbids it), 422 (what was sent is wrong) or 403 (this
    person may not). `alternatives` lists what can be done instead, best first.
    """

    def __init__(
        self, detail: str, status: Literal[403, 409, 422] = 409, alternatives: Sequence[Alternative] = ()
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status: int = status
        self.alternatives: list[Alternative] = list(alternatives)


class DatabaseProblem(InboxError):
    """The database cannot be used; the text says what to do."""


UNEXPECTED = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What one odd item may raise where nobody thought of it, such as a number no column holds or a time before all
calendars: it must not hold up the items beside it."""
