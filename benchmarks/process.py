"""A daemon as its operator sees it: cold start to the first page, memory, CPU while idle, graceful stop.

Run: python -m benchmarks.process [ROUNDS]. Six accounts polled each minute, the shipped playbook, an empty database;
the platforms are the sandbox in this process. The floor is a process that imports the libraries and serves one page.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.daemon_process import Daemon, configuration, free_port
from connectors.sandbox import Sandbox

ACCOUNTS = (
    ("page", "shop-facebook"),
    ("page-two", "shop-facebook"),
    ("pictures", "shop-instagram"),
    ("outlet", "outlet-instagram"),
    ("posts", "shop-twitter"),
    ("posts-two", "shop-twitter"),
)
SETTLING = 12.0
"""Seconds until the first import of an almost empty world is over."""
IDLE = 180.0
"""Seconds: every account is polled three times."""
FLOOR = """
import asyncio, sys
import sqlalchemy.orm, jinja2, requests, uvicorn
from fastapi import FastAPI
app = FastAPI()
app.get("/")(lambda: "page")
print(__import__("resource").getrusage(0).ru_maxrss)
"""


def main(rounds: int) -> None:
    """Print medians of so many starts, and what one daemon uses while nothing happens."""
    floors, starts, start_cpu, stops = [], [], [], []
    with tempfile.TemporaryDirectory() as name, Sandbox(seed=1) as sandbox:
        for number in range(rounds):
            folder = Path(name, str(number))
            folder.mkdir()
            floors.append(floor())
            daemon = opened(sandbox, folder)
            starts.append(daemon.first_page())
            start_cpu.append(daemon.cpu_seconds())
            if number < rounds - 1:
                stops.append(daemon.stop())
        middle = statistics.median
        print(f"  start of the bare libraries      {middle(floors):6.2f} s")
        print(f"  cold start to the first page     {middle(starts):6.2f} s   CPU {middle(start_cpu):5.2f} s (must 1.5)")
        time.sleep(SETTLING)
        print(f"  memory after the first import    {daemon.resident_mebibytes():6.1f} MiB (must 130)")
        print(f"  CPU while idle                   {100 * idle(daemon):6.2f} % of a core (must 0.5)")
        print(f"  memory then                      {daemon.resident_mebibytes():6.1f} MiB")
        stops.append(daemon.stop())
        print(f"  graceful stop                    {middle(stops):6.2f} s (must 3)")


def opened(sandbox: Sandbox, folder: Path) -> Daemon:
    """A daemon on a new database in this folder."""
    port = free_port()
    file = folder / "zuruf.toml"
    file.write_text(configuration(sandbox, f"sqlite:///{folder / 'zuruf.db'}", ACCOUNTS, port), "utf-8")
    return Daemon(file, port)


def floor() -> float:
    """Seconds of a process that only imports what any such program needs."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", FLOOR], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def idle(daemon: Daemon) -> float:
    """The share of one core a daemon uses while nothing happens but its polls."""
    before = daemon.cpu_seconds()
    time.sleep(IDLE)
    return (daemon.cpu_seconds() - before) / IDLE


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
