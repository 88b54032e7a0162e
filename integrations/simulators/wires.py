"""Breaks connections, in the ways in which connections break, and refuses faults that nobody knows."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope

from . import faults, silence

HALF_CLOSE_SECONDS = 30.0


async def break_wire(name: str, scope: Scope, receive: Receive) -> None:
    transport = scope.get("simulator.transport")
    if name == "reset" and transport is not None:
        reset(transport)
    if name == "half_close" and transport is not None:
        half_close(transport)
    if name == "silent" and transport is not None:
        silence.fall_silent(transport.get_extra_info("socket"))
    limit = None if name == "hang" else HALF_CLOSE_SECONDS
    try:
        await asyncio.wait_for(until_gone(receive), limit)
    except TimeoutError:
        if transport is not None:
            transport.close()


def reset(transport: Any) -> None:
    """SO_LINGER with zero seconds makes the kernel send RST instead of FIN."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def half_close(transport: Any) -> None:
    """We stop talking but keep listening; TLS cannot do that, there the connection is closed."""
    transport.write_eof() if transport.can_write_eof() else transport.close()


async def until_gone(receive: Receive) -> None:
    while not (await receive())["type"].endswith(".disconnect"):
        pass


def unknown_fault(error: faults.BadFault, table: faults.FaultTable) -> Response:
    return JSONResponse({"error": str(error), "faults": list(table.names)}, 400)
