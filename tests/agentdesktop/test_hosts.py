"""Who may hold the desktop in a frame: exactly the origin of an enabled account that can embed us."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from agentdesktop.hosts import HostRefused, find_host, host_of, origin_of
from integrations.models import IntegrationAccount
from tests.factories import AccountFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://dev12345.service-now.com", "https://dev12345.service-now.com"),
        ("https://DEV12345.Service-Now.com/", "https://dev12345.service-now.com"),
        ("https://dev12345.service-now.com:443/nav_to.do?x=1", "https://dev12345.service-now.com"),
        (" http://localhost:9000 ", "http://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("dev12345.service-now.com", ""),
        ("javascript:alert(1)", ""),
        ("https://", ""),
        ("https://evil.example@dev12345.service-now.com", ""),
        ("https://dev12345.service-now.com;script-src *", ""),
        ("https://dev 12345.service-now.com", ""),
        ("https://*.service-now.com", ""),
        ("https://dev12345.service-now.com:port", ""),
        ("null", ""),
    ],
)
def test_an_origin_is_read_strictly(text: str, origin: str) -> None:
    assert origin_of(text) == origin


@pytest.fixture
def account() -> IntegrationAccount:
    return AccountFactory(name="ServiceNow demo")


def test_the_origin_of_an_enabled_account_is_accepted(account: IntegrationAccount) -> None:
    host = find_host(settings.SIMULATOR_URL + "/")
    assert host is not None
    assert (host.account, host.module, host.origin) == (str(account.public_id), "servicenow", settings.SIMULATOR_URL)


def test_of_accounts_with_one_origin_the_page_decides(account: IntegrationAccount) -> None:
    AccountFactory(name="Oracle demo", provider="oracle_service_cloud", properties={"user_name": "integration"})
    found = {page: find_host(settings.SIMULATOR_URL, page) for page in ("", "ServiceNow.jsp", "Oracle.jsp")}
    modules = {page: host and host.module for page, host in found.items()}
    assert modules == {"": "servicenow", "ServiceNow.jsp": "servicenow", "Oracle.jsp": "oracle"}
    IntegrationAccount.objects.filter(provider="servicenow").delete()
    host = find_host(settings.SIMULATOR_URL)
    assert host is not None and host.module == "oracle"


def test_no_top_domain_is_no_host() -> None:
    assert find_host("") is None


def test_an_account_that_is_switched_off_is_refused_until_it_is_on_again(account: IntegrationAccount) -> None:
    IntegrationAccount.objects.update(enabled=False)
    with pytest.raises(HostRefused):
        find_host(settings.SIMULATOR_URL)
    IntegrationAccount.objects.update(enabled=True)
    assert find_host(settings.SIMULATOR_URL)


def test_an_account_that_cannot_hold_us_does_not_count(account: IntegrationAccount) -> None:
    account.delete()
    AccountFactory(name="WFM demo", provider="wfm_http")
    with pytest.raises(HostRefused):
        find_host(settings.SIMULATOR_URL)


def test_an_account_whose_provider_is_gone_does_not_break_the_others(account: IntegrationAccount) -> None:
    IntegrationAccount.objects.create(name="Old", provider="servicenow", simulated=True)
    IntegrationAccount.objects.filter(name="Old").update(provider="gone")
    assert find_host(settings.SIMULATOR_URL)


@pytest.mark.parametrize("name", ["A help desk", "Z help desk"])
def test_where_accounts_share_an_origin_the_page_decides(account: IntegrationAccount, name: str) -> None:
    AccountFactory(name=name, provider="zendesk", properties={"client_id": "demo"})
    host = find_host(settings.SIMULATOR_URL, "ServiceNow.jsp")
    assert host is not None and host.module == "servicenow"


def test_zendesk_runs_no_script_of_another_site(client: Client) -> None:
    AccountFactory(
        name="Help desk", provider="zendesk", simulated=False, properties={"url": "https://acme.zendesk.com"}
    )
    response = client.get("/agentdesktop/login/", {"topDomain": "https://acme.zendesk.com"})
    policy = directives(response)
    assert response.status_code == 200
    assert policy["frame-ancestors"] == "https://acme.zendesk.com"
    assert policy["script-src"] == "'self'"


def test_a_foreign_page_is_refused_in_words_that_it_can_show(client: Client, account: IntegrationAccount) -> None:
    response = client.get("/agentdesktop/ServiceNow.jsp", {"topDomain": "https://other.service-now.com"})
    text = response.content.decode()
    assert response.status_code == 403
    assert "This desktop is not set up for https://other.service-now.com." in text
    assert "add a ServiceNow account with the instance URL https://other.service-now.com" in text
    assert "<form" not in text
    assert "frame-ancestors https://other.service-now.com;" in response["Content-Security-Policy"] + ";"


def test_a_top_domain_that_is_no_address_is_refused_in_words(client: Client) -> None:
    response = client.get("/agentdesktop/ServiceNow.jsp", {"topDomain": "dev12345; script-src *"})
    assert response.status_code == 403
    assert "is not a web address" in response.content.decode()
    assert directives(response)["frame-ancestors"] == "'none'"
    assert response["X-Frame-Options"] == "DENY"


def directives(response) -> dict[str, str]:
    parts = (part.strip().partition(" ") for part in response["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


def test_the_embedded_page_may_be_held_by_its_host_only(client: Client, account: IntegrationAccount) -> None:
    response = client.get("/agentdesktop/login/", {"topDomain": settings.SIMULATOR_URL, "page": "ServiceNow.jsp"})
    policy = directives(response)
    assert policy["frame-ancestors"] == settings.SIMULATOR_URL
    assert policy["script-src"] == f"'self' {settings.SIMULATOR_URL}"
    assert "X-Frame-Options" not in response


def test_the_page_that_stands_alone_may_be_held_by_nobody(client: Client) -> None:
    response = client.get("/agentdesktop/login/")
    policy = directives(response)
    assert policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert response["X-Frame-Options"] == "DENY"


def test_between_simulated_vendors_on_one_origin_the_page_decides(account: IntegrationAccount) -> None:
    other = AccountFactory(name="Another CRM", provider="salesforce", properties={"consumer_key": "k"})
    for page in ("", "ServiceNow.jsp"):
        host = find_host(settings.SIMULATOR_URL, page)
        assert host is not None and host.module == "servicenow"
    account.delete()
    host = find_host(settings.SIMULATOR_URL, "ServiceNow.jsp")
    assert host is not None and (host.account, host.module) == (str(other.public_id), "salesforce")


def test_a_host_without_a_module_of_its_own_still_holds_the_desktop() -> None:
    AccountFactory(
        name="Salesforce", provider="salesforce", simulated=False,
        properties={"consumer_key": "k", "url": "https://example.my.salesforce.com"},
    )  # fmt: skip
    answer = Client().get("/agentdesktop/login/", {"topDomain": "https://example.lightning.force.com"})
    assert answer.status_code == 200
    assert "frame-ancestors https://example.lightning.force.com" in answer.headers["Content-Security-Policy"]


@pytest.fixture
def salesforce() -> IntegrationAccount:
    return AccountFactory(
        name="Salesforce", provider="salesforce", simulated=False,
        properties={"consumer_key": "k", "url": "https://example.my.salesforce.com"},
    )  # fmt: skip


LIGHTNING, CLASSIC = "https://example.lightning.force.com", "https://example.my.salesforce.com"
SALESFORCE_LOGIN = {"page": "Salesforce.jsp"}


@pytest.mark.parametrize(
    ("query", "library"),
    [
        ({"sfdcIFrameOrigin": LIGHTNING}, "lightning/opencti_min.js"),
        ({"sfdcIFrameOrigin": CLASSIC}, "interaction.js"),
        ({"topDomain": CLASSIC}, "interaction.js"),
        ({"sfdcIFrameOrigin": CLASSIC, "mode": "Lightning"}, "lightning/opencti_min.js"),
        ({"sfdcIFrameOrigin": LIGHTNING, "topDomain": CLASSIC}, "lightning/opencti_min.js"),
    ],
)
def test_salesforces_own_parameter_or_ours_says_which_user_interface_it_is(
    client: Client, salesforce: IntegrationAccount, query: dict[str, str], library: str
) -> None:
    request = RequestFactory().get("/agentdesktop/Salesforce.jsp", query)
    host = host_of(request, "Salesforce.jsp")
    assert host is not None and host.account == str(salesforce.public_id)
    assert host.library == f"{CLASSIC}/support/api/60.0/{library}"
    answer = client.get("/agentdesktop/login/", {**SALESFORCE_LOGIN, **query})
    assert directives(answer)["frame-ancestors"] == f"{LIGHTNING} {CLASSIC}"


def test_without_any_parameter_the_page_around_says_who_it_is(client: Client, salesforce: IntegrationAccount) -> None:
    framed = {"Referer": f"{LIGHTNING}/", "Sec-Fetch-Dest": "iframe"}
    answer = client.get("/agentdesktop/Salesforce.jsp", headers=framed)
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(
        "page=Salesforce.jsp&sfdcIFrameOrigin=https%3A%2F%2Fexample.lightning.force.com"
    )
    assert directives(answer)["frame-ancestors"] == f"{LIGHTNING} {CLASSIC}"
    foreign = client.get("/agentdesktop/Salesforce.jsp", headers={**framed, "Referer": "https://evil.example/"})
    assert foreign.status_code == 403
    assert "add a Salesforce account whose Url is the My Domain of https://evil.example" in foreign.content.decode()
    alone = client.get("/agentdesktop/Salesforce.jsp", headers={"Referer": "https://evil.example/"})
    assert alone.status_code == 302 and directives(alone)["frame-ancestors"] == "'none'"


@pytest.mark.parametrize(
    "query",
    [
        {"sfdcIFrameOrigin": "https://evil.example", "topDomain": LIGHTNING},
        {"sfdcIFrameOrigin": LIGHTNING, "topDomain": "https://evil.lightning.force.com"},
        {"topDomain": "https://example.lightning.force.com.evil.example"},
    ],
)
def test_one_foreign_origin_is_enough_to_be_refused(
    client: Client, salesforce: IntegrationAccount, query: dict[str, str]
) -> None:
    assert client.get("/agentdesktop/Salesforce.jsp", query).status_code == 403


def test_two_accounts_in_one_address_are_refused(client: Client, salesforce: IntegrationAccount) -> None:
    AccountFactory(
        name="Other", provider="salesforce", simulated=False,
        properties={"consumer_key": "k", "url": "https://other.my.salesforce.com"},
    )  # fmt: skip
    query = {"sfdcIFrameOrigin": LIGHTNING, "topDomain": "https://other.lightning.force.com"}
    assert client.get("/agentdesktop/Salesforce.jsp", query).status_code == 403


def test_what_salesforces_library_reads_survives_the_log_in(client: Client, salesforce: IntegrationAccount) -> None:
    query = {"sfdcIFrameOrigin": CLASSIC, "sfdcIFrameHost": "web", "nonce": "abc"}
    location = client.get("/agentdesktop/Salesforce.jsp", query).headers["Location"]
    assert parse_qs(urlsplit(location).query) == {n: [v] for n, v in {**SALESFORCE_LOGIN, **query}.items()}
