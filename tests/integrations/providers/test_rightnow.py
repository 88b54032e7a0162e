"""Connect Web Services for SOAP: the envelope, records as elements, what faults mean, and answers that want to harm."""

from collections.abc import Callable
from typing import Any

import pytest
import requests
from lxml import etree  # type: ignore[import-untyped]

from integrations.capabilities import RecordRef
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, Rejected, Unavailable
from integrations.models import ApiCall
from integrations.providers.rightnow import RightNow, envelope, faults, objects
from integrations.providers.rightnow.properties import interface_of
from integrations.providers.rightnow.provider import row_of
from tests.factories import AccountFactory
from tests.integrations.providers.conftest import Vendor

database = pytest.mark.django_db(transaction=True)
INCIDENT = RecordRef("Incident", "1")
PASSWORD = "demo-rightnow-password"
NAMES = envelope.Names("v1_4")
NAMESPACES = {
    "s": envelope.SOAP, "m": NAMES.messages, "o": NAMES.objects, "b": NAMES.base, "wsse": envelope.SECURITY,
}  # fmt: skip
SERVICE = "/cgi-bin/demo.cfg/services/soap"


@pytest.fixture
def site(vendor: Callable[[str], Vendor]) -> Vendor:
    return vendor("rightnow")


def connect(password: str = PASSWORD, **properties: Any) -> RightNow:
    account = AccountFactory(
        provider="rightnow", properties={"user_name": "integration", **properties}, secrets={"password": password}
    )
    account.full_clean()
    provider: RightNow = account.connect()
    return provider


def sent(site: Vendor) -> Any:
    """The last request, as XML, with what the simulator masked."""
    return etree.fromstring(site.arrived()[-1]["body"].encode())


def text(element: Any, path: str) -> str:
    found = element.find(path, NAMESPACES)
    assert found is not None, path
    return str(found.text)


# -- requests


@database
def test_a_query_is_one_post_with_both_headers(site: Vendor) -> None:
    connect(application_id="Support line").search("Incident", "id = 1")
    exchange = site.arrived()[0]
    assert (exchange["method"], exchange["path"]) == ("POST", SERVICE)
    assert exchange["headers"]["soapaction"] == '"QueryCSV"'
    assert exchange["headers"]["content-type"] == "text/xml; charset=utf-8"
    root = sent(site)
    assert text(root, "s:Header/m:ClientInfoHeader/m:AppID") == "Support line"
    token = root.find("s:Header/wsse:Security/wsse:UsernameToken", NAMESPACES)
    assert text(token, "wsse:Username") == "integration"
    assert token.find("wsse:Password", NAMESPACES).get("Type").endswith("#PasswordText")
    query = root.find("s:Body/m:QueryCSV", NAMESPACES)
    assert [envelope.local(child) for child in query] == ["Query", "PageSize", "Delimiter"]
    assert text(query, "m:Query").startswith("SELECT id, lookupName, subject, createdTime, updatedTime FROM Incident")
    assert site.warnings() == []


@database
def test_a_record_travels_in_the_order_of_the_schema(site: Vendor) -> None:
    fields = {
        "subject": "Card lost", "statusWithType.status.name": "Waiting", "primaryContact.contact.id": "2",
        "assignedTo.account.id": "3",
    }  # fmt: skip
    crm = connect(suppress_external_events=True)
    made = crm.create("Incident", fields)
    create = sent(site).find("s:Body/m:Create", NAMESPACES)
    record = create.find("m:RNObjects", NAMESPACES)
    assert record.get(envelope.TYPE) == "o:Incident"
    assert [envelope.local(c) for c in record] == ["AssignedTo", "PrimaryContact", "StatusWithType", "Subject"]
    assert record.find("o:PrimaryContact/o:Contact/b:ID", NAMESPACES).get("id") == "2"
    assert text(record, "o:StatusWithType/o:Status/b:Name") == "Waiting"
    assert text(create, "m:ProcessingOptions/m:SuppressExternalEvents") == "true"
    assert text(create, "m:ProcessingOptions/m:SuppressRules") == "false"
    read = crm.get(made).fields
    assert (read["StatusWithType.Status.ID"], read["AssignedTo.Account.Name"]) == ("3", "Ben Clarke")
    assert read["PrimaryContact.Contact.Name"] == "Beth Anglin"


