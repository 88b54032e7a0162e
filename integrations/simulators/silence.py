"""The machine at the other end vanishes: what is sent to it is not acknowledged, and no FIN and no RST tells of it.

Linux lets a process throw away what comes to a socket of its own before TCP sees it, by a filter that takes nothing
(`SO_ATTACH_FILTER` with a classic BPF program, socket(7)). No privilege is needed, and no other connection notices."""

from __future__ import annotations

import ctypes
import socket
import struct

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27  # Linux; the socket module does not name them
LONGEST_HEADER = 60  # bytes of TCP's own; whatever is longer carries data
LENGTH, IF_ABOVE, RETURN = 0x80, 0x25, 0x06  # BPF_LD|BPF_W|BPF_LEN, BPF_JMP|BPF_JGT|BPF_K, BPF_RET|BPF_K
NOTHING, WHOLE = 0, 0xFFFFFFFF
Step = tuple[int, int, int, int]  # code, steps to skip if true, if false, operand

TAKE_NOTHING: tuple[Step, ...] = ((RETURN, 0, 0, NOTHING),)
TAKE_NO_DATA: tuple[Step, ...] = (
    (LENGTH, 0, 0, 0), (IF_ABOVE, 0, 1, LONGEST_HEADER), (RETURN, 0, 0, NOTHING), (RETURN, 0, 0, WHOLE),
)  # fmt: skip


def fall_silent(connection: socket.socket) -> None:
    """From now on nothing that comes is acknowledged. What has come already can be read."""
    _attach(connection, TAKE_NOTHING)


def fall_silent_when_accepted(listener: socket.socket) -> None:
    """Connections are made, and take no data from their first byte: they inherit the filter of the listener."""
    _attach(listener, TAKE_NO_DATA)


def hear_again(listener: socket.socket) -> None:
    """For connections to come; harmless where nothing was attached."""
    try:
        listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
    except FileNotFoundError:  # ENOENT: there is no filter
        return


def _attach(opened: socket.socket, program: tuple[Step, ...]) -> None:
    """`struct sock_fprog` with its `struct sock_filter` entries, linux/filter.h."""
    steps = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    opened.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(steps)))
