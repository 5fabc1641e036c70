"""Runs the benchmarks, each in a process of its own: `./run bench [NAME …]`, `./run bench --list`."""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def benchmarks() -> dict[str, str]:
    """{name: the first line of what its module says about itself}, for every module that can be run."""
    found = {}
    for path in sorted(HERE.glob("*.py")):
        source = path.read_text("utf-8")
        if not path.stem.startswith("__") and 'if __name__ == "__main__"' in source:
            found[path.stem] = (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]
    return found


def machine() -> str:
    """What the figures were measured on."""
    return f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def main(wanted: list[str]) -> int:
    """0 when every benchmark ran to its end, 2 for a name there is none of."""
    known = benchmarks()
    if "--list" in wanted:
        for name, about in known.items():
            print(f"{name:20} {about}")
        return 0
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"There is no benchmark {unknown[0]}. Write one of: {', '.join(known)}", file=sys.stderr)
        return 2
    print(machine(), flush=True)
    failed = []
    for name in wanted or known:
        print(f"\n== {name}: {known[name]}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode:
            failed.append(name)
    for name in failed:
        print(f"{name} did not run to its end", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
