"""What looks back over everything stored: search for three words, a backtest of 100,000 messages.

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
        began, began_cpu = time.perf_counter(), time.process_time()
        playbook = runtime.playbook.current()
        with reading(runtime.sessions) as session:
            compared = backtest(
                session, REGISTRY, runtime.settings.inbox, playbook, playbook, NOW - timedelta(days=3650), most=JUDGED
            )
        took, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        print(f"  backtest of {compared.messages:,} messages {took:6.1f} s   CPU {cpu:.1f} s   (must 10)")
        runtime.engine.dispose()


def timed_search(runtime: Runtime, query: str) -> float:
    """Seconds for the newest fifty."""
    began = time.perf_counter()
    with reading(runtime.sessions) as session:
        search.matching(session, query, limit=50)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
