"""Answers as they go out, and what faults make of them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..faults import Fault

BOMB = b'<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
# Sent instead of the answer.
INSTEAD = {
    "html": b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>",
    "wrong_shape": b"<RESULT><SURPRISE>1</SURPRISE></RESULT>\r\n",
    "oversized": b"<RESULT><RESULTMSG>" + b"x" * 70_000,
}


def spoilt(answer: bytes, fault: Fault | None) -> bytes:
    """The answer after a fault that changes what it says."""
    name = fault.name if fault else ""
    if name == "other_id":
        return answer.replace(b"<REQUESTID>", b"<REQUESTID>9", 1)
    if name == "entities":
        return BOMB + answer.replace(b"<RESULTMSG>", b"<RESULTMSG>&b;", 1)
    return answer


def packets(answer: bytes, fault: Fault | None) -> Iterator[bytes]:
    """The answer as it goes out."""
    name = fault.name if fault else ""
    if name in INSTEAD:
        yield INSTEAD[name]
    elif name == "twice":
        yield answer + answer
    elif name == "truncated":
        yield answer[: len(answer) // 2]
    elif name == "split":
        for number in range(len(answer)):
            yield answer[number : number + 1]
            time.sleep(0.001)
    else:
        if fault is not None and name == "slow":
            time.sleep(fault.option("delay", 3))
        yield answer
