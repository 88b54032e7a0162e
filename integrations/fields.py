"""The encrypted column.

Rules, each for a defect seen in published alternatives: a value read from the database stays sealed until someone
asks (`reveal`), so listing accounts never decrypts and no shared field state exists between threads; a wrong key
raises `SecretUnreadable` instead of handing out ciphertext; the stored text carries a version mark; `repr` and `str`
show nothing."""

import hashlib
import json
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from .wire import redaction

VERSION = "v1:"


class SecretUnreadable(Exception):
    """No key in FIELD_ENCRYPTION_KEYS opens this value: the key was lost or replaced too early."""

    def __init__(self) -> None:
        super().__init__(
            "The stored secrets of this account cannot be decrypted: the key they were encrypted with is not in "
            "FIELD_ENCRYPTION_KEYS. Put the key back, or enter the secrets again."
        )


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS is empty: secrets can be neither stored nor read.")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise ImproperlyConfigured("FIELD_ENCRYPTION_KEYS holds a key that is not 32 url-safe base64 bytes.") from error


def fernet() -> MultiFernet:
    """The key ring of the settings; the first key encrypts, every key decrypts."""
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS))


class Sealed:
    """An encrypted JSON value. `Sealed.of(value)` closes it, `reveal()` opens it."""

    __slots__ = ("token",)

    def __init__(self, token: str) -> None:
        self.token = token

    @classmethod
    def of(cls, value: Any) -> "Sealed":
        redaction.register_all(value)
        return cls(VERSION + fernet().encrypt(json.dumps(value, sort_keys=True).encode()).decode())

    def reveal(self) -> Any:
        """The value. Raises `SecretUnreadable` when no key opens it."""
        if not self.token:
            return {}
        if not self.token.startswith(VERSION):
            raise SecretUnreadable
        try:
            value = json.loads(fernet().decrypt(self.token[len(VERSION) :].encode()))
        except InvalidToken as error:
            raise SecretUnreadable from error
        redaction.register_all(value)
        return value

    @property
    def is_current(self) -> bool:
        """Whether the first key closed it, so that the others are not needed for it any more."""
        return self._opens_with(_fernet(tuple(settings.FIELD_ENCRYPTION_KEYS[:1])))

    @property
    def is_readable(self) -> bool:
        """Whether any key opens it; the value goes nowhere, so a list may ask for every row."""
        return self._opens_with(fernet())

    def _opens_with(self, keys: MultiFernet) -> bool:
        if not self.token:
            return True
        try:
            keys.decrypt(self.token[len(VERSION) :].encode())
        except InvalidToken:
            return False
        return self.token.startswith(VERSION)

    def rotated(self) -> "Sealed":
        """The same value under the first key. Raises `SecretUnreadable`."""
        if not self.token:
            return self
        try:
            return Sealed(VERSION + fernet().rotate(self.token[len(VERSION) :].encode()).decode())
        except InvalidToken as error:
            raise SecretUnreadable from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.token == self.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __bool__(self) -> bool:
        return bool(self.token)

    def __repr__(self) -> str:
        return f"Sealed(#{hashlib.sha256(self.token.encode()).hexdigest()[:8]})" if self.token else "Sealed()"


class EncryptedField(models.TextField):
    """A column of `Sealed` values. Assign `Sealed.of(value)`; read with `.reveal()`."""

    # For the type checker: what is assigned and what is read.
    _pyi_private_set_type: Sealed  # type: ignore[assignment]
    _pyi_private_get_type: Sealed  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(editable=False, blank=True, default=empty)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for implied in ("editable", "blank", "default"):
            kwargs.pop(implied, None)
        return name, path, args, kwargs

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Sealed:
        return Sealed(value or "")

    def to_python(self, value: Any) -> Sealed:
        return value if isinstance(value, Sealed) else Sealed(value or "")

    def get_prep_value(self, value: Any) -> str:
        if not isinstance(value, Sealed):
            raise TypeError("Assign Sealed.of(value) to an encrypted column, never the bare value.")
        return value.token

    def value_to_string(self, obj: models.Model) -> str:
        return ""  # a serialised dump must not carry ciphertext either


def empty() -> Sealed:
    return Sealed("")
