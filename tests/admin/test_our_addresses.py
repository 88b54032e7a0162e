"""What an administrator enters at the vendor about us, on the account's page and before there is one."""

from typing import Any

import pytest

from integrations.fields import Sealed
from tests.factories import AccountFactory, OAuthTokenFactory

from .conftest import account_url

ADD = "/admin/integrations/integrationaccount/add/?provider="


@pytest.fixture(autouse=True)
def our_name(settings: Any) -> None:
    settings.PUBLIC_URL = "https://centre.example.com"


def shown(client: Any, url: str) -> str:
    text: str = client.get(url).content.decode()
    return text


def test_servicenows_page_names_the_address_for_openframe_with_the_instance(console: Any) -> None:
    account = AccountFactory(
        provider="servicenow", simulated=False, properties={"instance_url": "https://dev12345.service-now.com"}
    )
    page = shown(console, account_url(account))
    assert "To enter at ServiceNow" in page
    wanted = "https://centre.example.com/agentdesktop/ServiceNow.jsp?topDomain=https://dev12345.service-now.com"
    assert f">{wanted}</code>" in page
    assert ">https://centre.example.com</code>" in page
    assert "CORS Rules" in page
    assert "Redirect URL</dt>" not in page


def test_the_redirect_url_is_named_where_a_person_allows_the_access(console: Any) -> None:
    account = AccountFactory(provider="servicenow", properties={"grant_type": "authorization_code", "client_id": "c"})
    page = shown(console, account_url(account))
    assert ">https://centre.example.com/admin/integrations/oauth/callback/</code>" in page


@pytest.mark.parametrize(
    ("provider", "address"),
    [
        ("servicenow", "/agentdesktop/ServiceNow.jsp?topDomain=https://&lt;instance&gt;.service-now.com"),
        ("salesforce", "/admin/salesforcecallback.html"),
    ],
)
def test_they_are_there_before_the_account_because_the_vendor_comes_first(
    console: Any, provider: str, address: str
) -> None:
    assert f">https://centre.example.com{address}</code>" in shown(console, ADD + provider)


def test_nothing_is_shown_where_nothing_is_entered(console: Any) -> None:
    assert "To enter at" not in shown(console, ADD + "wfm_http")
    unattended = AccountFactory(
        provider="salesforce", properties={"grant_type": "client_credentials", "consumer_key": "k"}
    )
    assert "To enter at" not in shown(console, account_url(unattended))


def test_an_account_that_cannot_be_read_can_be_opened_all_the_same(console: Any) -> None:
    account = AccountFactory(provider="salesforce", properties={"consumer_key": "k"})
    type(account).objects.filter(pk=account.pk).update(secrets=Sealed("nonsense"))
    assert console.get(account_url(account)).status_code == 200


# -- Salesforce, as its guide calls it


def test_salesforces_properties_stand_under_the_heading_of_the_guide(console: Any) -> None:
    assert "Data Access from Scenarios</h2>" in shown(console, ADD + "salesforce")
    assert "Data Access from Scenarios" not in shown(console, ADD + "servicenow")


def test_a_refresh_token_that_was_requested_is_not_called_missing(console: Any) -> None:
    account = AccountFactory(provider="salesforce", properties={"consumer_key": "k"}, secrets={"consumer_secret": "s"})
    assert "Its state is shown under Tokens." not in shown(console, account_url(account))
    OAuthTokenFactory(account=account)
    page = shown(console, account_url(account))
    assert "Received</span>" in page
    assert "Its state is shown under Tokens." in page
    assert "Not set" not in page.partition('id="id_refresh_token"')[2].partition("</div>")[0]
