"""A database in memory that takes the place of the real one, in this thread, for as long as a dry run lasts.

Everything that a dry run reads and writes is in there: rows, locks, leases, transactions. When it ends, the memory is
given back. The caches are replaced in the same way, because what a simulator said must not be remembered as said by
the vendor."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.core.cache.backends import locmem
from django.core.cache.backends.locmem import LocMemCache
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.db.utils import ConnectionHandler

IN_MEMORY = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
_making = threading.Lock()


@contextmanager
def database() -> Iterator[BaseDatabaseWrapper]:
    """Empty tables in the place of the default database. Raises `RuntimeError` inside of a transaction, because what
    is done here could not be told from what is done there."""
    if len(list(connections)) > 1:
        raise RuntimeError("A dry run knows how to replace one database, and there are several.")
    shadow = _opened()
    shadow.connection.deserialize(_empty_tables())
    real = connections[DEFAULT_DB_ALIAS]
    real_caches = {alias: caches[alias] for alias in caches}
    connections[DEFAULT_DB_ALIAS] = shadow
    names = {alias: uuid.uuid4().hex for alias in real_caches}
    for alias, name in names.items():
        caches[alias] = LocMemCache(name, {})
    ContentType.objects.clear_cache()  # kept per process, with the numbers that rows have in one database
    try:
        yield shadow
    finally:
        ContentType.objects.clear_cache()
        connections[DEFAULT_DB_ALIAS] = real
        for alias, real_cache in real_caches.items():
            caches[alias] = real_cache
            _forget(names[alias])
        _close(shadow)


def _opened() -> Any:
    handler = ConnectionHandler({DEFAULT_DB_ALIAS: dict(IN_MEMORY)})
    wrapper = handler[DEFAULT_DB_ALIAS]
    wrapper.ensure_connection()
    return wrapper


def _close(shadow: Any) -> None:
    """Django keeps databases in memory open on purpose."""
    BaseDatabaseWrapper.close(shadow)


def _forget(name: str) -> None:
    """Django keeps the content of caches in memory by their names, and the real one may be among them."""
    for store in (locmem._caches, locmem._expire_info, locmem._locks):  # type: ignore[attr-defined]
        store.pop(name, None)


def _empty_tables() -> bytes:
    with _making:
        return _made_tables()


@cache
def _made_tables() -> bytes:
    """The tables of this version, made from the models: a third of a second, once per process."""
    template = _opened()
    with template.schema_editor() as editor:
        for model in models():
            editor.create_model(model)
    made = bytes(template.connection.serialize())
    _close(template)
    return made


def models() -> list[type[Model]]:
    """All models that have a table of their own, those between many and many aside."""
    return [model for model in apps.get_models() if model._meta.managed and not model._meta.proxy]
