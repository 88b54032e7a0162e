"""The rules of the Uptivity API server: how a request must be written, which parameters a command takes, and what it
means for the phone that it names.

Written from NICE's pages "API Overview", "API Server Commands", "API Server Parameters and Data Types" and "API Server
Command Results". Not published, and so assumed here: the names for agents' log-ins, and what the other commands than
CALLSTART take."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, unescape

#: One line, without any blank or declaration: what the product promises, more than the API server asks for.
LINE = re.compile(rb"<REQUEST>((?:<[A-Z][A-Z0-9_]*>[^<>]*</[A-Z][A-Z0-9_]*>)+)</REQUEST>\r\n")
ELEMENT = re.compile(r"<([A-Z][A-Z0-9_]*)>([^<>]*)</([A-Z][A-Z0-9_]*)>")
SUSPECT = re.compile(r"[<>&\"\\\x00-\x1f\x7f]")
WHO = ("DEVICEID", "DEVICEALIAS", "STATIONNAME", "SYS_USER", "CRM_USER")
ADDRESSED = (*WHO, "CALLINSTANCE")
TAKES = {
    "test": (),
    "start": (*ADDRESSED, "ANI", "DNIS", "CALLDIRECTION", "CALLID"),
    "update": (*ADDRESSED, *(f"USER{n}" for n in range(1, 16)), "KEEPDAYS"),
    "stop": ADDRESSED,
    "login": ("DEVICEID", "SYS_USER", "CRM_USER"),
    "logout": ("DEVICEID", "SYS_USER", "CRM_USER"),
}
RESULTS = {
    0: "API_RECORDING_STARTED", 1: "API_ERROR_ALREADY_RECORDING", 2: "API_ERROR_OUT_OF_DISK_SPACE",
    3: "API_ERROR_NO_FREE_CHANNELS", 4: "API_ERROR_UNKNOWN", 6: "API_ERROR_SCHEDULER_NOT_RUNNING",
    7: "API_DEVICE_NOT_IN_CALL", 8: "API_DEVICE_INVALID", 9: "API_DID_NOT_MATCH_A_SCHEDULE",
    10: "API_UNKNOWN_MESSAGE_TYPE", 11: "API_ERROR_PROCESSING_MESSAGE", 12: "API_DEVICE_NOT_RECORDING",
    13: "API_RECORDING_STOPPED", 16: "API_INVALID_MESSAGE_FORMAT", 18: "API_ERROR_NO_DEFAULT_RECORDING_PATH",
    20: "API_OK", 23: "API_DATABASE_QUERY_ERROR", 24: "API_AGENT_NOT_FOUND", 26: "API_BLANK_REQUIRED_VALUE",
}  # fmt: skip
SCHEDULER_NOT_RUNNING = 6
OK, REPEATED, NOT_IN_CALL, UNKNOWN_PHONE, UNKNOWN_COMMAND, BAD_FORMAT, BLANK = 20, 1, 7, 8, 10, 16, 26


class Unreadable(ValueError):
    """No request; the message says why."""


def read_line(line: bytes) -> list[tuple[str, str]]:
    """The elements of a request in their order. Raises `Unreadable`."""
    found = LINE.fullmatch(line)
    if found is None:
        ending = "" if line.endswith(b"\r\n") else ", and it does not end with CR LF"
        raise Unreadable(f"the line is not one REQUEST with its elements and nothing else{ending}")
    try:
        elements = ELEMENT.findall(found[1].decode())
    except UnicodeDecodeError:
        raise Unreadable("the line is not UTF-8") from None
    if any(opened != closed for opened, _, closed in elements):
        raise Unreadable("an element is not closed by its own name")
    return [(name, unescape(text)) for name, text, _ in elements]


def shape_problems(kind: str, fields: list[tuple[str, str]]) -> list[str]:
    """What is wrong with the parameters of a command of this kind."""
    names = [name for name, _ in fields]
    found = [f"{name} is no parameter of this command" for name in names if name not in TAKES[kind]]
    found += [f"{name} comes twice" for name in sorted(set(names)) if names.count(name) > 1]
    found += [f"{name} is blank" for name, value in fields if not value.strip()]
    found += [f"{name} holds {value!r}, which may not work" for name, value in fields if SUSPECT.search(value)]
    values = dict(fields)
    if values.get("CALLDIRECTION", "I") not in ("I", "O"):
        found.append("CALLDIRECTION is neither I nor O")
    if not values.get("KEEPDAYS", "0").isdigit():
        found.append("KEEPDAYS is no whole number")
    if kind != "test" and not set(WHO) & set(names):
        found.append(f"none of {', '.join(WHO)} is there")
    return found


def prefix_problems(fields: list[tuple[str, str]], agent_prefix: str, extension_prefix: str) -> list[str]:
    """Phones and agents must carry their prefix once, numbers of customers never."""
    prefixes = {"DEVICEID": extension_prefix, "SYS_USER": agent_prefix, "CRM_USER": agent_prefix}
    found = []
    for name, value in fields:
        prefix = prefixes.get(name, "")
        if prefix and not value.startswith(prefix):
            found.append(f"{name} {value!r} lacks the prefix {prefix!r}")
        elif prefix and value.startswith(prefix * 2):
            found.append(f"{name} {value!r} has the prefix {prefix!r} twice")
        elif name in ("ANI", "DNIS") and extension_prefix and value.startswith(extension_prefix):
            found.append(f"{name} {value!r} carries a prefix")
    return found


def result_xml(request_id: str, kind: str, code: int) -> bytes:
    """A RESULT as NICE shows it. In an error its type is ERROR, and the message names it."""
    label = RESULTS.get(code, "API_ERROR_UNKNOWN")
    parts = {
        "REQUESTID": request_id,
        "REQUESTTYPE": kind,
        "RESULTTYPE": label if code == OK else "ERROR",
        "RESULTCODE": str(code),
        "RESULTMSG": label,
    }
    return f"<RESULT>{''.join(f'<{n}>{escape(v)}</{n}>' for n, v in parts.items() if v)}</RESULT>".encode()
