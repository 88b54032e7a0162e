"""System checks: wrong code and wrong deployments are told before they do harm (`manage.py check`)."""

import inspect
import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from . import addresses, fields, providers
from .providers.base import Provider

NO_PROVIDER = {"base"}


@register("integrations")
def check_registry(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E001 a provider that is not on the list; E002 two with one key; E006 a list entry that cannot be loaded."""
    found: list[CheckMessage] = []
    keys: dict[str, str] = {}
    for path in providers.PROVIDERS:
        try:
            provider = load(path)
        except (ImportError, AttributeError) as error:
            found.append(
                Error(f"The list of providers names {path}, which cannot be loaded: {error}", id="integrations.E006")
            )
            continue
        if provider.key in keys:
            found.append(
                Error(
                    f'Two providers have the key "{provider.key}": {keys[provider.key]} and {path}.',
                    hint="Accounts find their code by this key: give one of them another.",
                    id="integrations.E002",
                )
            )
        keys.setdefault(provider.key, path)
    return [*found, *(_unregistered(klass) for klass in unregistered_providers())]


def load(path: str) -> type[Provider]:
    module, name = path.rsplit(".", 1)
    loaded: type[Provider] = getattr(import_module(module), name)
    return loaded


def _unregistered(klass: type[Provider]) -> Error:
    return Error(
        f"{klass.__module__}.{klass.__qualname__} is a provider that nobody can choose.",
        hint="Add it to PROVIDERS in integrations/providers/__init__.py.",
        id="integrations.E001",
    )


def unregistered_providers() -> list[type[Provider]]:
    """Classes with a key of their own in the package of providers that are missing from the list."""
    listed = {id(load(path)) for path in providers.PROVIDERS if _loads(path)}
    classes = {id(klass): klass for module in provider_modules() for klass in _providers_in(module)}
    return [klass for number, klass in classes.items() if number not in listed]


def _loads(path: str) -> bool:
    try:
        return bool(load(path))
    except (ImportError, AttributeError):
        return False


def provider_modules() -> Iterator[ModuleType]:
    for entry in pkgutil.iter_modules(providers.__path__):
        if entry.name not in NO_PROVIDER:
            yield import_module(f"{providers.__name__}.{entry.name}")


def _providers_in(module: ModuleType) -> Iterator[type[Provider]]:
    for _, klass in inspect.getmembers(module, inspect.isclass):
        if issubclass(klass, Provider) and "key" in vars(klass) and klass.__module__.startswith(module.__name__):
            yield klass


@register("integrations")
def check_properties(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E004 a property named like a column of the account; E005 a property without an explanation."""
    from .models import IntegrationAccount

    # Only what is stored in the row: what points at it (`token`, `calls`) is in no form.
    columns = {field.name for field in IntegrationAccount._meta.concrete_fields}
    return [
        message
        for provider in providers.registry().values()
        for name, field in provider.Properties.base_fields.items()
        for message in _faults_of(provider, name, field, columns)
    ]


def _faults_of(provider: type[Provider], name: str, field: Any, columns: set[str]) -> Iterator[CheckMessage]:
    where = f"{provider.__module__}.{provider.__qualname__}.Properties.{name}"
    if name in columns:
        yield Error(
            f"{where} has the name of a column of the account: one form cannot hold both.",
            hint="Name the property differently.",
            id="integrations.E004",
        )
    if not str(field.help_text).strip():
        yield Error(
            f"{where} has no help text.",
            hint="Say where in the vendor's screens the value is found.",
            id="integrations.E005",
        )


@register("integrations")
def check_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """E003 an encryption key that cannot be used; E007 allowed networks that cannot be read; W008 too wide ones."""
    found: list[CheckMessage] = []
    try:
        fields.fernet()
    except ImproperlyConfigured as error:
        found.append(Error(str(error), hint="Make a key as docs/operations.md shows (Keys).", id="integrations.E003"))
    try:
        allowed = addresses.networks(tuple(settings.INTEGRATIONS_ALLOWED_NETWORKS))
    except ImproperlyConfigured as error:
        return [*found, Error(str(error), id="integrations.E007")]
    wide = [str(network) for network in allowed if network.prefixlen == 0]
    if wide and not settings.DEBUG:
        found.append(
            Warning(
                f"INTEGRATIONS_ALLOWED_NETWORKS holds {', '.join(wide)}: accounts may reach every internal system.",
                hint="Name the networks of the systems that are on your premises.",
                id="integrations.W008",
            )
        )
    return found
