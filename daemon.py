"""Zuruf's root: reads the configuration, builds everything, passes it in. Nobody imports this file.

python daemon.py COMMAND      `--help` lists the commands; `./run` makes the environment first
"""

from __future__ import annotations

import argparse
import errno
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.base import Connector
    from connectors.sandbox import Sandbox
    from inbox.access import Role

EXIT_DONE, EXIT_WRONG, EXIT_USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 done, 1 what was checked is wrong, 2 wrong usage or configuration."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parsed = _parser(given).parse_args(given)
    try:
        code: int = parsed.handle(parsed)
        # What cannot be written is told here, not by the interpreter while it ends.
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        _leave_standard_output()
        return EXIT_DONE
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        sys.stderr.write(f"zuruf: {told}\n")
        _leave_standard_output()
        return EXIT_USAGE
    return code


def _told(error: Exception) -> str | None:
    """What happened, where, and what to do; None for a bug of ours."""
    from inbox.errors import InboxError

    if isinstance(error, InboxError):
        return str(error)
    if isinstance(error, OSError):
        if error.filename is not None:
            return f"{error.filename}: {error.strerror}. Name another place, or give this user the right."
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return f"Nothing more can be written: {error.strerror}. Make room there, or write to another place."
        return None
    from sqlalchemy.exc import OperationalError  # a second's work, which most commands do without

    if isinstance(error, OperationalError):
        cure = "Look at [inbox] database, its file's rights and the room on its disk"
        return f"The database says: {error.orig}. {cure}."
    return None


