"""The Basic scheme (RFC 7617), in UTF-8."""

import base64


def basic(pair: str) -> str:
    """The header's value for "user:password"."""
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
