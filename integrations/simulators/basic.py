"""HTTP Basic, the receiving side."""

from __future__ import annotations

import base64
import binascii


def decoded(credentials: str) -> str:
    """`user:password`, or nothing if the header is not what it should be."""
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
