"""Keys are changed while everything runs: nothing is lost, nothing is overwritten, nothing stays under the old key."""

import io
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from integrations import rotation
from integrations.fields import Sealed
from integrations.models import IntegrationAccount, OAuthToken
from tests.factories import OAuthTokenFactory

from .conftest import make_plain

pytestmark = pytest.mark.django_db(transaction=True)
NEW_KEY = "b3RoZXIta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE="


@pytest.fixture(autouse=True)
def known(plain: IntegrationAccount) -> None:
    """The provider of the accounts here, and a first account."""


@pytest.fixture
def old(settings: Any) -> list[str]:
    return list(settings.FIELD_ENCRYPTION_KEYS)


@pytest.fixture
def new_key_in_front(settings: Any, old: list[str]) -> Callable[[], None]:
    def put() -> None:
        settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY, *old]

    return put


def run(*arguments: str) -> tuple[int, str, str]:
    out, err, status = io.StringIO(), io.StringIO(), 0
    try:
        call_command("rotate_secrets", *arguments, stdout=out, stderr=err)
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, out.getvalue(), err.getvalue()


def key_of(name: str) -> str:
    return IntegrationAccount.objects.get(name=name).secret("api_key")


def test_everything_is_readable_with_the_new_key_alone_afterwards(new_key_in_front: Any, settings: Any) -> None:
    OAuthTokenFactory(
        account=IntegrationAccount.objects.get(), access=["canary-access", "x"], refresh=["canary-r", "x"]
    )
    OAuthToken.objects.update(pending_verifier=Sealed.of("canary-verifier"))
    new_key_in_front()
    status, out, _err = run()
    assert status == 0
    assert out.splitlines() == [
        "Pass 1: 4 encrypted again, 0 under the first key.",
        "Pass 2: 0 encrypted again, 4 under the first key.",
        "Encrypted again: 4. Unreadable: 0.",
    ]
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert key_of("Plain") == "canary-api-key-1"
    token = OAuthToken.objects.get()
    assert token.access.reveal()[0] == "canary-access" and token.refresh.reveal()[0] == "canary-r"
    assert token.pending_verifier.reveal() == "canary-verifier"


def test_every_encrypted_column_is_found() -> None:
    found = {(model.__name__, column) for model, column in rotation.encrypted_columns()}
    assert found >= {
        ("IntegrationAccount", "secrets"), ("OAuthToken", "access"), ("OAuthToken", "refresh"),
        ("OAuthToken", "pending_verifier"),
    }  # fmt: skip


def test_a_dry_run_tells_and_changes_nothing(new_key_in_front: Any) -> None:
    before = IntegrationAccount.objects.get().secrets
    new_key_in_front()
    assert run("--dry-run")[:2] == (0, "Under the first key: 0. Under an older one: 1. Unreadable: 0.\n")
    assert IntegrationAccount.objects.get().secrets == before
    run()
    assert run("--dry-run")[1] == "Under the first key: 1. Under an older one: 0. Unreadable: 0.\n"


def test_a_run_that_was_stopped_goes_on_where_it_was(
    new_key_in_front: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    for number in range(6):
        make_plain("http://vendor", name=f"More {number}")
    new_key_in_front()
    monkeypatch.setattr(rotation, "BATCH", 2)
    replaced: list[Any] = []
    real = rotation.replace

    def stopped_after_three(*args: Any, **options: Any) -> int:
        if len(replaced) == 3:
            raise KeyboardInterrupt
        replaced.append(args)
        return real(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(rotation, "replace", stopped_after_three)
        with pytest.raises(KeyboardInterrupt):
            run()
    assert "Pass 1: 4 encrypted again, 3 under the first key." in run()[1]
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert [key_of(f"More {number}") for number in range(6)] == ["canary-api-key-1"] * 6


def test_what_no_key_opens_is_named_and_left_as_it_is(settings: Any, old: list[str]) -> None:
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert run("--dry-run")[:2] == (1, "Under the first key: 0. Under an older one: 0. Unreadable: 1.\n")
    status, _out, err = run()
    assert status == 1
    assert err == 'Cannot be read by any key: integration account "Plain", secrets.\n'
    settings.FIELD_ENCRYPTION_KEYS = old
    assert key_of("Plain") == "canary-api-key-1"


def test_a_secret_that_changes_between_reading_and_writing_is_not_overwritten(
    new_key_in_front: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_key_in_front()
    real = Sealed.rotated

    def somebody_saves(self: Sealed) -> Sealed:
        IntegrationAccount.objects.update(secrets=Sealed.of({"api_key": "canary-newer-value"}))
        return real(self)

    monkeypatch.setattr(Sealed, "rotated", somebody_saves)
    assert run()[0] == 0
    assert key_of("Plain") == "canary-newer-value"


def test_a_value_that_comes_back_under_the_old_key_is_found_by_the_next_pass(
    new_key_in_front: Any, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """A page that was loaded before the rotation and is saved after it writes what it had loaded."""
    loaded = IntegrationAccount.objects.get()
    new_key_in_front()
    tallies = rotation.passes(dry_run=False)
    assert next(tallies).done == 1
    loaded.save()
    assert [tally.done for tally in tallies] == [1, 0]
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert key_of("Plain") == "canary-api-key-1"


def test_a_process_that_keeps_writing_with_the_old_key_is_told(
    new_key_in_front: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    stubborn = IntegrationAccount.objects.get().secrets
    new_key_in_front()
    real = rotation.replace

    def and_back(*args: Any, **options: Any) -> int:
        changed = real(*args, **options)
        IntegrationAccount.objects.update(secrets=stubborn)
        return changed

    monkeypatch.setattr(rotation, "replace", and_back)
    status, out, err = run()
    assert status == 1 and out.count("Pass") == rotation.MOST_PASSES
    assert "Keep the older key until then." in err


def test_writers_and_rotation_at_once_lose_nothing(new_key_in_front: Any, settings: Any) -> None:
    names = [make_plain("http://vendor", name=f"Busy {number}").name for number in range(8)]
    new_key_in_front()
    stop, last, failures = threading.Event(), {}, []

    def writer(mine: list[str]) -> None:
        count = 0
        try:
            while not stop.is_set():
                count += 1
                for name in mine:
                    account = IntegrationAccount.objects.get(name=name)
                    account.apply(account.properties, {"api_key": f"canary-{name}-{count}"})
                    account.save(update_fields=["secrets"])
                    last[name] = f"canary-{name}-{count}"
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=writer, args=(names[part::2],)) for part in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        for _tally in rotation.passes(dry_run=False):
            pass
    stop.set()
    for thread in threads:
        thread.join()
    status, _out, _err = run()
    assert (status, failures) == (0, [])
    settings.FIELD_ENCRYPTION_KEYS = [NEW_KEY]
    assert {name: key_of(name) for name in names} == last
    assert key_of("Plain") == "canary-api-key-1"
