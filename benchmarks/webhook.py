"""From a platform's push to our automatic reply, and a burst of pushes: a daemon of its own, the sandbox here.

Run: python -m benchmarks.webhook [MESSAGES]. `[automation] delay = "0s"`; every message comes from another person, so
each gets its first reply. A reply has arrived when the sandbox has written it into its journal.
"""

from __future__ import annotations

import http.client
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.daemon_process import Daemon, configuration, free_port
from connectors.sandbox import Sandbox
from connectors.sandbox.push_meta import sign

ACCOUNT = "shop-facebook"
TEXT = "Guten Tag, ich habe eine Frage zu meiner Bestellung."
SETTLING = 8.0
"""Seconds until the first import is over."""
BURST, BURST_SECONDS = 200, 2.4
PATIENCE = 30.0


def main(count: int) -> None:
    """Print the median and the 95th percentile of so many round trips, then of the burst."""
    with tempfile.TemporaryDirectory() as name, Sandbox(seed=1) as sandbox:
        port, file = free_port(), Path(name, "zuruf.toml")
        text = configuration(
            sandbox, f"sqlite:///{Path(name, 'zuruf.db')}", [(ACCOUNT, ACCOUNT)], port, poll_every="60s", delay="0s"
        )
        file.write_text(text, "utf-8")
        daemon = Daemon(file, port)
        try:
            daemon.first_page()
            time.sleep(SETTLING)
            secret = sandbox.login(ACCOUNT).credentials["app_secret"]
            sandbox.subscribe("facebook", f"http://127.0.0.1:{port}/webhooks/{ACCOUNT}", secret)
            before = daemon.cpu_seconds()
            times = round_trips(sandbox, count)
            spent = daemon.cpu_seconds() - before
            show("webhook in, automatic reply received", times, "must p50 30, p95 100")
            print(f"  {'the same, CPU of the daemon':38} {1000 * spent / count:10.1f} ms each")
            show("a burst of 200 answered", burst(sandbox, port, secret), "must p95 25")
        finally:
            daemon.stop()


def show(what: str, times: list[float], goal: str) -> None:
    """One line of the table."""
    times.sort()
    middle, late = times[len(times) // 2], times[int(0.95 * len(times))]
    print(f"  {what:38} p50 {1000 * middle:6.1f} ms   p95 {1000 * late:6.1f} ms   ({goal})", flush=True)


def round_trips(sandbox: Sandbox, count: int) -> list[float]:
    """Seconds from each message on the platform to our reply in its journal, one after the other."""
    times = []
    for number in range(count):
        known = len(sandbox.journal)
        began = time.perf_counter()
        sandbox.world.facebook.message(f"person {number}", TEXT)
        while len(sandbox.journal) == known:
            if time.perf_counter() - began > PATIENCE:
                raise RuntimeError(f"no automatic reply to message {number} within {PATIENCE:.0f} s")
            time.sleep(0.0005)
        times.append(time.perf_counter() - began)
        time.sleep(0.05)
    return times


def burst(sandbox: Sandbox, port: int, secret: str) -> list[float]:
    """Seconds each of 200 pushes waits for its answer, sent evenly over 2.4 s by a few connections."""
    bodies = [push(sandbox.world.facebook.page_id, number) for number in range(BURST)]
    local, began = threading.local(), time.perf_counter()

    def send(number: int) -> float:
        time.sleep(max(0.0, began + number * BURST_SECONDS / BURST - time.perf_counter()))
        if not hasattr(local, "door"):
            local.door = http.client.HTTPConnection("127.0.0.1", port)
        started = time.perf_counter()
        local.door.request("POST", f"/webhooks/{ACCOUNT}", bodies[number], sign(secret, bodies[number]))
        answer = local.door.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"push {number} was answered {answer.status}")
        return time.perf_counter() - started

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(send, range(BURST)))


def push(page_id: str, number: int) -> bytes:
    """A direct message as Meta sends it."""
    at = int(time.time() * 1000)
    return (
        f'{{"object":"page","entry":[{{"id":"{page_id}","time":{at},"messaging":[{{"sender":{{"id":"77{number:05}"}},'
        f'"recipient":{{"id":"{page_id}"}},"timestamp":{at},"message":{{"mid":"m_burst_{number}",'
        f'"text":"Hallo, wo ist mein Paket {number}?"}}}}]}}]}}'
    ).encode()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
