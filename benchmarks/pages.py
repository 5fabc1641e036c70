"""Pages and calls over real HTTP, server and client on one machine: python -m benchmarks.pages [CONVERSATIONS …].

Each size is a new database. The floor is raw SQLite, the same keyset query, and the same number of rows through Jinja,
without HTTP. Growth compares the CPU time of the largest size with that of the smallest.
"""

from __future__ import annotations

import http.client
import itertools
import json
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from jinja2 import Environment
from sqlalchemy.engine import make_url

from benchmarks.full_house import NOW, open_house
from inbox import access
from inbox.api.door import SESSION_COOKIE
from inbox.db import reading, writing
from inbox.queries.conversations import Filters, conversations
from inbox.runtime import Runtime
from inbox.web.app import create_app

MESSAGES_EACH = 3
ROUNDS = 60
FLOOR_QUERY = (
    "SELECT c.id, c.preview, p.name, a.name FROM conversations c JOIN contacts p ON p.id = c.contact_id "
    "JOIN accounts a ON a.id = c.account_id WHERE c.status = 'open' ORDER BY c.queue_position, c.id LIMIT 50"
)
FLOOR_PAGE = (
    "<ul>{% for row in rows %}<li><a href='/{{ row[0] }}'>{{ row[2] }}</a> {{ row[1] }} {{ row[3] }}</li>"
    "{% endfor %}</ul>"
)


def main(sizes: list[int]) -> None:
    """Prints a table of medians and 95th percentiles in milliseconds for each size, and the growth."""
    medians: list[dict[str, float]] = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            runtime = open_house(Path(folder), size, MESSAGES_EACH)
            print(f"{size} conversations, {size * MESSAGES_EACH} messages, made in {time.perf_counter() - began:.0f} s")
            medians.append(measure(runtime))
            runtime.engine.dispose()
    if len(medians) > 1:
        print(f"growth of the CPU time from {sizes[0]} to {sizes[-1]} conversations:")
        for name, first in medians[0].items():
            print(f"  {name:44} x{medians[-1][name] / first:.2f}")


def measure(runtime: Runtime) -> dict[str, float]:
    """Every figure of one size: {name: median CPU time in milliseconds}."""
    with writing(runtime.sessions) as session:
        person = access.people(session)[0]
        cookie = f"{SESSION_COOKIE}={access.start_sign_in(session, person.id, NOW)}"
        token = f"Bearer {access.add_token(session, 'bench', 'agent', NOW)}"
    with reading(runtime.sessions) as session:
        comments = Filters(status=("open",), channel=("facebook",), kind=("comment",))
        waiting = conversations(session, comments, NOW, limit=1).items[0].id
    page, call = {"Cookie": cookie}, {"Authorization": token}
    found = {
        "floor: SQLite and 50 rows through Jinja": timed("floor: SQLite and 50 rows through Jinja", floor(runtime))
    }
    with serving(runtime) as connection:
        for name, path, headers in (
            ("floor: nothing but HTTP", "/healthz", {}),
            ("page: all, most urgent first", "/inbox", page),
            ("page: all, far down", f"/inbox?cursor={far_down(runtime)}", page),
            ("page: mine", "/inbox?queue=mine", page),
            ("page: one conversation", f"/conversations/{waiting}", page),
            ("page: search for three words", "/inbox?q=Paket+Antwort+bitte", page),
            ("call: 50 open or pending", "/api/v1/conversations?status=open,pending", call),
            ("call: newest 50", "/api/v1/conversations?sort=newest", call),
            ("call: one label, open", "/api/v1/conversations?label=product-safety&status=open", call),
            ("call: one conversation", f"/api/v1/conversations/{waiting}", call),
        ):
            found[name] = timed(name, get(connection, path, headers))
        name = "call: a reply into the outbox"
        found[name] = timed(name, reply(connection, waiting, call))
    return found


def timed(name: str, work: Callable[[], object]) -> float:
    """The median CPU time of server and client together, in milliseconds: what other work on the machine changes least.
    Prints it with the median and the 95th percentile by the clock."""
    for _ in range(5):
        work()
    times, cpu = [], []
    for _ in range(ROUNDS):
        began, began_cpu = time.perf_counter(), time.process_time()
        work()
        cpu.append(1000 * (time.process_time() - began_cpu))
        times.append(1000 * (time.perf_counter() - began))
    times.sort()
    median = statistics.median(times)
    print(
        f"  {name:40} median {median:7.2f} ms   p95 {times[int(0.95 * ROUNDS)]:7.2f} ms   "
        f"CPU {statistics.median(cpu):6.2f} ms",
        flush=True,
    )
    return statistics.median(cpu)


def floor(runtime: Runtime) -> Callable[[], object]:
    """The same list by hand."""
    connection = sqlite3.connect(make_url(runtime.settings.inbox.database).database or "")
    template = Environment(autoescape=True).from_string(FLOOR_PAGE)
    return lambda: template.render(rows=connection.execute(FLOOR_QUERY).fetchall())


def get(connection: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> Callable[[], object]:
    """One request, answered with 200."""

    def work() -> None:
        connection.request("GET", path, headers=headers)
        expect(200, connection.getresponse(), path)

    return work


def reply(
    connection: http.client.HTTPConnection, conversation_id: int, headers: dict[str, str]
) -> Callable[[], object]:
    """One reply, with a new key each time."""
    numbers = itertools.count()
    path = f"/api/v1/conversations/{conversation_id}/replies"

    def work() -> None:
        body = {"text": "Danke, wir schauen nach!", "visibility": "public", "client_key": f"bench {next(numbers)}"}
        connection.request("POST", path, json.dumps(body), {**headers, "Content-Type": "application/json"})
        expect(202, connection.getresponse(), path)

    return work


def expect(status: int, answer: http.client.HTTPResponse, path: str) -> None:
    """Reads the answer; raises RuntimeError for another status."""
    body = answer.read()
    if answer.status != status:
        raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")


def far_down(runtime: Runtime) -> str:
    """The cursor of a page 20,000 rows down, or as far as there are rows."""
    cursor = ""
    with reading(runtime.sessions) as session:
        for _ in range(100):
            at_work = Filters(status=("open", "pending"))
            page = conversations(session, at_work, NOW, cursor=cursor or None, limit=200)
            if page.next_cursor is None:
                break
            cursor = page.next_cursor
    return cursor


@contextmanager
def serving(runtime: Runtime) -> Iterator[http.client.HTTPConnection]:
    """A connection to the application under uvicorn, on a free port of loopback."""
    config = uvicorn.Config(create_app(runtime), host="127.0.0.1", port=0, log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    connection = http.client.HTTPConnection("127.0.0.1", port)
    try:
        yield connection
    finally:
        connection.close()
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 100_000])
