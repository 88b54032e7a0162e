"""All encryption keys are lost: every account says so and what to do, nothing crashes, and it can be mended by hand."""

from typing import Any

import pytest
from django.test import Client

from integrations.models import IntegrationAccount
from tests.factories import AccountFactory, OAuthTokenFactory
from tests.integrations.cases import CASES
from tests.integrations.contract import Case

from .conftest import account_url

LIST = "/admin/integrations/integrationaccount/"
OTHER_KEY = "b3RoZXIta2V5LW9mLXRoaXJ0eS10d28tYnl0ZXMhISE="
SENTENCE = "cannot be decrypted"
WITH_SECRETS = {name: case for name, case in CASES.items() if case.secrets}


@pytest.fixture(params=WITH_SECRETS.values(), ids=WITH_SECRETS.keys())
def locked(request: Any, transactional_db: None, settings: Any) -> IntegrationAccount:
    """An account of each provider, whose secrets no configured key opens."""
    case: Case = request.param
    account = AccountFactory(provider=case.provider, name="Locked", properties=case.properties, secrets=case.secrets)
    OAuthTokenFactory(account=account)
    settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY]
    return account


def test_list_page_and_test_say_it_once_and_in_words(locked: IntegrationAccount, console: Client) -> None:
    page = console.get(LIST).content.decode()
    assert page.count("Secrets unreadable") == 1 and "Locked" in page
    page = console.get(account_url(locked)).content.decode()
    assert page.count(SENTENCE) == 1 and "enter the secrets again below" in page
    assert "Test connection" in page
    answer = console.post(account_url(locked, "action/test_connection/"))
    assert answer.status_code == 200 and SENTENCE in answer.content.decode()
    assert console.get("/admin/").status_code == 200


def test_the_key_that_is_put_back_mends_everything(settings: Any, console: Client, db: None) -> None:
    account = AccountFactory(secrets={"client_secret": "canary-secret-1"})
    keys, settings.FIELD_ENCRYPTION_KEYS = settings.FIELD_ENCRYPTION_KEYS, [OTHER_KEY]
    assert "Secrets unreadable" in console.get(LIST).content.decode()
    settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY, *keys]
    assert "Secrets unreadable" not in console.get(LIST).content.decode()
    assert SENTENCE not in console.get(account_url(account)).content.decode()


def test_secrets_that_are_entered_again_take_the_place_of_the_lost_ones(
    settings: Any, console: Client, posted: Any, db: None
) -> None:
    account = AccountFactory(name="My ServiceNow", secrets={"client_secret": "canary-secret-1"})
    settings.FIELD_ENCRYPTION_KEYS = [OTHER_KEY]
    answer = console.post(account_url(account), posted(client_secret=""))
    assert answer.status_code == 200 and SENTENCE in answer.content.decode()
    assert console.post(account_url(account), posted(client_secret="canary-secret-2")).status_code == 302
    assert IntegrationAccount.objects.get().secret("client_secret") == "canary-secret-2"