def _leave_standard_output() -> None:
    """What is still to be written there goes nowhere: the interpreter would try once more while it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    from inbox import commands
    from inbox.commands.arguments import above_zero, whole_number

    parser = argparse.ArgumentParser(
        prog="./run",
        description="Facebook, Instagram and X in one inbox, with a crisis playbook.",
        epilog="Without a command: the daemon, or the demo where there is no zuruf.toml. `./run test` runs the tests; "
        "what else developers need is in CONTRIBUTING.md.",
    )
    parser.add_argument("--config", metavar="FILE", help="the configuration (default: $ZURUF_CONFIG, or zuruf.toml)")
    parser.set_defaults(channels=_channels)
    subcommands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = subcommands.add_parser("run", help="the daemon: connectors, playbook, outbox and web inbox")
    run.add_argument("--role", choices=["all", "worker", "web"], default="all", help="what this process does")
    run.set_defaults(handle=_run)
    demo = subcommands.add_parser("demo", help="a shop with three invented accounts, on this machine alone")
    port = "of the web inbox, or the next free one (default 8080)"
    demo.add_argument("--port", type=whole_number(1, 65_535), default=8080, metavar="N", help=port)
    speed = "how fast the shop's day goes by (default 1)"
    demo.add_argument("--speed", type=above_zero, default=1.0, metavar="X", help=speed)
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="another number, another day")
    demo.set_defaults(handle=_demo)
    commands.add_all(subcommands, {*given}.intersection(["run", "demo", *commands.FAMILIES]))
    _take_config_everywhere(parser)
    return parser


def _take_config_everywhere(parser: argparse.ArgumentParser) -> None:
    """`--config FILE` counts behind a command too; there it overrides nothing unless it is given."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in set(action.choices.values()):
                command.add_argument("--config", metavar="FILE", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
                _take_config_everywhere(command)


def _channels() -> Mapping[str, type[Connector]]:
    """Every channel. Imported when a command needs it: the platforms' clients cost half a second."""
    from connectors import REGISTRY

    return REGISTRY


def _run(parsed: argparse.Namespace) -> int:
    gc.disable()  # While everything is loaded nothing becomes garbage; `process.run` lets the collector begin.
    from connectors import REGISTRY
    from inbox import process, settings

    file = settings.config_file(parsed.config, os.environ)
    loaded = settings.load(file, os.environ, REGISTRY)
    return process.run(loaded, REGISTRY, role=parsed.role)


def _demo(parsed: argparse.Namespace) -> int:
    """The sandbox in this process, a configuration that points at it, and the ordinary daemon on top."""
    gc.disable()
    import secrets
    import tempfile
    from datetime import UTC, datetime, timedelta

    from connectors import REGISTRY
    from connectors.sandbox import Sandbox
    from inbox import access, canned, process, settings
    from inbox.db import writing
    from inbox.runtime import Runtime

    password = secrets.token_urlsafe(9)
    port = _free_port(parsed.port)
    with tempfile.TemporaryDirectory(prefix="zuruf-demo-") as folder, Sandbox(seed=parsed.seed) as sandbox:
        began = datetime.now(UTC)
        sandbox.fill()
        sandbox.live(parsed.speed)
        sandbox.go_wrong()

        def greet(runtime: Runtime) -> None:
            with writing(runtime.sessions) as session:
                access.add_user(session, DEMO_USER, password, "admin", runtime.clock(), name="Anna Demo")
                for email, role, name in DEMO_COLLEAGUES:
                    access.add_user(session, email, secrets.token_urlsafe(9), role, runtime.clock(), name=name)
                for name, language, said in DEMO_TEXTS:
                    canned.save(session, name, language, said, DEMO_USER, runtime.clock())
            sys.stdout.write(
                f"\nZuruf is running: http://127.0.0.1:{port}\nSign in with:\n{DEMO_USER} / {password}\n\n"
            )
            sys.stdout.flush()

        text = _demo_configuration(sandbox, Path(folder) / "zuruf.db", port)
        loaded = settings.load_text(text, {}, REGISTRY)
        return process.run(loaded, REGISTRY, connected_at=began - timedelta(hours=24), started=greet)


DEMO_USER = "anna@shop.example"
DEMO_COLLEAGUES: tuple[tuple[str, Role, str], ...] = (
    ("ben@shop.example", "agent", "Ben Demo"),
    ("cleo@shop.example", "manager", "Cleo Demo"),
    ("dora@shop.example", "manager", "Dora Demo"),
)
"""The people of the shipped playbook's teams: somebody to assign to. Nobody knows their passwords."""
DEMO_TEXTS = (
    (
        "bestellnummer",
        "de",
        "Hallo {{ first_name }}, nennen Sie uns bitte Ihre Bestellnummer, dann sehen wir gleich nach. {{ agent }}",
    ),
    (
        "versand",
        "de",
        "Hallo {{ first_name }}, wir versenden innerhalb von zwei Werktagen, nach ganz Europa. {{ agent }}",
    ),
    (
        "order-number",
        "en",
        "Hi {{ first_name }}, please tell us your order number and we will look it up at once. {{ agent }}",
    ),
)
"""What `/` in the composer offers."""
DEMO_ACCOUNTS = ("shop-facebook", "shop-instagram", "shop-twitter")


def _demo_configuration(sandbox: Sandbox, database: Path, port: int) -> str:
    lines = [
        "[inbox]", f'database = "sqlite:///{database}"', 'shop_name = "Glückspilz"',
        "[web]", f'listen = "127.0.0.1:{port}"', f'public_url = "http://127.0.0.1:{port}"',
        "[automation]", 'delay = "5s"', "[notices]", "enabled = false",
    ]  # fmt: skip
    for name in DEMO_ACCOUNTS:
        login = sandbox.login(name)
        lines += [
            "[[accounts]]", f'name = "{name}"', f'channel = "{login.channel}"', f'external_id = "{login.external_id}"',
            'poll_every = "3s"', f'api_base = "{sandbox.origin}"',
            *(f'{key} = "{value}"' for key, value in login.options.items()),
            "[accounts.credentials]", *(f'{key} = "{value}"' for key, value in login.credentials.items()),
        ]  # fmt: skip
    return "\n".join(lines)


def _free_port(wanted: int) -> int:
    """The wanted port, or the next one nobody listens on."""
    import socket

    for port in range(wanted, min(wanted + 50, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    return wanted


if __name__ == "__main__":
    sys.exit(main())
