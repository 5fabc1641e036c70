"""Better points follow from clicks by a rule anybody can repeat by hand, and change nothing else in the files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.errors import Refusal
from inbox.playbooks import load_files
from inbox.point_proposals import FEWEST, STEP, Clicked, better_points, by_line, rewritten

FILES = {
    "01.yml": """
topics:
  late: {any: [spät]}
signals:
  complaint:
    points:
      - {topic: late, points: 2}     # late is late
      - topic: late
        times: 2
        points: 1
      - {sign: thanks, points: -0.5, reason: says thanks}
    levels: {possible: 2, likely: 3}
rules: []
"""
}
COUNTS = st.integers(0, 200)


def clicked(line: str, accepted: int, dismissed: int) -> list[Clicked]:
    lines = frozenset({line})
    return [Clicked(lines, True)] * accepted + [Clicked(lines, False)] * dismissed


@pytest.mark.parametrize(
    ("points", "with_it", "without_it", "expected"),
    [
        (2, (5, 20), (25, 0), 1.5),
        (0.5, (5, 20), (25, 0), 0),
        (0.25, (5, 20), (25, 0), 0),
        (-0.5, (5, 20), (25, 0), -1),
        (0, (5, 20), (25, 0), -0.5),
        (-1, (25, 0), (5, 20), -0.5),
        (-0.25, (25, 0), (5, 20), 0),
        (2, (25, 0), (5, 20), None),
        (2, (4, 15), (25, 0), None),
        (2, (5, 20), (19, 0), None),
        (2, (12, 13), (15, 10), None),
        (2, (13, 12), (25, 0), None),
    ],
)
def test_better_points(
    points: float, with_it: tuple[int, int], without_it: tuple[int, int], expected: float | None
) -> None:
    assert better_points(points, *with_it, *without_it) == expected


@given(st.floats(-5, 5).map(lambda value: round(value, 2)), COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_proposal_is_one_step_at_most_and_rests_on_enough_clicks(
    points: float, accepted: int, dismissed: int, accepted_without: int, dismissed_without: int
) -> None:
    better = better_points(points, accepted, dismissed, accepted_without, dismissed_without)
    if better is not None:
        assert 0 < abs(better - points) <= STEP + 1e-9
        assert better * points >= 0
        assert min(accepted + dismissed, accepted_without + dismissed_without) >= FEWEST


def test_lines_are_counted_by_their_title_and_the_proposals_come_first() -> None:
    playbook = load_files(FILES)
    clicks = clicked("says thanks", 25, 0) + clicked("topic late", 5, 20) + clicked("gone by now", 1, 1)
    found = by_line(playbook, clicks)
    assert [(line.title, line.points, line.place, line.proposed) for line in found] == [
        ("topic late", 2, "01.yml:7", 1.5),
        ("says thanks", -0.5, "01.yml:11", 0.0),
    ]
    assert (found[0].dismissed_with, found[0].accepted_without, found[0].dismissed_without) == (20, 26, 1)


def test_only_the_points_change_and_the_playbook_says_so() -> None:
    files = rewritten(FILES, {"01.yml:7": (2, 1.5), "01.yml:10": (1, 0.5)})
    assert files["01.yml"] == FILES["01.yml"].replace("points: 2}", "points: 1.5}").replace(
        "points: 1\n", "points: 0.5\n"
    )
    lines = load_files(files).vocabulary.signals["complaint"].lines
    assert [line.points for line in lines] == [1.5, 0.5, -0.5]


@pytest.mark.parametrize("place", ["01.yml:7", "01.yml:8", "01.yml:99", "02.yml:1"])
def test_a_file_that_says_something_else_by_now_is_left_alone(place: str) -> None:
    with pytest.raises(Refusal, match="any more"):
        rewritten(FILES, {place: (3, 2.5)})
