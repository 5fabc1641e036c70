"""What platforms write as a time, and what of it none of them can mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from connectors.graph_values import graph_time
from connectors.twitter_translate import moment, sent_at

READERS: tuple[Callable[[str], datetime | None], ...] = (graph_time, moment)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "written",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "1970-01-01T00:00:00Z",
        "2003-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "gestern",
        "",
    ],
)
def test_a_time_at_which_no_platform_was_or_will_be_is_none(
    read: Callable[[str], datetime | None], written: str
) -> None:
    """Some programs write the year 1, or 9999, where they know no time."""
    assert read(written) is None


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2004-01-01T00:00:00Z", datetime(2004, 1, 1, tzinfo=UTC)),
        ("2004-01-01T00:59:59+01:00", None),
        ("2026-11-22T10:00:00+0100", datetime(2026, 11, 22, 9, tzinfo=UTC)),
        ("2026-11-22T10:00:00.000Z", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2026-11-22T10:00:00", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        ("2999-12-31T23:59:59Z", datetime(2999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_as_utc(read: Callable[[str], datetime | None], written: str, meant: datetime | None) -> None:
    assert read(written) == meant


def test_a_post_of_the_year_one_is_as_old_as_its_id_says() -> None:
    post = {"id": "1212092628029698048", "created_at": "0001-01-01T00:00:00.000Z"}
    assert sent_at(post).date().isoformat() == "2019-12-31"
