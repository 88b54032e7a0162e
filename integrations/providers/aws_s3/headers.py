"""Headers of requests and answers that carry more than a word: metadata, parts of an object, how a link is opened."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from integrations.capabilities import OpenRecording
from integrations.errors import Cause, Rejected

from .transfer import verified

if TYPE_CHECKING:
    from integrations.transport import Download

ABOUT_NAME = re.compile(r"[a-z0-9-]{1,60}")
LONGEST_ABOUT = 2048  # bytes of metadata that S3 keeps with an object
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


def metadata(about: Mapping[str, str]) -> dict[str, str]:
    """Words kept with an object, as headers. Raises `ValueError` for what S3 cannot keep."""
    headers = {}
    for name, value in about.items():
        if not ABOUT_NAME.fullmatch(name):
            raise ValueError(f"“{name}” cannot be the name of metadata: small letters, digits and hyphens only.")
        headers[f"x-amz-meta-{name}"] = quote(value, safe=" !#$&'()*+,-./:;<=>?@[]^_`{|}~")
    if sum(len(name) + len(value) for name, value in headers.items()) > LONGEST_ABOUT:
        raise ValueError(f"S3 keeps at most {LONGEST_ABOUT} bytes of metadata with an object.")
    return headers


def range_header(start: int, length: int | None) -> dict[str, str]:
    if start < 0 or (length is not None and length < 1):
        raise ValueError("A part of a recording begins at 0 or later and has at least one byte.")
    if start == 0 and length is None:
        return {}
    return {"Range": f"bytes={start}-" + ("" if length is None else str(start + length - 1))}


def opened(download: "Download", *, start: int, partial: bool) -> OpenRecording:
    """Raises `Rejected` where a part was asked for and something else comes."""
    content_type = download.headers.get("Content-Type", "")
    if partial:
        told = CONTENT_RANGE.fullmatch(download.headers.get("Content-Range", ""))
        if download.response.status_code != 206 or told is None or int(told[1]) != start:
            raise Rejected("The storage does not send parts of a recording.", cause=Cause.API_DISABLED)
        return OpenRecording(int(told[3]), start, content_type, iter(download))
    sha256 = download.headers.get("x-amz-meta-sha256", "")
    pieces = verified(download, sha256) if sha256 else iter(download)
    return OpenRecording(int(download.headers.get("Content-Length", 0)), 0, content_type, pieces)


def disposition(file_name: str) -> str:
    """Saved under that name (RFC 6266), or played where it is."""
    return f"attachment; filename*=UTF-8''{quote(file_name, safe='')}" if file_name else "inline"
