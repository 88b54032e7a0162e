"""Keeps secrets out of everything that is written down: logs, wire log, error pages.

Two nets. By name: whatever is called password, secret, token ... is masked unread. By value: every secret that this
process has decrypted, received or been handed is remembered here in the forms in which it can appear (as it is,
URL-encoded, inside JSON, HTML or a Basic header) and masked wherever one of them turns up. `Sealed.reveal` registers
by itself, so no caller can forget it."""

import base64
import html
import json
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, quote_plus, urlencode, urlsplit, urlunsplit

if TYPE_CHECKING:
    from integrations.models import IntegrationAccount

MASK = "***"
# A value below the first length is never masked by value (it would mask half the language), one below the second only
# where it stands alone. Both are masked by name.
SHORTEST, STANDS_ALONE_BELOW = 6, 8
MOST_REMEMBERED = 2000
SENSITIVE_NAME = re.compile(
    r"pass(word|wd|phrase|code)?$|secret|(^|[_-])(access|refresh|id|api|auth|csrf|session|bearer|device)?[_-]?token$"
    r"|authori[sz]ation$|authentication[_-]?key|api[_-]?key|private[_-]?key|client[_-]?assertion$|^assertion$|code_verifier|credential"
    r"|signature$|cookie|x-usertoken|^pwd$",
    re.IGNORECASE,
)
# Only in forms and query strings: in JSON, "code" is mostly the number of an error.
SENSITIVE_PARAMETERS = {"code", "sig", "sas", "key"}

_lock = threading.Lock()
_remembered: "OrderedDict[str, int]" = OrderedDict()
_needles: tuple[tuple[str, re.Pattern[str] | None], ...] = ()


# -- by value


def register(*values: str) -> None:
    """Remember secrets for masking, the latest ones at the most `MOST_REMEMBERED`."""
    fresh = [value for value in values if len(value) >= SHORTEST and value not in _remembered]
    if not fresh:
        return
    with _lock:
        _remembered.update((value, 1) for value in fresh)
        while len(_remembered) > MOST_REMEMBERED:
            _remembered.popitem(last=False)
        _rebuild()


def forget(*values: str) -> None:
    """Stop masking these values."""
    with _lock:
        for value in values:
            _remembered.pop(value, None)
        _rebuild()


@contextmanager
def temporarily(*values: str) -> Iterator[None]:
    """Mask values that are used once, as the password of a dialog, for the length of a `with` block."""
    fresh = [value for value in values if value not in _remembered]
    register(*fresh)
    try:
        yield
    finally:
        forget(*fresh)


def register_all(value: Any) -> None:
    """Remember every text inside a decrypted value (text, list or dictionary)."""
    if isinstance(value, str):
        register(value)
    elif isinstance(value, dict):
        for entry in value.values():
            register_all(entry)
    elif isinstance(value, list):
        for entry in value:
            register_all(entry)


def _rebuild() -> None:
    global _needles
    forms = {form for value in _remembered for form in forms_of(value)}
    # The longest first: masking a part of a longer secret would leave the rest readable.
    _needles = tuple((form, _pattern(form)) for form in sorted(forms, key=len, reverse=True))


def _pattern(form: str) -> re.Pattern[str] | None:
    if len(form) >= STANDS_ALONE_BELOW:
        return None
    return re.compile(rf"(?<![A-Za-z0-9_]){re.escape(form)}(?![A-Za-z0-9_])")


@lru_cache(maxsize=MOST_REMEMBERED)
def forms_of(value: str) -> tuple[str, ...]:
    """The texts as which a secret can appear: itself, encoded for URL, form, JSON, HTML, and inside base64."""
    plain = {
        value,
        quote(value, safe=""),
        quote(value),
        quote_plus(value),
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        html.escape(value),
        html.escape(repr(value)[1:-1]),
        repr(value)[1:-1],
    }
    return tuple(plain | set(_inside_base64(value)))


