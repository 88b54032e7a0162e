"""What a real installation must not run on."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import run_checks

from contactcenter.operations.checks import check_environment, refuse_unsafe_settings

ROOT = Path(__file__).resolve().parent.parent.parent
GOOD = {
    "DEBUG": False,
    "SECRET_KEY": "long-and-random-" * 4,
    "FIELD_ENCRYPTION_KEYS": ["c29tZS1vdGhlci1rZXktdGhhdC1pcy0zMi1ieXRlcyE="],
    "ALLOWED_HOSTS": ["cc.example.com"],
    "PUBLIC_URL": "https://cc.example.com",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "CELERY_BROKER_URL": "redis://redis:6379/0",
    "EMAIL_URL": "smtp+tls://mail.example.com:587",
}


@pytest.fixture
def production(monkeypatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setattr(settings, name, value)
    return monkeypatch


def ids() -> list[str]:
    return [str(message.id) for message in check_environment(None)]


def test_a_real_installation_that_is_set_up_has_no_fault(production):
    assert ids() == []
    refuse_unsafe_settings()


def test_while_debug_is_on_nothing_is_asked(monkeypatch):
    monkeypatch.setattr(settings, "DEBUG", True)
    assert ids() == []
    refuse_unsafe_settings()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SECRET_KEY", "trying-out-only-never-in-production-0123456789", "contactcenter.E001"),
        ("SECRET_KEY", "short", "contactcenter.E001"),
        ("FIELD_ENCRYPTION_KEYS", ["dHJ5aW5nLW91dC1vbmx5LW5ldmVyLWluLXByb2QtMDE="], "contactcenter.E002"),
        ("FIELD_ENCRYPTION_KEYS", [], "contactcenter.E002"),
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3"}}, "contactcenter.E003"),
        ("CELERY_BROKER_URL", "filesystem://", "contactcenter.E004"),
        ("ALLOWED_HOSTS", [], "contactcenter.E005"),
        ("PUBLIC_URL", "http://cc.example.com", "contactcenter.W006"),
        ("EMAIL_URL", "", "contactcenter.W007"),
    ],
)
def test_each_leftover_of_trying_out_is_told_with_what_to_do(production, name, value, expected):
    production.setattr(settings, name, value)

    (message,) = check_environment(None)

    assert message.id == expected
    assert message.hint
    if message.is_serious():
        with pytest.raises(SystemExit, match=expected):
            refuse_unsafe_settings()
    production.setattr(settings, name, GOOD[name])
    refuse_unsafe_settings()


def test_they_are_among_the_system_checks(production):
    production.setattr(settings, "ALLOWED_HOSTS", [])
    assert "contactcenter.E005" in [message.id for message in run_checks(tags=["security"])]


@pytest.mark.parametrize("module", ["contactcenter.asgi", "contactcenter.wsgi"])
def test_web_processes_refuse_to_start_in_words(module, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "DEBUG": "0", "VAR_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "Not started, because DEBUG is off" in done.stderr
    assert "contactcenter.E001" in done.stderr and "contactcenter.E003" in done.stderr
    assert "Traceback" not in done.stderr
