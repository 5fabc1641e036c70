"""A daemon in a process of its own, on the sandbox's accounts: started, watched from outside, stopped. Linux only."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from connectors.sandbox import Sandbox

PROJECT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
"""Seconds: a daemon that is not there then never will be."""
MEBIBYTE = 1024


def configuration(
    sandbox: Sandbox,
    database: str,
    accounts: Sequence[tuple[str, str]],
    port: int,
    *,
    poll_every: str = "60s",
    delay: str = "10s",
) -> str:
    """A `zuruf.toml`. `accounts`: the name here, and the sandbox's login it signs in with."""
    lines = ["[inbox]", f'database = "{database}"', 'shop_name = "Glückspilz"', "[web]",
             f'listen = "127.0.0.1:{port}"', f'public_url = "http://127.0.0.1:{port}"', "[automation]",
             f'delay = "{delay}"', "[notices]", "enabled = false", "[logs]", 'level = "warning"']  # fmt: skip
    for name, known_as in accounts:
        login = sandbox.login(known_as)
        lines += ["[[accounts]]", f'name = "{name}"', f'channel = "{login.channel}"', f'poll_every = "{poll_every}"',
                  f'external_id = "{login.external_id}"', f'api_base = "{sandbox.origin}"',
                  *(f'{key} = "{value}"' for key, value in login.options.items()), "[accounts.credentials]",
                  *(f'{key} = "{value}"' for key, value in login.credentials.items())]  # fmt: skip
    return "\n".join(lines) + "\n"


def free_port() -> int:
    """A port of loopback nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Daemon:
    """One process of `daemon.py run` on a configuration file."""

    def __init__(self, configuration_file: Path, port: int) -> None:
        self.port = port
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, str(PROJECT / "daemon.py"), "--config", str(configuration_file), "run"],
            cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=(configuration_file.parent / "daemon.log").open("wb"),
        )  # fmt: skip

    def first_page(self) -> float:
        """Waits for the sign-in page; the seconds since the start. Raises RuntimeError when the process ends."""
        while time.perf_counter() - self._began < PATIENCE:
            if self._process.poll() is not None:
                raise RuntimeError(f"the daemon ended with {self._process.returncode}")
            try:
                if self.get("/sign-in") == 200:
                    return time.perf_counter() - self._began
            except OSError:
                time.sleep(0.005)
        raise RuntimeError("no page came")

    def get(self, path: str) -> int:
        """The status of one page."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            return answer.status
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mebibytes(self, peak: bool = False) -> float:
        """Memory it holds now, or the most it ever held."""
        wanted = "VmHWM:" if peak else "VmRSS:"
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(wanted):
                return int(line.split()[1]) / MEBIBYTE
        raise RuntimeError(f"this system tells no {wanted}")

    def stop(self) -> float:
        """Asks it to end as an operator does; the seconds it took."""
        began = time.perf_counter()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return time.perf_counter() - began
