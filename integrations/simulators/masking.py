"""Hides secrets before anything is kept or shown.

The request pages exist to be looked at, screenshotted and pasted into tickets, so no password, client secret,
token or Authorization header may ever reach them. Values are hidden by the name of their key and, because a
secret may travel under any name (a custom token header, for example), also by known value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

MASK = "•••"
BODY_LIMIT = 64_000

_SECRET_KEY = re.compile(
    r"authorization|authentication|cookie|password|passwd|secret|token|assertion|code_verifier|x-api-key|consumerkey|"
    r"applicationkey|g_ck",
    re.I,
)
# Ends in "token" or "tokens" but counts or describes; hiding it would only make the page harder to read.
_HARMLESS_KEYS = frozenset({"token_type", "token_refreshes", "token_requests", "refresh_token_expires_in"})
# An authorization code is a secret in a form or a query; in JSON "code" is an ordinary word.
_FORM_SECRET_KEYS = frozenset({"code"})


def is_secret_key(key: str) -> bool:
    return key.lower() not in _HARMLESS_KEYS and bool(_SECRET_KEY.search(key))


def mask_values(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, MASK)
    return text


def mask_headers(headers: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    secrets = list(secrets)
    return {name: MASK if is_secret_key(name) else mask_values(value, secrets) for name, value in headers.items()}


def mask_pairs(text: str, secrets: Iterable[str]) -> dict[str, str]:
    """A query string or a form, as a dictionary."""
    secrets = list(secrets)
    pairs = parse_qsl(text, keep_blank_values=True)
    hidden = {key for key, _ in pairs if is_secret_key(key) or key in _FORM_SECRET_KEYS}
    return {key: MASK if key in hidden else mask_values(value, secrets) for key, value in pairs}


def mask_json(value: Any, secrets: Iterable[str]) -> Any:
    secrets = list(secrets)
    if isinstance(value, dict):
        return {k: MASK if is_secret_key(str(k)) and v else mask_json(v, secrets) for k, v in value.items()}
    if isinstance(value, list):
        return [mask_json(item, secrets) for item in value]
    return mask_values(value, secrets) if isinstance(value, str) else value


def mask_body(body: bytes, content_type: str, secrets: Iterable[str]) -> Any:
    """The body in the form that is pleasant to read: parsed JSON, a dictionary of a form, or text."""
    if not body:
        return None
    text = body[:BODY_LIMIT].decode("utf-8", "replace")
    if "x-www-form-urlencoded" in content_type:
        return mask_pairs(text, secrets)
    if "json" in content_type:
        try:
            return mask_json(json.loads(text), secrets)
        except ValueError:
            return mask_values(_hide_json_like(text), secrets)
    if "xml" in content_type:
        return mask_values(_hide_xml(text), secrets)
    return mask_values(text, secrets)


def _hide_json_like(text: str) -> str:
    """Broken JSON cannot be walked; blank the quoted value after a secret key."""
    pattern = r'("[^"]*(?:token|secret|password|authorization)[^"]*"\s*:\s*")[^"]*'
    return re.sub(pattern, rf"\g<1>{MASK}", text, flags=re.I)


def _hide_xml(text: str) -> str:
    """The text of every element with a secret's name."""
    pattern = r"(<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>)[^<>]*[^<>\s][^<>]*"
    return re.sub(pattern, lambda found: f"{found[1]}{MASK}" if is_secret_key(found[2]) else found[0], text)