@database
def test_a_thread_is_added_and_replaces_nothing(site: Vendor) -> None:
    connect().append(INCIDENT, "threads", "Call & more <b>")
    entry = sent(site).find("s:Body/m:Update/m:RNObjects/o:Threads/o:ThreadList", NAMESPACES)
    assert entry.get("action") == "add"
    assert entry.find("o:EntryType/b:ID", NAMESPACES).get("id") == "1"
    assert text(entry, "o:Text") == "Call & more <b>"
    assert connect().history(INCIDENT, "threads") == ["Cannot print from the third floor.", "Call & more <b>"]


@database
def test_only_the_parts_that_are_wanted_come_back(site: Vendor) -> None:
    read = connect().get(RecordRef("Contact", "2")).fields
    assert read["Phones.PhoneList.Number"] == "+1 415 555 0133, 415.555.0143"
    assert read["Organization.Name"] == "Boxeo"
    template = sent(site).find("s:Body/m:Get/m:RNObjects", NAMESPACES)
    assert [envelope.local(c) for c in template] == ["ID", "Emails", "Name", "Organization", "Phones"]


@database
def test_a_value_with_the_delimiter_and_quotes_comes_back_whole(site: Vendor) -> None:
    crm = connect()
    made = crm.create("Incident", {"subject": 'a | "b", c\'s'})
    assert crm.search("Incident", f"id = {made.id}")[0].fields["subject"] == 'a | "b", c\'s'


@database
def test_a_control_character_is_refused_before_anything_is_sent(site: Vendor) -> None:
    with pytest.raises(Rejected, match="control character"):
        connect().update(INCIDENT, {"subject": "a\x00b"})
    assert site.arrived() == []


