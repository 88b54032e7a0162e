"""A secret goes in and never comes out: not in any page, whatever is done with the account."""

from django.test import Client
from django.urls import reverse

from integrations.models import IntegrationAccount

from .conftest import CANARY, account_url

CANARIES = (CANARY, "canary-access-token", "canary-refresh-token")


def assert_clean(answer):
    page = answer.content.decode()
    assert not [canary for canary in CANARIES if canary in page]
    assert "v1:gAAAA" not in page


def test_no_page_of_an_account_shows_a_secret(console: Client, world):
    for what in ("change/", "history/", "delete/", "action/test_connection/"):
        assert_clean(console.get(account_url(world.account, what)))
    assert_clean(console.get("/admin/integrations/integrationaccount/"))
    assert_clean(console.get("/admin/"))
    assert_clean(console.get(reverse("admin:auditlog_logentry_changelist")))


def test_a_form_that_comes_back_with_errors_does_not_repeat_the_secret(console: Client, posted):
    answer = console.post("/admin/integrations/integrationaccount/add/?provider=servicenow", posted(name=""))
    assert answer.status_code == 200
    assert_clean(answer)


def test_the_field_of_a_stored_secret_is_empty_and_marked(console: Client, world):
    page = console.get(account_url(world.account)).content.decode()
    field = page[page.index('name="client_secret"') - 60 :][:260]
    assert 'type="password"' in field and "value=" not in field
    assert "Stored" in page and 'name="client_secret-clear"' in page


def test_search_does_not_look_into_secrets_or_properties(console: Client, world):
    page = console.get(f"/admin/integrations/integrationaccount/?q={CANARY}").content.decode()
    assert "Nothing matches" in page
    assert IntegrationAccount.objects.exists()


def test_filters_that_guess_at_secrets_are_refused(console: Client, world):
    answer = console.get(f"/admin/integrations/integrationaccount/?secrets__contains={CANARY[:6]}")
    assert answer.status_code == 400
    answer = console.get("/admin/integrations/integrationaccount/?properties__client_id__startswith=c")
    assert answer.status_code == 400
