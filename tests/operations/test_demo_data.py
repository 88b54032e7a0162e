"""The data that the demo starts with."""

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from contactcenter.demo.load import data, is_loaded, load
from contactcenter.models import Agent, ApiToken, Contact, ContactCenter, Disposition, NotReadyReason, Service
from integrations.models import IntegrationAccount
from integrations.properties import SecretField
from tests.simulated import Simulators

pytestmark = pytest.mark.django_db


def test_everybody_logs_in_with_their_name_as_password():
    load()

    for name in ("admin", "supervisor", *(f"agent{number}" for number in range(1, 6))):
        user = authenticate(username=name, password=name)
        assert user is not None, name
        assert user.is_superuser == (name == "admin")
        assert user.is_staff == (name in ("admin", "supervisor"))


def test_five_agents_serve_customer_support():
    load()

    service = Service.objects.get(code="support")
    assert service.name == "Customer Support"
    assert service.numbers.get().e164 == "+14155550100"
    agents = Agent.objects.filter(services=service).order_by("extension")
    assert [(agent.login, agent.extension, agent.user.email) for agent in agents][:2] == [
        ("agent1", "1001", "agent1@example.com"),
        ("agent2", "1002", "agent2@example.com"),
    ]
    assert {agent.team.name for agent in agents} == {"Support"}
    assert service.scenario.versions.count() == 1


def test_each_voice_service_has_a_number_and_a_scenario_of_its_own():
    load()

    voice = Service.objects.filter(media="voice").order_by("numbers__e164")
    assert [(s.code, s.numbers.get().e164, s.scenario.name) for s in voice] == [
        ("support", "+14155550100", "ServiceNow inbound call"),
        ("sales", "+14155550101", "Salesforce inbound call"),
        ("helpdesk", "+14155550102", "Zendesk inbound call"),
        ("tickets", "+14155550103", "Zendesk by ticket number"),
    ]
    for service in voice:
        assert service.scenario.versions.count() == 1
        assert Agent.objects.filter(services=service).count() == 5
        service.scenario.clean()
    assert set(Disposition.objects.values_list("service", flat=True)) == {None}


def test_the_button_of_the_desktop_simulates_calls_to_customer_support():
    load()

    agent = Agent.objects.get(user__username="agent1")
    assert agent.services.filter(media="voice").first().code == "support"


def test_the_reasons_of_the_system_are_there_beside_those_that_agents_choose():
    load()

    assert set(NotReadyReason.objects.filter(is_system=True).values_list("key", flat=True)) == {
        "no_answer", "connection_lost", "pending_logout",
    }  # fmt: skip
    assert NotReadyReason.objects.get(key="lunch").is_break


def test_the_accounts_are_simulated_valid_and_open_their_gates():
    load()

    accounts = {account.name: account for account in IntegrationAccount.objects.all()}
    assert set(accounts) == {row["name"] for row in data()["accounts"]}
    for account in accounts.values():
        account.full_clean()
        assert account.enabled
        assert account.simulated == account.provider_class.remote, "nothing leaves the machine"
    assert accounts["ServiceNow demo"].is_default
    assert accounts["NICE demo"].values()["agent_id_prefix"] == "BP-"
    assert accounts["NICE demo"].values()["extension_prefix"] == "9-"
    gated = {account.type for account in accounts.values() if account.account_type.gated}
    assert gated and gated <= set(ContactCenter.current().enabled_types)


def test_secrets_of_the_data_file_end_in_the_encrypted_column_only():
    load()

    for row in data()["accounts"]:
        account = IntegrationAccount.objects.get(name=row["name"])
        form = account.provider_class.Properties
        for name, value in row["secrets"].items():
            assert isinstance(form.base_fields[name], SecretField)
            assert account.secret(name) == value
            assert value not in str(account.properties)


def test_the_telephony_token_is_known_by_its_value():
    load()
    assert ApiToken.find("demo-telephony-token") is not None
    assert ApiToken.find("another") is None


def test_loading_again_adds_what_is_missing_and_changes_nothing_else():
    load()
    Agent.objects.filter(user__username="agent1").update(extension="1999")
    Contact.objects.filter(email="nora.lindqvist@example.net").delete()
    ContactCenter.objects.update(name="Ours now")
    account = IntegrationAccount.objects.get(name="WFM demo")
    account.properties["periodic_update_interval"] = 30
    account.save()
    counts = (Agent.objects.count(), Service.objects.count(), NotReadyReason.objects.count())

    load()

    assert Agent.objects.get(user__username="agent1").extension == "1999"
    assert Contact.objects.filter(email="nora.lindqvist@example.net").exists()
    assert ContactCenter.current().name == "Ours now"
    account.refresh_from_db()
    assert account.properties["periodic_update_interval"] == 30
    assert (Agent.objects.count(), Service.objects.count(), NotReadyReason.objects.count()) == counts
    assert ApiToken.objects.count() == 1


def test_a_database_knows_whether_the_demo_was_loaded():
    assert not is_loaded()
    load()
    assert is_loaded()


def test_published_log_ins_are_not_loaded_while_debug_is_off(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="published"):
        call_command("load_demo")
    assert not is_loaded()

    settings.DEBUG = True
    call_command("load_demo", stdout=open("/dev/null", "w"))  # noqa: SIM115
    assert is_loaded()


@pytest.mark.parametrize("name", [row["name"] for row in data()["accounts"]])
def test_the_accounts_work_against_the_simulators(simulated: Simulators, name):
    load()

    result = IntegrationAccount.objects.get(name=name).connect().test_connection()

    assert result.ok, result.message