@database
@pytest.mark.parametrize("fields", [{"a b": "x"}, {"primaryContact.contact.id": "x"}, {"<x>": "1"}])
def test_what_is_no_field_or_id_is_refused_before_anything_is_sent(site: Vendor, fields: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        connect().update(INCIDENT, fields)
    assert site.arrived() == []


@database
@pytest.mark.parametrize("password", ["p<>&'\" 9", "short"])
def test_the_password_is_in_no_log_whatever_it_is_made_of(site: Vendor, password: str) -> None:
    site.settings(password=password)
    assert connect(password).test_connection().ok
    logged = "".join(call.request_body for call in ApiCall.objects.all())
    shown = "".join(exchange["body"] for exchange in site.arrived())
    for kept in (logged, shown):
        assert "<wsse:Username>" in kept or "Username>" in kept
        assert password not in kept and "p&lt;&gt;" not in kept and "9</" not in kept


@database
def test_an_older_site_has_older_name_spaces(site: Vendor) -> None:
    """The simulator speaks v1.4 only, so it refuses; what counts is what was sent."""
    with pytest.raises(Rejected) as refused:
        connect(api_version="v1_3").get(INCIDENT)
    assert refused.value.vendor_code == "INVALID_FIELD"
    assert "urn:messages.ws.rightnow.com/v1_3" in site.arrived()[0]["body"]
    assert "v1_4" not in site.arrived()[0]["body"]


def test_the_interface_is_usually_named_like_the_host() -> None:
    assert interface_of("https://acme-it--tst2.custhelp.com") == "acme_it__tst2"
    assert interface_of("") == ""


@database
def test_a_real_account_finds_its_service_by_the_host_or_by_the_interface() -> None:
    properties = {"url": "https://acme-it.custhelp.com", "user_name": "integration"}
    made = AccountFactory(provider="rightnow", simulated=False, properties=properties, secrets={"password": "x" * 9})
    assert made.connect().endpoint == "/cgi-bin/acme_it.cfg/services/soap"
    made.properties = {**properties, "interface": "support"}
    assert made.connect().endpoint == "/cgi-bin/support.cfg/services/soap"


# -- refusals


@database
@pytest.mark.parametrize(
    ("fault", "cause", "click"),
    [
        ("bad_credentials", Cause.BAD_CREDENTIALS, "Staff Accounts"),
        ("missing_permission", Cause.NO_PERMISSION, "Public SOAP API"),
        ("soap_disabled", Cause.NO_PERMISSION, "Interfaces"),
        ("query_timeout", Cause.TIMEOUT, ""),
    ],
)
def test_a_refusal_is_explained_with_the_vendors_clicks(site: Vendor, fault: str, cause: Cause, click: str) -> None:
    crm = connect()
    site.fault(fault)
    verdict = crm.test_connection().verdict
    assert verdict is not None and verdict.cause == cause
    assert not click or any(click in each for each in verdict.clicks), verdict.clicks
    site.healthy()
    assert crm.test_connection().ok


@database
def test_another_interface_is_a_wrong_host(site: Vendor) -> None:
    verdict = connect(interface="nowhere").test_connection().verdict
    assert verdict is not None and verdict.cause == Cause.WRONG_HOST


def answer(content: bytes, status: int = 500, kind: str = "text/xml") -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, content
    response.headers["Content-Type"] = kind
    response.request = requests.Request("POST", "https://s.example/", headers={"Accept": "text/xml"}).prepare()
    return response


def fault(code: str, kind: str = "RequestErrorFault", *, name_space: str = "urn:faults.ws.rightnow.com/v1_2") -> bytes:
    return (
        f'<e:Envelope xmlns:e="{envelope.SOAP}"><e:Body><e:Fault><faultcode>e:Client</faultcode>'
        f"<faultstring>Outer words</faultstring><detail><f:{kind} xmlns:f='{name_space}'>"
        f"<f:exceptionCode>{code}</f:exceptionCode><f:exceptionMessage>Inner words</f:exceptionMessage></f:{kind}>"
        "</detail></e:Fault></e:Body></e:Envelope>"
    ).encode()


@pytest.mark.parametrize(
    ("code", "kind", "error_kind", "cause"),
    [
        ("INVALID_LOGIN", "RequestErrorFault", AuthenticationFailed, Cause.BAD_CREDENTIALS),
        ("ACCESS_DENIED", "RequestErrorFault", AuthenticationFailed, Cause.NO_PERMISSION),
        ("INVALID_FIELD", "RequestErrorFault", Rejected, Cause.INVALID_DATA),
        ("BAD_ID", "RequestErrorFault", Rejected, Cause.NOT_FOUND),
        ("MISSING_ARGUMENT", "RequestErrorFault", Rejected, Cause.INVALID_DATA),
        ("QUERY_TIMEOUT", "ServerErrorFault", Unavailable, Cause.TIMEOUT),
        ("UNKNOWN_EXCEPTION", "UnexpectedErrorFault", Unavailable, Cause.REMOTE_ERROR),
        ("SOMETHING_NEW", "RequestErrorFault", Rejected, Cause.INVALID_DATA),
        ("SOMETHING_NEW", "ServerErrorFault", Unavailable, Cause.REMOTE_ERROR),
        ("SOMETHING_NEW", "UnexpectedErrorFault", Unavailable, Cause.REMOTE_ERROR),
        ("SOMETHING_NEW", "NewFault", Rejected, Cause.INVALID_DATA),
    ],
)
@pytest.mark.parametrize("status", [200, 500])
def test_every_documented_fault_has_its_meaning_whatever_the_status(
    code: str, kind: str, error_kind: type[IntegrationError], cause: Cause, status: int
) -> None:
    error = faults.interpret(answer(fault(code, kind), status))
    assert type(error) is error_kind and error.cause == cause
    assert (error.vendor_code, error.vendor_message) == (code, "Inner words")
    assert error.maybe_done is isinstance(error, Unavailable)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("wsse:FailedAuthentication", Cause.BAD_CREDENTIALS),
        ("e:Client", Cause.INVALID_DATA),
        ("e:MustUnderstand", Cause.INVALID_DATA),
        ("e:Server", Cause.REMOTE_ERROR),
        ("", Cause.REMOTE_ERROR),
    ],
)
def test_a_fault_of_the_soap_layer_counts_by_its_own_code(code: str, cause: Cause) -> None:
    content = (
        f'<e:Envelope xmlns:e="{envelope.SOAP}"><e:Body><e:Fault><faultcode>{code}</faultcode>'
        "<faultstring>Words</faultstring></e:Fault></e:Body></e:Envelope>"
    )
    error = faults.interpret(answer(content.encode()))
    assert error is not None and (error.cause, error.vendor_message) == (cause, "Words")


@pytest.mark.parametrize(("status", "cause"), [(401, Cause.BAD_CREDENTIALS), (429, Cause.RATE_LIMITED)])
def test_an_answer_without_a_fault_counts_by_its_status(status: int, cause: Cause) -> None:
    error = faults.interpret(answer(b"nothing", status, "text/plain"))
    assert error is not None and error.cause == cause
    assert faults.interpret(answer(b"<x/>", 200)) is None


# -- answers that are no answers, or want to harm


BILLION = (
    b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b"<x>&c;</x>"
)
FILE = b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]><x>&f;</x>'


