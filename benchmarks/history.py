"""What looks back over everything stored: search for three words, backtests of 100,000 messages.

One candidate has another word in a topic, which stands in about half of the made-up messages; the other has other
levels of a signal, so that every message is judged twice.

Run: python -m benchmarks.history [MESSAGES]. The database is made once into a folder that goes away at the end.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.full_house import NOW
from benchmarks.ingest import opened
from connectors import REGISTRY
from crisis_playbook import read_files
from crisis_playbook.load import read_playbook
from inbox import search
from inbox.backtest import backtest
from inbox.db import reading
from inbox.runtime import Runtime

SEARCHES = 60
JUDGED = 100_000


def main(messages: int) -> None:
    """Print search times and the length of a backtest."""
    with tempfile.TemporaryDirectory() as name:
        runtime = opened(Path(name), messages // 3)
        print(f"  {messages:,} messages stored")
        for query in ("Paket Antwort Rückmeldung", "kettle stock umtauschen", "Größe passt Hilf*"):
            times = sorted(timed_search(runtime, query) for _ in range(SEARCHES))
            middle, late = statistics.median(times), times[int(0.95 * SEARCHES)]
            print(f"  search {query!r:32} median {1000 * middle:6.1f} ms   p95 {1000 * late:6.1f} ms   (must p95 40)")
        compare(runtime, "another word", "03_trouble_words.yml", '"nicht angekommen"', '"nicht angekommen", "paket"')
        compare(runtime, "other levels", "01_complaint.yml", "levels: {possible: ", "levels: {possible: 0.")
        runtime.engine.dispose()


def compare(runtime: Runtime, what: str, name: str, before: str, after: str) -> None:
    """Print how long a backtest takes of the active playbook with one place of one file changed."""
    files = read_files(runtime.settings.playbook.directory)
    changed = files[name].decode().replace(before, after, 1).encode()
    active, candidate = read_playbook(files), read_playbook(files | {name: changed})
    began, began_cpu = time.perf_counter(), time.process_time()
    with reading(runtime.sessions) as session:
        found = backtest(
            session, REGISTRY, runtime.settings.inbox, active, candidate, NOW - timedelta(days=3650), most=JUDGED
        )
    took, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    different = f"{found.different:,} of {found.messages:,} messages decided otherwise"
    print(f"  backtest with {what}: {different}   {took:6.1f} s   CPU {cpu:.1f} s   (must 10)")


def timed_search(runtime: Runtime, query: str) -> float:
    """Seconds for the newest fifty."""
    began = time.perf_counter()
    with reading(runtime.sessions) as session:
        search.matching(session, query, limit=50)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
