"""Names of recordings as keys of objects."""

import hashlib
import re
from urllib.parse import quote

LONGEST = 1024  # bytes of UTF-8 (Amazon S3 User Guide, "Naming Amazon S3 objects")
SAFE = "!-_.*'()"  # besides letters and digits, what the guide calls safe in any application
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
ROOM = 40  # what a shortened name needs for its mark and its extension


def folder_of(prefix: str) -> str:
    """A prefix with one slash at its end and none at its beginning; empty stays empty."""
    inner = prefix.strip().strip("/")
    return f"{inner}/" if inner else ""


def key_of(prefix: str, name: str) -> str:
    """`name` below the prefix: each part percent-encoded, none of them able to leave its folder, at most 1,024 bytes.

    A name too long is cut and marked with a digest of the whole, so that two long names never become one key."""
    parts = [_part(part) for part in name.split("/") if part]
    key = prefix + "/".join(parts or ["_"])
    if len(key.encode()) <= LONGEST:
        return key
    mark = hashlib.sha256(name.encode()).hexdigest()[:16]
    extension = re.search(r"\.[A-Za-z0-9]{1,8}$", key)
    whole_escapes = re.sub(r"%[0-9A-F]?$", "", key.encode()[: LONGEST - ROOM].decode(errors="ignore"))
    return f"{whole_escapes}~{mark}{extension[0] if extension else ''}"


def _part(part: str) -> str:
    if part in (".", ".."):
        return part.replace(".", "_")
    return quote(CONTROL.sub("_", part), safe=SAFE)
