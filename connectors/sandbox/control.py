"""The sandbox's own API under /sandbox/: read what was written, cause faults, make things happen."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from connectors.sandbox.faults import CONSTRUCTORS, Fault
from connectors.sandbox.wire import Answer, Call

if TYPE_CHECKING:
    from connectors.sandbox.sandbox import Sandbox

Json = Any


class Control:
    """One method a path; anything wrong is 400 with a sentence."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def answer(self, call: Call) -> Answer:
        """What `/sandbox/…` says."""
        path = call.path.removeprefix("/sandbox").strip("/")
        try:
            body = self._read(path) if call.method == "GET" else self._do(path, call.form)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return Answer(400, {"error": f"{type(error).__name__}: {error}"})
        return Answer(404, {"error": f"no {call.method} /sandbox/{path}"}) if body is None else Answer(200, body)

    def _read(self, path: str) -> Json:
        sandbox = self._sandbox
        if path == "journal":
            return sandbox.journal
        if path == "refused":
            return sandbox.refused
        if path == "requests":
            return [{"platform": p, "endpoint": e, "count": n} for (p, e), n in sorted(sandbox.requests.items())]
        if path == "faults":
            return [{"platform": p, "endpoint": e, "kind": kind} for p, e, kind in sandbox.faults.struck]
        if path == "verbs":
            return self._verbs()
        if path == "":
            return {"origin": sandbox.origin, "now": sandbox.scene.now(), "accounts": sandbox.accounts()}
        return None

    def _do(self, path: str, form: dict[str, Json]) -> Json:
        parts = path.split("/")
        if parts[0] == "world" and len(parts) == 3:
            return {"id": self._happen(parts[1], parts[2], form)}
        if parts[0] == "faults" and len(parts) == 2:
            return self._fault(parts[1], form)
        if path == "subscribe":
            self._sandbox.subscribe(**form)
            return {"subscribed": True}
        if path == "usage":
            self._sandbox.graph.usage.report(form["platform"], form.get("percent"), int(form.get("minutes", 0)))
            return {"reported": True}
        if path == "tick":
            return {"arrived": self._sandbox.tick(self._sandbox.scene.now())}
        return None

    def _fault(self, what: str, form: dict[str, Json]) -> Json:
        faults = self._sandbox.faults
        if what == "clear":
            faults.clear()
            return {"cleared": True}
        fault = _build(form["fault"])
        platform, endpoint = form.get("platform", "*"), form.get("endpoint", "*")
        if what == "next":
            faults.next(platform, endpoint, fault, int(form.get("times", 1)))
        elif what == "always":
            faults.always(platform, endpoint, fault)
        elif what == "rate":
            faults.rate(fault, float(form["probability"]), int(form.get("seed", 0)), platform, endpoint)
        else:
            raise ValueError(f"faults/{what} is not one of next, always, rate, clear")
        return {"fault": fault.kind}

    def _happen(self, platform: str, name: str, form: dict[str, Json]) -> Json:
        verb = getattr(self._world(platform), name, None)
        if not getattr(verb, "is_verb", False) or verb is None:
            raise ValueError(f"{platform} has no verb {name}; see /sandbox/verbs")
        return verb(**form)

    def _world(self, platform: str) -> Any:
        worlds = self._sandbox.world.by_name()
        if platform not in worlds:
            raise ValueError(f"{platform} is not one of {', '.join(worlds)}")
        return worlds[platform]

    def _verbs(self) -> Json:
        return {
            name: {
                verb: list(inspect.signature(member).parameters)
                for verb, member in inspect.getmembers(world)
                if getattr(member, "is_verb", False)
            }
            for name, world in self._sandbox.world.by_name().items()
        }


def _build(form: Json) -> Fault:
    """A fault from its name, or from `{"kind": name, …}` with the arguments of its constructor."""
    details = {"kind": form} if isinstance(form, str) else dict(form)
    kind = details.pop("kind")
    if kind not in CONSTRUCTORS:
        raise ValueError(f"fault {kind!r} is not one of {', '.join(CONSTRUCTORS)}")
    maker: Any = CONSTRUCTORS[kind]
    fault = maker(**details)
    assert isinstance(fault, Fault)
    return fault
