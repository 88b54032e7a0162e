"""The baseline: an ASGI stream with nothing around it, fed by a bare Redis publish. `?agent=` names the listener."""

import asyncio
import json
import os
from urllib.parse import parse_qs

from redis import asyncio as aioredis

CHANNEL = "bare"
queues: dict[int, asyncio.Queue] = {}


async def listen() -> None:
    ear = aioredis.from_url(os.environ["REDIS_URL"]).pubsub()
    await ear.subscribe(CHANNEL)
    async for message in ear.listen():
        if message["type"] == "message":
            told = json.loads(message["data"])
            queue = queues.get(told["agent"])
            if queue is not None:
                queue.put_nowait(b"id: %d\ndata: %s\n\n" % (told["number"], message["data"]))


async def app(scope, receive, send) -> None:
    if scope["type"] == "lifespan":
        await receive()
        app.listener = asyncio.create_task(listen())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        app.listener.cancel()
        await send({"type": "lifespan.shutdown.complete"})
        return
    queue = queues[int(parse_qs(scope["query_string"])[b"agent"][0])] = asyncio.Queue()
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
    while True:
        await send({"type": "http.response.body", "body": await queue.get(), "more_body": True})
