"""As `docs/operations.md` says to run it: DEBUG off, PostgreSQL, Redis, keys of one's own."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests
from cryptography.fernet import Fernet

from tests.stack import Stack, with_path

HEADERS = {"Host": "cc.example.com", "X-Forwarded-Proto": "https"}


def environment() -> dict[str, str]:
    return {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "ALLOWED_HOSTS": "cc.example.com,127.0.0.1",
        "PUBLIC_URL": "https://cc.example.com",
        "BEHIND_PROXY": "1",
    }


@pytest.fixture
def production(tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[Stack]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE production")
    url = with_path(postgres_url, "production")
    stack = Stack(tmp_path, database_url=url, redis_url=redis_url, pool="prefork", environment=environment())
    stack.manage("migrate", "--verbosity", "0")
    try:
        yield stack
    finally:
        for name in stack.children:
            stack.kill(name)
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute("DROP DATABASE production WITH (FORCE)")


def test_it_starts_serves_and_keeps_to_https(production: Stack):
    production.start()

    login = requests.get(f"{production.url}/admin/login/", headers=HEADERS, timeout=10)
    assert login.status_code == 200
    assert "max-age" in login.headers["Strict-Transport-Security"]
    assert all("Secure" in cookie for cookie in login.raw.headers.getlist("Set-Cookie"))
    styles = [part.split('"')[0] for part in login.text.split('href="')[1:] if ".css" in part.split('"')[0]]
    assert styles
    for path in styles:
        assert requests.get(f"{production.url}{path}", headers=HEADERS, timeout=10).status_code == 200, path
    plain = requests.get(
        f"{production.url}/admin/login/", headers={"Host": "cc.example.com"}, timeout=10, allow_redirects=False
    )
    assert plain.status_code == 301 and plain.headers["Location"].startswith("https://cc.example.com/")
    assert production.get("/readyz")[0] == 200, "probes come over plain HTTP"
    strange = requests.get(f"{production.url}/", headers={**HEADERS, "Host": "evil.example"}, timeout=10)
    assert strange.status_code == 400


def test_the_deployment_check_finds_nothing_to_mend(production: Stack):
    production.manage("check", "--deploy", "--fail-level", "ERROR")


def test_the_published_log_ins_are_not_loaded(production: Stack):
    assert "published" not in production.manage("load_demo", check=False)
    with pytest.raises(AssertionError, match="published"):
        production.manage("load_demo")
