"""Connect REST: three ways in, the headers, methods and bodies, and what its error codes mean."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from integrations import pauses
from integrations.capabilities import RecordRef
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Unavailable
from integrations.providers.oracle_service_cloud import OracleServiceCloud, answers, errors
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

pytestmark = pytest.mark.django_db(transaction=True)
INCIDENT = RecordRef("incidents", "1")
OAUTH = {"authentication": "oauth", "client_id": "demo-oracle-client"}
SESSION = {"authentication": "session"}
SECRETS = {
    "password": "demo-oracle-password",
    "client_secret": "demo-oracle-client-secret",
    "session_token": "demo-oracle-session-token",
}


@pytest.fixture
def site(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("oracle_service_cloud")


def connect(secrets: dict[str, str] | None = None, **properties: Any) -> OracleServiceCloud:
    account = AccountFactory(
        provider="oracle_service_cloud",
        properties={"user_name": "integration", **properties},
        secrets=secrets or SECRETS,
    )
    account.full_clean()
    provider: OracleServiceCloud = account.connect()
    return provider


# -- ways in


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({}, "Connection is valid (Contact centre Integration (integration))"),
        (OAUTH, "Connection is valid"),
        (SESSION, "Connection is valid"),
    ],
    ids=["basic", "oauth", "session"],
)
def test_each_way_in_works(site: Vendor, properties: dict[str, str], said: str) -> None:
    assert connect(**properties).test_connection().message == said


def test_one_token_serves_many_requests_and_is_renewed_when_the_site_refuses_it(site: Vendor) -> None:
    crm = connect(**OAUTH)
    crm.get(INCIDENT)
    crm.get(INCIDENT)
    tokens = [e for e in site.arrived() if e["path"] == "/oauth2/v1/token"]
    assert len(tokens) == 1 and tokens[0]["body"]["grant_type"] == "client_credentials"
    site.fault("expired_token", times=1, path="/services")
    assert crm.get(INCIDENT).ref == INCIDENT
    assert len([e for e in site.arrived() if e["path"] == "/oauth2/v1/token"]) == 2


def test_a_token_of_another_issuer_is_told_as_such(site: Vendor) -> None:
    site.settings(issuer="https://elsewhere.example/")
    verdict = connect(**OAUTH).test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.TOKEN_EXPIRED
    assert "entity id" in verdict.meaning
    site.settings(issuer="https://identity.oraclecloud.com/")
    crm = connect(**OAUTH)
    crm.forget_tokens()
    assert crm.test_connection().ok


def test_a_session_ends_with_its_agent(site: Vendor) -> None:
    crm = connect(**SESSION)
    assert crm.test_connection().ok
    site.settings(session_token="")
    with pytest.raises(AuthenticationFailed, match="agent's session") as refused:
        crm.get(INCIDENT)
    assert refused.value.cause == Cause.TOKEN_EXPIRED


@pytest.mark.parametrize(
    ("properties", "missing"),
    [(OAUTH, "client_secret"), (SESSION, "session_token"), ({}, "password")],
    ids=["oauth", "session", "basic"],
)
def test_a_way_in_needs_its_own_fields(properties: dict[str, str], missing: str) -> None:
    kind = OracleServiceCloud.Properties
    given = {**kind.defaults(), "user_name": "integration", **properties}
    others = {name: value for name, value in SECRETS.items() if name != missing}
    assert list(kind(data={**given, **others}, simulated=True).errors) == [missing]
    assert kind(data={**given, missing: SECRETS[missing]}, simulated=True).is_valid()


def test_oauth_needs_the_token_endpoint_once_it_is_real() -> None:
    kind = OracleServiceCloud.Properties
    given = {**kind.defaults(), **OAUTH, "client_secret": "x", "url": "https://site.custhelp.com"}
    assert list(kind(data=given, simulated=False).errors) == ["token_url"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("application_context", "x" * 41),
        ("application_context", "Büro"),
        ("language", "klingon!"),
        ("api_version", "v9"),
    ],
)
def test_a_header_that_the_site_would_refuse_cannot_be_saved(field: str, value: str) -> None:
    kind = OracleServiceCloud.Properties
    assert field in kind(data={**kind.defaults(), "user_name": "i", "password": "p", field: value}).errors


# -- requests


def test_every_request_says_what_it_is_for(site: Vendor) -> None:
    crm = connect(application_context="Support line", language="en-US", suppress_rules=True)
    crm.get(INCIDENT)
    sent = site.arrived()[0]
    assert (sent["method"], sent["path"]) == ("GET", "/services/rest/connect/v1.4/incidents/1")
    headers = sent["headers"]
    assert headers["osvc-crest-application-context"] == "Support line"
    assert (headers["osvc-crest-suppress-rules"], headers["accept-language"]) == ("true", "en-US")


def test_without_settings_only_the_obligatory_header_is_sent(site: Vendor) -> None:
    connect(api_version="v1.3").get(INCIDENT)
    sent = site.arrived()[0]
    assert sent["path"] == "/services/rest/connect/v1.3/incidents/1"
    assert "osvc-crest-suppress-rules" not in sent["headers"] and "accept-language" not in sent["headers"]


def test_ids_travel_as_numbers_and_parts_as_lists(site: Vendor) -> None:
    crm = connect()
    fields = {"name.first": "Ann", "organization.id": "2", "phones.number": "1", "phones.phoneType.id": "4"}
    made = crm.create("contacts", fields, key="k-9")
    crm.update(made, {"title": "Dr"})
    create, update = site.arrived()
    assert (create["method"], create["path"]) == ("POST", "/services/rest/connect/v1.4/contacts")
    assert create["body"] == {
        "name": {"first": "Ann"},
        "organization": {"id": 2},
        "phones": [{"number": "1", "phoneType": {"id": 4}}],
        "notes": [{"text": "Call reference k-9"}],
    }
    assert (update["method"], update["path"]) == ("PATCH", f"/services/rest/connect/v1.4/contacts/{made.id}")
    assert update["body"] == {"title": "Dr"} and update["response_body"] is None
    assert create["headers"]["content-type"] == "application/json"
    assert site.warnings() == []


def test_a_choice_is_taken_by_its_name(site: Vendor) -> None:
    crm = connect()
    crm.update(INCIDENT, {"statusWithType.status.lookupName": "Solved", "assignedTo.account.id": "2"})
    read = crm.get(INCIDENT).fields
    assert read["statusWithType.status.id"] == "2"
    assert read["assignedTo.account.lookupName"] == "Ava Martin"
    assert read["primaryContact.id"] == "1"  # a link to the contact


def test_a_call_note_is_a_private_thread_under_the_incident(site: Vendor) -> None:
    crm = connect()
    crm.append(INCIDENT, "threads", "Call")
    sent = site.arrived()[0]
    assert (sent["method"], sent["path"]) == ("POST", "/services/rest/connect/v1.4/incidents/1/threads")
    assert sent["body"] == {"text": "Call", "entryType": {"id": 1}, "contentType": {"id": 1}}


def test_where_no_patch_gets_through_it_travels_as_a_post(site: Vendor) -> None:
    site.settings(patch_allowed=False)
    with pytest.raises(Rejected) as refused:
        connect().update(INCIDENT, {"subject": "x"})
    assert (refused.value.field, refused.value.vendor_code) == ("override_method", "OSC-CREST-00002")
    crm = connect(override_method=True)
    crm.update(INCIDENT, {"subject": "New words"})
    sent = site.arrived()[-1]
    assert (sent["method"], sent["headers"]["x-http-method-override"]) == ("POST", "PATCH")
    assert crm.get(INCIDENT).fields["subject"] == "New words"


# -- refusals


@pytest.mark.parametrize(
    ("fault", "cause", "code", "click"),
    [
        ("rest_disabled", Cause.API_DISABLED, "OSC-CREST-00015", "Configuration Settings"),
        ("ip_restricted", Cause.IP_RESTRICTED, "OSC-CREST-00014", "SEC_VALID_INTEG_HOSTS"),
        ("language_mismatch", Cause.INVALID_DATA, "OSC-CREST-00017", "Interfaces"),
        ("bad_credentials", Cause.BAD_CREDENTIALS, "OSC-CREST-00014", "Staff Accounts"),
        ("missing_permission", Cause.NO_PERMISSION, "OSC-CREST-00016", "Public REST API"),
    ],
)
def test_a_refusal_is_explained_with_the_vendors_clicks(
    site: Vendor, fault: str, cause: Cause, code: str, click: str
) -> None:
    crm = connect()
    site.fault(fault)
    verdict = crm.test_connection().verdict
    assert verdict is not None
    assert verdict.cause == cause and code in verdict.came_back
    assert any(click in each for each in verdict.clicks), verdict.clicks
    site.healthy()
    assert crm.test_connection().ok


def test_an_object_that_the_profile_may_not_read_is_named(site: Vendor) -> None:
    site.settings(readable={"incidents": False})
    verdict = connect().test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.NO_PERMISSION
    assert "reading incidents" in verdict.message
    assert [step.text for step in verdict.passed][-1] == "contacts: may be read"
    site.settings(readable={"incidents": True})
    assert connect().test_connection().ok


def answer(status: int, body: Any, *, scheme: str = "Basic", headers: dict[str, str] | None = None) -> Any:
    """A real response, as the site might give it."""
    response = requests.Response()
    response.status_code = status
    response._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response.headers.update({"Content-Type": "application/vnd.oracle.resource+json; type=error", **(headers or {})})
    response.request = requests.Request("GET", "https://s.example/", headers={"Authorization": f"{scheme} x"}).prepare()
    return response


@pytest.mark.parametrize(
    ("number", "status", "kind", "cause", "field"),
    [
        ("00002", 405, Rejected, Cause.INVALID_DATA, "override_method"),
        ("00003", 400, Rejected, Cause.INVALID_DATA, "api_version"),
        ("00004", 500, Unavailable, Cause.REMOTE_ERROR, None),
        ("00005", 403, AuthenticationFailed, Cause.NO_PERMISSION, None),
        ("00005", 404, Rejected, Cause.NOT_FOUND, None),
        ("00006", 400, Rejected, Cause.INVALID_DATA, None),
        ("00007", 400, Rejected, Cause.INVALID_DATA, None),
        ("00008", 500, Unavailable, Cause.REMOTE_ERROR, None),
        ("00009", 400, Rejected, Cause.INVALID_DATA, None),
        ("00010", 400, Rejected, Cause.INVALID_DATA, None),
        ("00011", 400, Rejected, Cause.INVALID_DATA, None),
        ("00012", 400, Rejected, Cause.INVALID_DATA, None),
        ("00013", 404, Rejected, Cause.NOT_FOUND, None),
        ("00014", 401, AuthenticationFailed, Cause.BAD_CREDENTIALS, None),
        ("00015", 403, AuthenticationFailed, Cause.API_DISABLED, None),
        ("00016", 401, AuthenticationFailed, Cause.NO_PERMISSION, None),
        ("00017", 400, Rejected, Cause.INVALID_DATA, "language"),
        ("00018", 400, Rejected, Cause.INVALID_DATA, "application_context"),
        ("00001", 400, Rejected, Cause.INVALID_DATA, None),
        ("77777", 503, Unavailable, Cause.REMOTE_ERROR, None),
    ],
)
def test_every_documented_code_has_its_meaning(
    number: str, status: int, kind: type[IntegrationError], cause: Cause, field: str | None
) -> None:
    code = f"OSC-CREST-{number}"
    body = {"title": "Title.", "status": status, "detail": "What is wrong", "o:errorCode": code}
    error = errors.interpret(answer(status, body))
    assert type(error) is kind and error.cause == cause
    assert (error.status, getattr(error, "field", None)) == (status, field)
    assert "What is wrong" in str(error)


@pytest.mark.parametrize("scheme", ["Bearer", "Session"])
def test_a_token_is_to_blame_only_where_the_site_says_so(scheme: str) -> None:
    blamed = errors.interpret(answer(401, {"o:errorCode": "OSC-CREST-00014"}, scheme=scheme))
    assert blamed is not None and blamed.cause == Cause.TOKEN_EXPIRED
    profile = errors.interpret(answer(401, {"o:errorCode": "OSC-CREST-00016"}, scheme=scheme))
    assert profile is not None and profile.cause == Cause.NO_PERMISSION


@pytest.mark.parametrize("body", [b"", b"no json", b"[1]", b'"text"', {"o:errorCode": None}, {"title": None}])
def test_an_error_body_of_another_shape_counts_by_its_status(body: Any) -> None:
    error = errors.interpret(answer(401, body))
    assert isinstance(error, AuthenticationFailed) and error.cause == Cause.BAD_CREDENTIALS


def test_a_busy_site_says_how_long_to_wait() -> None:
    error = errors.interpret(answer(503, {}, headers={"Retry-After": "7"}))
    assert isinstance(error, Unavailable) and "7 seconds" in str(error) and error.retry_after == 7


def test_what_the_site_says_about_the_next_request_is_heard_with_a_good_answer_too() -> None:
    with pauses.heard() as told:
        assert errors.interpret(answer(200, {}, headers={"osvc-crest-next-request-after": "2500"})) is None
    assert told.seconds == 2.5
    limited = errors.interpret(answer(429, {}, headers={"osvc-crest-next-request-after": "9000"}))
    assert isinstance(limited, RateLimited) and limited.retry_after == 9
    named = errors.interpret(answer(429, {}, headers={"osvc-crest-next-request-after": "9000", "Retry-After": "30"}))
    assert isinstance(named, RateLimited) and named.retry_after == 30


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"items": {}}, {"items": ["x"]}, {"items": [{}]}, {"items": [{"rows": [["1"]]}]},
        {"items": [{"rows": ["12"]}]},
    ],
)  # fmt: skip
def test_a_table_of_another_shape_is_refused(body: Any) -> None:
    with pytest.raises(Rejected, match="no answer of Connect REST"):
        answers.table(answer(200, body), ("id", "login"))


def test_cells_without_a_value_are_empty_texts() -> None:
    body = {"items": [{"rows": [["1", None], [2, "x"]]}]}
    assert answers.table(answer(200, body), ("a", "b")) == [{"a": "1", "b": ""}, {"a": "2", "b": "x"}]


@pytest.mark.parametrize("body", [[], {"lookupName": "x"}, "x"])
def test_a_record_without_an_id_is_refused(body: Any) -> None:
    with pytest.raises(Rejected, match="a record with its id"):
        answers.record(answer(200, body))


def test_a_reference_is_the_id_at_the_end_of_its_link() -> None:
    body = {
        "id": 4,
        "organization": {
            "links": [{"rel": "canonical", "href": "https://s/services/rest/connect/v1.4/organizations/9"}]
        },
        "threads": {"links": [{"rel": "self", "href": "https://s/services/rest/connect/v1.4/incidents/4/threads"}]},
        "odd": {"links": "none"},
    }
    assert answers.record(answer(200, body)) == {"id": "4", "organization.id": "9"}


def test_a_new_record_without_address_and_id_is_not_lost_silently() -> None:
    assert answers.created(answer(201, {"id": 5})) == "5"
    assert answers.created(answer(201, b"broken", headers={"Location": "https://s/x/contacts/6"})) == "6"
    with pytest.raises(Rejected, match="the id of the new record"):
        answers.created(answer(201, {"id": "x"}))


# -- a real site


def test_a_real_account_is_at_its_own_site() -> None:
    account = AccountFactory(
        provider="oracle_service_cloud",
        simulated=False,
        properties={"url": "https://acme.custhelp.com", "user_name": "integration"},
        secrets=SECRETS,
    )
    account.full_clean()
    crm: OracleServiceCloud = account.connect()
    assert crm.base_url == "https://acme.custhelp.com"
    assert crm.record_url(INCIDENT) == "https://acme.custhelp.com/AgentWeb/?object=incident&id=1"
    assert crm.web_origin() == "https://acme.custhelp.com"
