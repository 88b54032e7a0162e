"""Under ASGI Django takes a whole body in before any code of ours sees the request. What is larger than a recording may
be is turned away before that."""

import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings

from contactcenter.recordings.spool import TooLarge

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


def with_size_limit(application: Application) -> Application:
    """A body that is announced as too large is answered with 413; one that tells no length is cut off at the limit."""

    async def limited(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
        elif _announced(scope) > settings.LARGEST_RECORDING:
            await _refuse(send)
        else:
            await application(scope, _counted(receive), send)

    return limited


def _announced(scope: Message) -> int:
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() else 0


async def _refuse(send: Send) -> None:
    body = json.dumps({"detail": TooLarge().sentence, "errors": []}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 413, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body})


def _counted(receive: Receive) -> Receive:
    size = 0

    async def counted() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        return message if size <= settings.LARGEST_RECORDING else {"type": "http.disconnect"}

    return counted
