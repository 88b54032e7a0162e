"""The form of an account: the provider's schema, secrets that go in only, and every refusal on its field."""

import threading

import pytest
from auditlog.models import LogEntry
from django.db import IntegrityError

from integrations.fields import Sealed
from integrations.forms import account_form
from integrations.models import ApiCall, IntegrationAccount
from integrations.providers.servicenow import ServiceNow
from integrations.providers.wfm_http import WfmHttp
from tests.factories import AccountFactory, AdminFactory, ApiCallFactory, InboundEventFactory, OutboxEntryFactory

from .conftest import CANARY, account_url

ADD = "/admin/integrations/integrationaccount/add/?provider=servicenow"


def errors_of(answer):
    return answer.context["adminform"].form.errors


def test_adding_stores_properties_and_seals_secrets_and_calls_nobody(console, posted):
    answer = console.post(ADD, posted())
    account = IntegrationAccount.objects.get()
    assert answer.url == account_url(account)
    assert (account.type, account.provider, account.simulated) == ("servicenow", "servicenow", True)
    assert account.properties["client_id"] == "client-1"
    assert "client_secret" not in account.properties
    assert account.secret("client_secret") == CANARY
    assert not ApiCall.objects.exists()


def test_the_form_has_the_labels_of_the_guide_and_explains_every_field(console):
    page = console.get(ADD).content.decode()
    for label in ("Name", "Default account", "Client ID", "Client Secret", "Instance URL"):
        assert f">{label}<" in page
    form = account_form(ServiceNow)()
    assert all(form.fields[name].help_text for name in ServiceNow.Properties.base_fields)


def test_fields_of_today_are_in_a_folded_advanced_part_that_opens_for_an_error(console, posted):
    page = console.get(ADD).content.decode()
    assert "<details><summary>" in page and "Advanced" in page
    answer = console.post(ADD, posted(default_country="XX"))
    assert "default_country" in errors_of(answer)
    assert "<details><summary>" not in answer.content.decode()


def test_a_value_that_is_fixed_cannot_be_changed_by_a_forged_form(console):
    console.post(
        ADD.replace("servicenow", "wfm_http"),
        {"name": "WFM", "enabled": "on", "simulated": "on", "periodic_update_interval": "10", "protocol": "tcp",
         "token_header": "Authorization", "token_scheme": "Bearer", "unmapped_reason_code": "0"},
    )  # fmt: skip
    assert IntegrationAccount.objects.get().properties["protocol"] == "http_post"


def test_the_providers_own_rule_lands_on_the_field(console, posted):
    answer = console.post(ADD, posted(client_secret=""))
    assert "Client Secret" in str(errors_of(answer)["client_secret"])
    assert console.post(ADD, posted()).status_code == 302


def test_what_may_be_empty_only_while_simulated_is_asked_for_otherwise(console, posted):
    answer = console.post(ADD, posted(simulated=None, instance_url=""))
    assert "not simulated" in str(errors_of(answer)["instance_url"])
    assert console.post(ADD, posted(instance_url="")).status_code == 302


def test_a_secret_left_empty_is_kept_and_a_new_one_replaces_it(console, posted):
    console.post(ADD, posted())
    account = IntegrationAccount.objects.get()
    console.post(account_url(account), posted(client_secret=""))
    assert IntegrationAccount.objects.get().secret("client_secret") == CANARY
    console.post(account_url(account), posted(client_secret="second"))
    assert IntegrationAccount.objects.get().secret("client_secret") == "second"


def test_a_secret_is_cleared_by_its_box_and_only_where_it_is_not_needed(console, posted):
    console.post(ADD, posted(password="a password"))
    account = IntegrationAccount.objects.get()
    refused = console.post(account_url(account), posted(client_secret="", **{"client_secret-clear": "1"}))
    assert "client_secret" in errors_of(refused)
    console.post(account_url(account), posted(client_secret="", **{"password-clear": "1"}))
    account.refresh_from_db()
    assert account.stored_secret_names() == {"client_secret"}


def test_names_are_unique_and_the_error_is_on_the_name(console, posted):
    AccountFactory(name="My ServiceNow")
    answer = console.post(ADD, posted())
    assert errors_of(answer)["name"] == ["Another account has this name already."]
    assert console.post(ADD, posted(name="Another")).status_code == 302


def test_type_and_provider_cannot_be_changed_afterwards(console, posted):
    account = AccountFactory(provider="servicenow", secrets={"client_secret": "x"})
    console.post(account_url(account), posted(type="wfm", provider="wfm_http"))
    account.refresh_from_db()
    assert (account.type, account.provider) == ("servicenow", "servicenow")


# -- one default per type


def test_a_second_default_asks_before_it_takes_the_flag(console, posted):
    first = AccountFactory(name="First", is_default=True)
    asked = console.post(ADD, posted(is_default="on"))
    assert "“First” is the default account of this type now" in str(errors_of(asked)["is_default"])
    assert 'type="checkbox" name="move_default"' in asked.content.decode()
    assert IntegrationAccount.objects.get(is_default=True) == first


def test_with_the_answer_the_flag_moves(console, posted):
    AccountFactory(name="First", is_default=True)
    assert console.post(ADD, posted(is_default="on", move_default="on")).status_code == 302
    assert [a.name for a in IntegrationAccount.objects.filter(is_default=True)] == ["My ServiceNow"]


