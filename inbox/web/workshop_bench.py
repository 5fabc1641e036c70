"""What the workshop's pages share in one process: playbooks judged lately."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

import crisis_playbook
from crisis_playbook import Inspection
from inbox import playbooks
from inbox.runtime import Runtime

MOST_KEPT = 4
"""Judged playbooks kept; one of a thousand phrases takes a few megabytes."""


class Bench:
    """One process's workshop."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._judged: OrderedDict[str, Inspection] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def scenarios(self) -> Path:
        """Where the scenarios lie that every version has to pass."""
        return crisis_playbook.scenario_directory(self.runtime.settings.playbook.directory)

    def judge(self, files: Mapping[str, str]) -> Inspection:
        """Every example and scenario of these files green or red; what was judged lately is not judged again."""
        content = playbooks.as_bytes(files)
        scenarios = playbooks.as_bytes(playbooks.read_scenarios(self.scenarios))
        key = f"{crisis_playbook.content_hash(content)} {crisis_playbook.content_hash(scenarios)}"
        with self._lock:
            known = self._judged.get(key)
            if known is not None:
                self._judged.move_to_end(key)
                return known
        judged = crisis_playbook.inspect(content, self.runtime.playbook.templates, scenarios=scenarios)
        with self._lock:
            self._judged[key] = judged
            while len(self._judged) > MOST_KEPT:
                self._judged.popitem(last=False)
        return judged


def _bench(request: Request) -> Bench:
    bench: Bench = request.state.bench
    return bench


Benched = Annotated[Bench, Depends(_bench)]
"""Handlers of the workshop take it as an argument."""