@pytest.mark.parametrize(
    "content",
    [
        BILLION, FILE, FILE.decode().encode("utf-16"), b"", b"{}", b"<x>", b"\xff\xfe\x00", b"<a>" * 5000,
        b"<x>" + b"a" * envelope.LARGEST + b"</x>", b'<?xml version="1.0" encoding="no-such"?><x/>',
    ],
    ids=["entities", "file", "file in utf-16", "empty", "json", "cut off", "bytes", "deep", "large", "encoding"],
)  # fmt: skip
def test_what_is_no_plain_xml_is_not_read(content: bytes) -> None:
    assert envelope.parse(content) is None
    with pytest.raises(Rejected, match="no SOAP message"):
        envelope.parsed(answer(content, 200))


@pytest.mark.parametrize(
    "content", [b"<x/>", b"<Envelope/>", b"<Envelope><Body/></Envelope>", b"<Envelope><Body>text</Body></Envelope>"]
)
def test_xml_without_a_body_is_no_answer(content: bytes) -> None:
    with pytest.raises(Rejected, match="no SOAP message"):
        envelope.parsed(answer(content, 200))


def test_a_page_is_a_wrong_host_and_not_bad_xml() -> None:
    with pytest.raises(Unavailable) as page:
        envelope.parsed(answer(b"<!DOCTYPE html><html><body>Log in</body></html>", 200, "text/html"))
    assert page.value.cause == Cause.WRONG_HOST


@pytest.mark.parametrize("line", ["1", "1|2|3", "", '"1|2'])
def test_a_row_with_other_cells_than_columns_is_refused(line: str) -> None:
    with pytest.raises(Rejected, match="a value for every column"):
        row_of(line, ("a", "b"))


def test_a_row_may_hold_quotes_delimiters_and_lines() -> None:
    assert row_of('"a|""b""\nc"|', ("x", "y")) == {"x": 'a|"b"\nc', "y": ""}


@database
@pytest.mark.parametrize("operation", ["search", "get", "create"])
def test_an_answer_to_another_question_is_refused(site: Vendor, operation: str) -> None:
    crm = connect()
    site.fault("wrong_shape")
    with pytest.raises(Rejected, match="no answer of Connect Web Services") as refused:
        if operation == "search":
            crm.search("Incident", "id = 1")
        elif operation == "get":
            crm.get(INCIDENT)
        else:
            crm.create("Incident", {"subject": "x"})
    assert refused.value.maybe_done is (operation == "create")
    site.healthy()
    assert crm.get(INCIDENT).ref == INCIDENT


# -- records as elements


def test_names_are_spelt_as_the_service_spells_them() -> None:
    tree = objects.tree_of({"phones.number": "1", "name.first": "Ann", "organization.id": "2", "Title": "Dr"})
    assert tree == {
        "Phones": {"PhoneList": [{"Number": "1"}]},
        "Name": {"First": "Ann"}, "Organization": {"ID": "2"}, "Title": "Dr",
    }  # fmt: skip


def test_a_list_in_the_services_own_spelling_stays_as_it_is() -> None:
    tree = objects.tree_of({"Threads.ThreadList.Text": "Hello", "Threads.ThreadList.EntryType.ID": "1"})
    element = objects.object_of(NAMES, "RNObjects", "Incident", record_id="5", tree=tree)
    assert element.find("o:Threads/o:ThreadList", NAMESPACES).get("action") == "add"
    assert element.find("o:Threads/o:ThreadList/o:EntryType/b:ID", NAMESPACES).get("id") == "1"


def test_the_name_of_an_organization_is_its_own_and_that_of_a_choice_a_reference() -> None:
    element = objects.object_of(NAMES, "RNObjects", "Organization", tree={"Name": "Boxeo", "Kind": {"Name": "Big"}})
    assert text(element, "o:Name") == "Boxeo"
    assert text(element, "o:Kind/b:Name") == "Big"


def test_elements_become_fields_with_dots() -> None:
    element = objects.object_of(
        NAMES, "RNObjects", "Contact", record_id="3",
        tree={"Name": {"First": "Ann"}, "Disabled": False, "Phones": {"PhoneList": [{"Number": "1"}, {"Number": "2"}]}},
    )  # fmt: skip
    assert objects.fields_of(element) == {
        "ID": "3", "Disabled": "false", "Name.First": "Ann", "Phones.PhoneList.Number": "1, 2",
    }  # fmt: skip
