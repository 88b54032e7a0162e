"""The call-centre file is one that Salesforce's rules let in, and a pop may be left to Salesforce."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from integrations.capabilities import CallFacts, RecordRef
from integrations.models import IntegrationAccount
from integrations.providers.salesforce.call_center import CallCenterForm
from integrations.simulators.salesforce import call_center as salesforces_rules
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db
ENTERED = {"internal_name": "Hub1", "display_name": "Hub & <phone>", "mode": "Lightning", "width": 400, "height": 650}
DON = "+14155550132"


@pytest.fixture
def account() -> IntegrationAccount:
    return AccountFactory(
        name="Salesforce", provider="salesforce", simulated=False,
        properties={"consumer_key": "k", "url": "https://example.my.salesforce.com"},
    )  # fmt: skip


def test_the_file_passes_salesforces_own_rules(account: IntegrationAccount, settings) -> None:
    settings.PUBLIC_URL = "https://hub.example/"
    result = account.connect().call_center_file(**ENTERED)
    assert (result.download.name, result.download.content_type) == ("Hub1.xml", "application/xml")
    read = salesforces_rules.read(result.download.content)
    assert (read.internal_name, read.display_name, read.mode) == ("Hub1", "Hub & <phone>", "Lightning")
    assert read.adapter_url == "https://hub.example/agentdesktop/Salesforce.jsp"
    assert (read.width, read.height) == (400, 650)
    assert read.settings["/contactCentre/account"] == str(account.public_id)


def test_without_https_there_is_no_file_until_the_address_is_right(account: IntegrationAccount, settings) -> None:
    settings.PUBLIC_URL = "http://hub.example"
    with pytest.raises(ValidationError, match="https only"):
        account.connect().call_center_file(**ENTERED)
    settings.PUBLIC_URL = "https://hub.example"
    assert account.connect().call_center_file(**ENTERED).ok


@pytest.mark.parametrize("name", ["1st", "has blank", "a-b", "a" * 41, ""])
def test_names_that_salesforce_refuses_are_refused_on_the_field(name: str) -> None:
    assert "internal_name" in CallCenterForm({**ENTERED, "internal_name": name}).errors
    assert CallCenterForm({**ENTERED, "internal_name": "a" * 40}).is_valid()


def test_the_command_line_writes_the_file(account: IntegrationAccount, settings, tmp_path) -> None:
    settings.PUBLIC_URL = "https://hub.example"
    words = [f"{key}={value}" for key, value in ENTERED.items()]
    call_command("run_action", "Salesforce", "call_center_file", *words, output=str(tmp_path / "c.xml"))
    assert salesforces_rules.read((tmp_path / "c.xml").read_bytes()).internal_name == "Hub1"


def test_a_pop_is_left_to_salesforce_where_the_account_says_so(account: IntegrationAccount) -> None:
    facts = CallFacts(phone=DON, name="Don")
    assert account.connect().screen_pop(None, facts).search == ""
    account.properties = {**account.properties, "screen_pop": "layout"}
    provider = account.connect()
    assert provider.screen_pop(None, facts).search == "4155550132"
    known = provider.screen_pop(RecordRef("Contact", "003Dm0000000001IAA"), facts)
    assert (known.search, known.query) == ("4155550132", "003Dm0000000001IAA")
    assert provider.screen_pop(None, CallFacts(phone="")).search == ""


def test_the_end_of_open_cti_is_told(account: IntegrationAccount) -> None:
    [announced] = account.connect().announced
    assert (announced.on.isoformat(), "Open CTI" in announced.label) == ("2028-02-28", True)
