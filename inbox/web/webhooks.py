"""The platforms' door: their question whether this address is ours, and their pushes, stored before understood."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from inbox import push
from inbox.api.door import Wired
from inbox.api.problems import problem
from inbox.db import turns

router = APIRouter(prefix="/webhooks", include_in_schema=False)

REFUSED = {
    401: "The signature is missing or was not made with this account's secret. Nothing was stored.",
    403: "The signature was not made with this account's secret. Nothing was stored.",
    404: "There is no account of this name, or it takes no pushes.",
}


@router.get("/{account_name}")
def answer_challenge(runtime: Wired, account_name: str, request: Request) -> Response:
    """The platform asks for proof; only a right verify token or a real question is answered."""
    answer = push.challenge(runtime, account_name, dict(request.query_params))
    if answer is None:
        return problem(403, "This is no verification we can answer: check account name and verify_token.")
    media_type = "application/json" if answer.startswith("{") else "text/plain"
    return PlainTextResponse(answer, media_type=media_type)


@router.post("/{account_name}")
async def receive(runtime: Wired, account_name: str, request: Request) -> Response:
    """Takes a push: 200 at once when its signature over the raw bytes is right; understanding comes later."""
    body = await request.body()
    with turns(runtime.engine).awaited():
        status = await push.receive(runtime, account_name, request.headers, body, runtime.clock())
    if status == 200:
        return PlainTextResponse("ok")
    return problem(status, REFUSED.get(status, "This push is not taken. Nothing was stored."))
