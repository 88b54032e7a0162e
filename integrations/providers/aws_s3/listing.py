"""Lists of objects, page by page (ListObjectsV2)."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote_plus

from integrations.capabilities import StoredRecording
from integrations.errors import Cause, Rejected

from .answers import Element, document, text_of

TRIAL_FOLDER = ".connection-test/"
LOOKED_THROUGH = 10_000  # objects: ten pages, a second or two


@dataclass(frozen=True, slots=True)
class Page:
    """`next` continues the list; empty at its end."""

    recordings: tuple[StoredRecording, ...]
    next: str = ""


def query_of(prefix: str, *, limit: int, after: str = "") -> dict[str, str]:
    """Keys come encoded, because XML cannot hold every character that a key can."""
    asked = {"list-type": "2", "max-keys": str(limit), "prefix": prefix, "encoding-type": "url"}
    return {**asked, **({"continuation-token": after} if after else {})}


def page_of(body: bytes) -> Page:
    """Raises `Rejected` for what is no such list."""
    found = document(body, "ListBucketResult")
    encoded = text_of(found, "EncodingType") == "url"
    recordings = tuple(_recording(entry, encoded=encoded) for entry in found.iter("Contents"))
    more = text_of(found, "IsTruncated") == "true"
    return Page(recordings, text_of(found, "NextContinuationToken") if more else "")


def _recording(entry: Element, *, encoded: bool) -> StoredRecording:
    key = entry.findtext("Key") or ""
    try:
        stored_at = datetime.fromisoformat(text_of(entry, "LastModified"))
        return StoredRecording(unquote_plus(key) if encoded else key, int(text_of(entry, "Size")), stored_at)
    except ValueError:
        raise Rejected("The list holds an object without size or time.", cause=Cause.REMOTE_ERROR) from None


def newest(page: Callable[[str], Page], limit: int) -> tuple[list[StoredRecording], bool]:
    """The newest recordings, and whether the list was looked through to its end. `page(after)` fetches one page."""
    found: list[StoredRecording] = []
    seen, after = 0, ""
    while seen < LOOKED_THROUGH:
        fetched = page(after)
        seen += len(fetched.recordings)
        heard = (each for each in fetched.recordings if is_recording(each.key))
        found = heapq.nlargest(limit, [*found, *heard], key=lambda each: (each.stored_at, each.key))
        after = fetched.next
        if not after:
            return found, True
    return found, False


def is_recording(key: str) -> bool:
    """Not a folder's marker, not what a test left behind."""
    return not key.endswith("/") and TRIAL_FOLDER not in key
