"""System checks: mistakes in code and deployment are told before they do harm."""

from typing import Any

import pytest
from django import forms

from integrations import catalogue, checks, providers
from integrations.properties import PropertiesForm
from integrations.providers.base import Provider
from integrations.providers.nice import Nice


class Collides(Provider):
    key = "collides"
    label = "Collides"
    type = catalogue.ZAPIER

    class Properties(PropertiesForm):
        name = forms.CharField(help_text="x")
        health = forms.CharField(help_text="x")
        unexplained = forms.CharField()


def ids(messages: Any) -> list[str]:
    return [message.id for message in messages]


def test_the_product_as_it_is_passes() -> None:
    for check in (checks.check_registry, checks.check_properties, checks.check_settings):
        assert check(None) == []


def test_a_provider_that_is_not_on_the_list_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    shorter = tuple(path for path in providers.PROVIDERS if not path.endswith(".Nice"))
    monkeypatch.setattr(providers, "PROVIDERS", shorter)
    [message] = checks.check_registry(None)
    assert message.id == "integrations.E001"
    assert "Nice" in message.msg


def test_two_providers_with_one_key_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Nice, "key", "wfm_http")
    assert "integrations.E002" in ids(checks.check_registry(None))


@pytest.mark.parametrize("path", ["integrations.providers.missing.Missing", "integrations.providers.nice.Missing"])
def test_a_list_entry_that_cannot_be_loaded_is_found(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(providers, "PROVIDERS", (*providers.PROVIDERS, path))
    assert ids(checks.check_registry(None)) == ["integrations.E006"]


def test_properties_that_collide_or_are_not_explained_are_found(register_provider: Any) -> None:
    register_provider(Collides)
    assert sorted(ids(checks.check_properties(None))) == [
        "integrations.E004", "integrations.E004", "integrations.E005",
    ]  # fmt: skip


@pytest.mark.parametrize("keys", [[], ["too-short"]])
def test_encryption_keys_that_cannot_be_used_are_found(settings: Any, keys: list[str]) -> None:
    settings.FIELD_ENCRYPTION_KEYS = keys
    assert ids(checks.check_settings(None)) == ["integrations.E003"]


def test_networks_that_cannot_be_read_are_found(settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["everything"]
    assert ids(checks.check_settings(None)) == ["integrations.E007"]


def test_opening_every_network_is_warned_about_in_production(settings: Any) -> None:
    settings.INTEGRATIONS_ALLOWED_NETWORKS = ["0.0.0.0/0"]
    settings.DEBUG = True
    assert checks.check_settings(None) == []
    settings.DEBUG = False
    assert ids(checks.check_settings(None)) == ["integrations.W008"]
