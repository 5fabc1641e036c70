"""Real processes, killed without warning while the platforms misbehave."""

from pathlib import Path

import pytest

from tests.journeys import drill


@pytest.mark.slow
@pytest.mark.timeout(280)
def test_a_killed_daemon_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    assert drill.run(60, 3, tmp_path).startswith("ok")
