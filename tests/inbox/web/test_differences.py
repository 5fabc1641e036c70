"""What changed between two versions: nothing is lost, and what is the same is left out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inbox.web.differences import differences

LINES = st.lists(st.sampled_from(["rules:", "  - rule: a", "    when: {topic: a}", "", "# why"]), max_size=30)


def test_a_changed_word_is_marked_within_its_line() -> None:
    (change,) = differences({"a.yml": "topics:\n  x: [eins, zwei]\n"}, {"a.yml": "topics:\n  x: [eins, drei]\n"})
    (row,) = [row for row in change.rows if row.kind == "changed"]
    assert row.before is not None
    assert row.after is not None
    assert row.before.text[row.before.start : row.before.end] == "zw"
    assert row.after.text[row.after.start : row.after.end] == "dr"
    assert (change.kind, change.added, change.removed) == ("changed", 1, 1)


def test_files_come_and_go() -> None:
    found = differences({"a.yml": "x\n", "c.yml": "same\n"}, {"b.yml": "y\n", "c.yml": "same\n"})
    assert [(one.name, one.kind, one.added, one.removed) for one in found] == [
        ("a.yml", "removed", 0, 1),
        ("b.yml", "added", 1, 0),
    ]


def test_what_is_far_from_a_change_is_left_out() -> None:
    lines = [f"line {number}" for number in range(100)]
    after = [*lines[:10], "new", *lines[10:90], "also new", *lines[90:]]
    (change,) = differences({"a": "\n".join(lines)}, {"a": "\n".join(after)})
    assert [row.kind for row in change.rows].count("skip") == 1
    assert len(change.rows) == 2 * 7 + 1


@given(LINES, LINES)
def test_every_line_that_differs_is_shown_at_its_number(before: list[str], after: list[str]) -> None:
    for change in differences({"a": "\n".join(before)}, {"a": "\n".join(after)}):
        old = [row.before for row in change.rows if row.before is not None]
        new = [row.after for row in change.rows if row.after is not None]
        assert all(before[side.number - 1] == side.text for side in old)
        assert all(after[side.number - 1] == side.text for side in new)
        kept = len("\n".join(before).splitlines()) - change.removed
        assert kept == len("\n".join(after).splitlines()) - change.added
