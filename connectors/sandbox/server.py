"""The sandbox's HTTP: one port on loopback for all three platforms and the control API."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections import Counter
from collections.abc import Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
import uvicorn
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from uvicorn.protocols.http.h11_impl import H11Protocol

from connectors.sandbox.breakage import change_answer
from connectors.sandbox.faults import ANSWERED_KINDS, CONTENT_KINDS, Fault, Faults
from connectors.sandbox.graph_server import GraphServer, graph_fault
from connectors.sandbox.scene import Scene
from connectors.sandbox.twitter_server import TwitterServer, twitter_fault
from connectors.sandbox.wire import Answer, Call, Upload

Json = Any
_GRACE = 2.0
"""Seconds for requests under way to notice that their connection is gone."""
_PAGE = "<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Service Unavailable</h1></body></html>"


class _CuttableProtocol(H11Protocol):
    """Lets the application close a connection without an answer, which ASGI has no word for."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "cut": transport.abort}


class Gate:
    """Every request of the platforms passes here: counted, spoilt where a fault waits, answered."""

    def __init__(
        self,
        scene: Scene,
        graph: GraphServer,
        twitter: TwitterServer,
        faults: Faults,
        chance: random.Random,
        requests: Counter[tuple[str, str]],
    ) -> None:
        self._scene = scene
        self._graph = graph
        self._twitter = twitter
        self._faults = faults
        self._chance = chance
        self.requests = requests
        self.stopping = asyncio.Event()
        graph.pick_faults = lambda platform, label, path: faults.pick(
            platform, f"batched {label}", path, ANSWERED_KINDS
        )
        graph.count = self._count_inner

    async def answer(self, call: Call) -> Answer | None:
        """The platform's answer, or None: cut the connection."""
        server = self._twitter if call.path.startswith("/2/") else self._graph
        with self._scene.lock:
            platform, label = server.describe(call)
            self.requests[(platform, label)] += 1
            faults = self._faults.pick(platform, label, call.path)
        fatal = next((fault for fault in faults if fault.kind not in CONTENT_KINDS), None)
        if fatal is not None and not fatal.done:
            self._note_refused(platform, label, call, fatal)
        if fatal is None or fatal.done:
            with self._scene.lock:
                answer = server.answer(call)
                change_answer(answer, faults, self._chance)
            if fatal is None:
                return answer
        return await self._spoilt(fatal, platform, call, faults)

    async def _spoilt(self, fault: Fault, platform: str, call: Call, faults: list[Fault]) -> Answer | None:
        if fault.kind == "timeout":
            try:
                await asyncio.wait_for(self.stopping.wait(), fault.seconds)
            except TimeoutError:
                return None
            return None
        if fault.kind in ("cut_before", "cut_after"):
            return None
        if fault.kind == "garbage":
            return Answer(200, text=_PAGE)
        if call.path.startswith("/2/"):
            return twitter_fault(fault, self._scene.now())
        answer = graph_fault(fault, platform, self._graph.usage)
        change_answer(answer, [f for f in faults if f.kind == "localised_errors"], self._chance)
        return answer

    def _note_refused(self, platform: str, label: str, call: Call, fault: Fault) -> None:
        if call.method == "GET" or label == "POST batch":
            return
        row = {"platform": platform, "action": label, "at": self._scene.now(), "error": fault.kind, "text": None}
        with self._scene.lock:
            self._scene.refused.append(row)

    def _count_inner(self, platform: str, label: str) -> None:
        self.requests[(platform, f"batched {label}")] += 1


async def read_call(request: Request) -> Call:
    """A request in plain words."""
    call = Call(
        request.method, request.url.path, dict(parse_qsl(request.url.query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in request.headers.items()},
        origin=f"{request.url.scheme}://{request.url.netloc}",
    )  # fmt: skip
    kind = call.headers.get("content-type", "")
    if kind.startswith("multipart/"):
        form = await request.form()
        call.form = {name: value for name, value in form.items() if isinstance(value, str)}
        for name, value in form.items():
            if isinstance(value, UploadFile):
                call.files[name] = Upload(value.filename or "", value.content_type or "", await value.read())
        return call
    body = await request.body()
    if kind.startswith("application/json"):
        try:
            call.form = orjson.loads(body) if body else {}
        except orjson.JSONDecodeError:
            call.broken_body = True
        if not isinstance(call.form, dict):
            call.form, call.broken_body = {}, True
    elif body:
        call.form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        call.signed_form = True
    return call


class LoopbackServer:
    """uvicorn in a thread of its own, on 127.0.0.1."""

    def __init__(self, gate: Gate, control: Callable[[Call], Answer], port: int) -> None:
        self._gate = gate
        self._control = control
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = int(self._socket.getsockname()[1])
        self.origin = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            self._application, http=_CuttableProtocol, ws="none", lifespan="off", interface="asgi3", loop="asyncio",
            log_config=None, log_level="error", access_log=False, server_header=False, timeout_graceful_shutdown=1,
            timeout_keep_alive=30,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sandbox", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Listen. Connections are accepted from now on."""
        self._thread.start()
        self._started.wait(5)

    def stop(self) -> None:
        """Close every connection and the port."""
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._gate.stopping.set)
        self._thread.join(5)
        self._socket.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        """Like `uvicorn.Server.serve`, without its tenths of a second of waiting at the end."""
        self._loop = asyncio.get_running_loop()
        server = self._server
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup(sockets=[self._socket])
        self._started.set()
        await self._gate.stopping.wait()
        for listener in server.servers:
            listener.close()
        await asyncio.sleep(0)
        for connection in list(server.server_state.connections):
            connection.transport.abort()
        if server.server_state.tasks:
            await asyncio.wait(list(server.server_state.tasks), timeout=_GRACE)

    async def _application(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        call = await read_call(Request(scope, receive))
        if call.path == "/sandbox" or call.path.startswith("/sandbox/"):
            answer: Answer | None = await asyncio.to_thread(self._control, call)
        else:
            answer = await self._gate.answer(call)
        if answer is None:
            scope["state"]["cut"]()
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        response = Response(answer.content(), answer.status, answer.headers, answer.media_type())
        await response(scope, receive, send)