def test_types_without_a_default_have_no_such_box(console):
    assert "is_default" not in account_form(WfmHttp)().fields
    assert "is_default" not in console.get(ADD.replace("servicenow", "wfm_http")).content.decode()


def test_an_exclusive_account_is_refused_on_the_form(db):
    AccountFactory(name="Our WFM", provider="wfm_http")
    form = account_form(WfmHttp)(
        {"name": "Second", "enabled": "on", "simulated": "on", "periodic_update_interval": "10",
         "token_header": "Authorization", "token_scheme": "Bearer", "unmapped_reason_code": "0"}
    )  # fmt: skip
    assert form.non_field_errors() == ["Only one account of this type can exist."]


def test_losing_a_race_is_an_error_on_the_form_and_not_of_the_server(console, posted, monkeypatch):
    """Between our check and our write somebody else made their account the default."""
    original = IntegrationAccount.save
    lost = []

    def save(self, *args, **kwargs):
        if not lost and self.name == "My ServiceNow":
            lost.append(self)
            raise IntegrityError("UNIQUE constraint failed: one_default_per_type")
        original(self, *args, **kwargs)

    monkeypatch.setattr(IntegrationAccount, "save", save)
    assert console.post(ADD, posted(is_default="on")).status_code == 302
    assert lost and IntegrationAccount.objects.get().is_default


@pytest.mark.django_db(transaction=True)
def test_two_administrators_adding_the_default_at_once_both_get_an_answer(posted):
    from django.test import Client

    AdminFactory(username="admin")
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(AdminFactory(username="admin"))
    answers = {}

    def add(number):
        answers[number] = clients[number].post(ADD, posted(name=f"Account {number}", is_default="on")).status_code

    threads = [threading.Thread(target=add, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers.values()) in ([200, 302], [302, 302])
    assert IntegrationAccount.objects.filter(is_default=True).count() == 1


# -- secrets that cannot be read, providers that are gone


@pytest.fixture
def locked(db):
    account = AccountFactory(name="Locked", properties={"client_id": "client-1", "grant_type": "client_credentials"})
    IntegrationAccount.objects.filter(pk=account.pk).update(secrets=Sealed("v1:gAAAAABnonsense"))
    return account


def test_an_account_whose_secrets_cannot_be_decrypted_says_so_and_can_be_opened(console, locked):
    page = console.get(account_url(locked)).content.decode()
    assert "cannot be decrypted" in page
    assert "gAAAAAB" not in page


def test_unreadable_secrets_are_kept_until_somebody_enters_them_again(console, locked, posted):
    refused = console.post(account_url(locked), posted(name="Locked", client_secret=""))
    assert "cannot be decrypted" in str(errors_of(refused)) or "client_secret" in errors_of(refused)
    locked.refresh_from_db()
    assert locked.secrets == Sealed("v1:gAAAAABnonsense")
    assert console.post(account_url(locked), posted(name="Locked")).status_code == 302
    locked.refresh_from_db()
    assert locked.secret("client_secret") == CANARY


def test_an_account_whose_provider_is_gone_can_be_read_about_and_deleted(console, world):
    page = console.get(account_url(world.orphan)).content.decode()
    assert "this version of the program does not have" in page
    assert console.get(account_url(world.orphan, "history/")).status_code == 200
    assert console.post(account_url(world.orphan, "delete/"), {"post": "yes"}).status_code == 302
    assert not IntegrationAccount.objects.filter(pk=world.orphan.pk).exists()


def test_an_account_that_was_used_can_be_deleted_with_all_that_was_said_to_its_vendor(console):
    """Only one WFM account can exist: who wants the other protocol deletes the first, whatever it has sent."""
    account = AccountFactory(name="Our WFM", provider="wfm_http")
    ApiCallFactory(account=account)
    InboundEventFactory(account=account)
    OutboxEntryFactory(account=account, status="done")
    asked = console.get(account_url(account, "delete/")).content.decode()
    assert "1 API call" in asked and "may not delete" not in asked
    assert console.post(account_url(account, "delete/"), {"post": "yes"}).status_code == 302
    assert not IntegrationAccount.objects.exists() and not ApiCall.objects.exists()


def test_an_account_with_undelivered_entries_is_kept_and_the_page_says_why(console):
    account = AccountFactory(name="CRM")
    OutboxEntryFactory(account=account, status="stuck")
    page = console.get(account_url(account, "delete/")).content.decode()
    assert "Entries of the outbox that are not delivered yet: 1" in page
    console.post(account_url(account, "delete/"), {"post": "yes"})
    assert IntegrationAccount.objects.exists()


# -- history


def test_history_tells_what_changed_and_of_a_secret_only_that_it_did(console, posted):
    console.post(ADD, posted())
    account = IntegrationAccount.objects.get()
    console.post(account_url(account), posted(client_id="client-2", client_secret="another-canary"))
    page = console.get(account_url(account, "history/")).content.decode()
    assert "Client Secret changed" in page
    assert "client-1" in page and "client-2" in page
    assert "Ada Ministra" in page or "admin" in page
    assert CANARY not in page and "another-canary" not in page


def test_health_and_dates_are_not_history(db):
    account = AccountFactory()
    before = LogEntry.objects.count()
    account.health, account.identity = "ok", "somebody"
    account.save()
    assert LogEntry.objects.count() == before