def _inside_base64(value: str) -> Iterator[str]:
    """What stays the same of the value's base64 wherever it stands in a longer text (`user:password`).

    Depending on the position modulo three, the first and the last characters mix with the neighbours."""
    data = value.encode()
    if len(data) < STANDS_ALONE_BELOW:
        return
    for offset, unstable in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(b"\0" * offset + data).decode().rstrip("=")
        cut = 1 if (offset + len(data)) % 3 else 0
        stable = encoded[unstable : len(encoded) - cut]
        yield stable
        yield stable.replace("+", "-").replace("/", "_")


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without the registered secrets and the given ones."""
    register(*secrets)
    for form, alone in _needles:
        if form in text:
            text = alone.sub(MASK, text) if alone else text.replace(form, MASK)
    return text


def secrets_of(account: "IntegrationAccount") -> list[str]:
    """The account's secrets and tokens. Those that cannot be decrypted cannot leak and are left out."""
    from ..fields import SecretUnreadable

    token = getattr(account, "token", None) if account.pk else None
    found: list[str] = []
    for sealed in (account.secrets, *((token.access, token.refresh) if token else ())):
        try:
            found += _texts(sealed.reveal())
        except SecretUnreadable:
            continue
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    return [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]


# -- by name


def is_sensitive(name: str) -> bool:
    """Whether a field, header or parameter of this name holds a secret."""
    return bool(SENSITIVE_NAME.search(name))


def mask_json(value: Any, secrets: Iterable[str] = ()) -> Any:
    """A decoded JSON value with secrets masked, by key and by value. The shape stays."""
    register(*secrets)
    if isinstance(value, dict):
        return {mask(str(k)): MASK if is_sensitive(str(k)) and v else mask_json(v) for k, v in value.items()}
    if isinstance(value, list):
        return [mask_json(entry) for entry in value]
    return mask(value) if isinstance(value, str) else value


def mask_form(text: str) -> str:
    """A form body or query string with secrets masked."""
    pairs = parse_qsl(text, keep_blank_values=True)
    hidden = [(name, MASK if _sensitive_parameter(name) and value else mask(value)) for name, value in pairs]
    return urlencode(hidden, safe="*")


def _sensitive_parameter(name: str) -> bool:
    return name.lower() in SENSITIVE_PARAMETERS or is_sensitive(name)


NAMED_VALUE = re.compile(r"""(?P<name>[A-Za-z0-9_\-]+)(?P<link>["']?\s*[:=]\s*["']?|>)(?P<value>[^\s"'<>&,;}]+)""")

# `<wsse:Password Type="...">value<`: all of the text, whatever stands in it.
XML_TEXT = re.compile(r"(?P<tag><(?P<name>[\w.:-]+)(?:\s[^<>]*)?>)(?P<value>[^<>]+)")


def mask_text(text: str) -> str:
    """Text of no known form (XML, broken JSON): `name=value`, `"name": "value"` and `<name>value` masked by name."""
    hidden = XML_TEXT.sub(lambda found: f"{found['tag']}{MASK}" if is_sensitive(found["name"]) else found[0], text)
    return mask(NAMED_VALUE.sub(_hide_value, hidden))


def _hide_value(found: re.Match[str]) -> str:
    return f"{found['name']}{found['link']}{MASK}" if is_sensitive(found["name"]) else found[0]


def mask_url(url: str) -> str:
    """A URL without user information and with the secrets in its query masked."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return mask(url)
    query = mask_form(parts.query) if _needs_masking(parts.query) else parts.query
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], mask(parts.path), query, ""))


def _needs_masking(query: str) -> bool:
    pairs = parse_qsl(query, keep_blank_values=True)
    return any(_sensitive_parameter(name) or mask(value) != value for name, value in pairs)


# -- logging


class SecretsFilter(logging.Filter):
    """Masks every log line of the handler, its arguments and its traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = mask(_message(record)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = mask(record.exc_text)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):
        return f"{record.msg} {record.args}"
