"""Connect Web Services for SOAP, simulated: an unmodified SOAP client works from its WSDL alone, and it is strict."""

from __future__ import annotations

from typing import Any

import pytest
import requests
import zeep
from zeep.wsse.username import UsernameToken

SERVICE = "cgi-bin/demo.cfg/services/soap"
HEADER = "{urn:messages.ws.rightnow.com/v1_4}ClientInfoHeader"
OBJECTS = "{urn:objects.ws.rightnow.com/v1_4}"


@pytest.fixture
def service(simulators: str) -> str:
    return f"{simulators}/rightnow/{SERVICE}"


class SoapClient:
    """zeep, told nothing but where the WSDL is, who we are and the obligatory header."""

    def __init__(self, service: str, password: str = "demo-rightnow-password", application: str = "zeep") -> None:
        self.client = zeep.Client(f"{service}?wsdl=typed", wsse=UsernameToken("integration", password))
        self.headers = [self.client.get_element(HEADER)(AppID=application)]

    def call(self, operation: str, **parameters: Any) -> Any:
        return self.client.service[operation](_soapheaders=self.headers, **parameters)

    def type(self, name: str) -> Any:
        return self.client.get_type(f"{OBJECTS}{name}")

    def query(self, text: str) -> list[str]:
        answer = self.call("QueryCSV", Query=text, PageSize=10, Delimiter=",")
        table = answer.CSVTableSet.CSVTables.CSVTable[0]
        return [table.Columns, *(table.Rows.Row if table.Rows else [])]


def test_a_public_soap_client_asks_makes_and_changes_an_incident(service: str) -> None:
    soap = SoapClient(service)
    assert soap.query("SELECT C.ID, C.LookupName FROM Contact C WHERE C.Phones.RawNumber LIKE '%4155550132'") == [
        "ID,LookupName",
        "1,Don Goodliffe",
    ]
    incident = soap.type("Incident")
    options = {"SuppressExternalEvents": False, "SuppressRules": True}
    fresh = incident(
        PrimaryContact={"Contact": {"ID": {"id": 1}}},
        Subject="From zeep",
        StatusWithType={"Status": {"Name": "Waiting"}},
    )
    made = soap.call("Create", RNObjects=[fresh], ProcessingOptions=options)[0]
    assert made.ID.id == 7
    thread = {"action": "add", "EntryType": {"ID": {"id": 1}}, "Text": "A note <b>&"}
    change = incident(ID={"id": 7}, Subject="Changed by zeep", Threads={"ThreadList": [thread]})
    soap.call("Update", RNObjects=[change], ProcessingOptions=options)
    template = incident(ID={"id": 7}, PrimaryContact={}, StatusWithType={}, Threads={})
    read = soap.call("Get", RNObjects=[template])[0]
    assert type(read).__name__ == "Incident"
    assert (read.Subject, read.PrimaryContact.Contact.Name) == ("Changed by zeep", "Don Goodliffe")
    assert read.StatusWithType.Status.ID.id == 3
    assert [(entry.EntryType.Name, entry.Text) for entry in read.Threads.ThreadList] == [("Note", "A note <b>&")]


def test_a_public_soap_client_makes_a_contact_that_is_found_by_phone(service: str) -> None:
    soap = SoapClient(service)
    contact = soap.type("Contact")(
        Emails={"EmailList": [{"action": "add", "Address": "ann@example.com", "AddressType": {"ID": {"id": 0}}}]},
        Name={"First": "Ann", "Last": "Lee"},
        Phones={"PhoneList": [{"action": "add", "Number": "(415) 555-0198", "PhoneType": {"ID": {"id": 1}}}]},
    )
    soap.call("Create", RNObjects=[contact])
    assert soap.query("SELECT ID FROM Contact WHERE Phones.RawNumber = '4155550198'") == ["ID", "14"]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda service: SoapClient(service, password="wrong").query("SELECT ID FROM Contact"), "INVALID_LOGIN"),
        (lambda service: SoapClient(service, application=" ").query("SELECT ID FROM Contact"), "MISSING_ARGUMENT"),
        (lambda service: SoapClient(service).query("SELECT Colour FROM Contact"), "INVALID_FIELD"),
        (lambda service: read(SoapClient(service), 99), "BAD_ID"),
        (lambda service: read(SoapClient(service), None), "MISSING_ARGUMENT"),
        (lambda service: made_with_id(SoapClient(service)), "INVALID_FIELD"),
        (lambda service: with_status(SoapClient(service), "Fine"), "INVALID_FIELD"),
    ],
    ids=["password", "application", "column", "unknown id", "no id", "id on create", "status"],
)
def test_a_refusal_is_a_fault_with_the_vendors_code(service: str, make: Any, code: str) -> None:
    with pytest.raises(zeep.exceptions.Fault) as refused:
        make(service)
    told = refused.value.detail[0]
    assert told.tag == "{urn:faults.ws.rightnow.com/v1_4}RequestErrorFault"
    assert told[0].text == code and told[1].text


def read(soap: SoapClient, number: int | None) -> Any:
    return soap.call("Get", RNObjects=[soap.type("Incident")(ID={"id": number} if number else None)])


def made_with_id(soap: SoapClient) -> Any:
    return soap.call("Create", RNObjects=[soap.type("Incident")(ID={"id": 5}, Subject="x")])


def with_status(soap: SoapClient, name: str) -> Any:
    incident = soap.type("Incident")(ID={"id": 1}, StatusWithType={"Status": {"Name": name}})
    return soap.call("Update", RNObjects=[incident])


def test_the_site_may_be_switched_off_for_us(service: str, simulators: str) -> None:
    for setting in ("connect_enabled", "profile_allows_soap"):
        requests.put(f"{simulators}/rightnow/_settings", json={setting: False}, timeout=10)
        with pytest.raises(zeep.exceptions.Fault) as refused:
            SoapClient(service).query("SELECT ID FROM Contact")
        assert refused.value.detail[0][0].text == "ACCESS_DENIED"
        requests.put(f"{simulators}/rightnow/_settings", json={setting: True}, timeout=10)
    assert SoapClient(service).query("SELECT ID FROM Contact LIMIT 1") == ["ID", "1"]


ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:m="urn:messages.ws.rightnow.com/v1_4"'
    ' xmlns:b="urn:base.ws.rightnow.com/v1_4" xmlns:o="urn:objects.ws.rightnow.com/v1_4"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header/><e:Body>{body}</e:Body></e:Envelope>'
)
SECURITY = (
    "<e:Header><m:ClientInfoHeader><m:AppID>test</m:AppID></m:ClientInfoHeader>"
    '<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">'
    "<w:UsernameToken><w:Username>integration</w:Username>"
    '<w:Password Type="x#PasswordText">demo-rightnow-password</w:Password></w:UsernameToken></w:Security></e:Header>'
)
QUERY = "<m:QueryCSV><m:Query>SELECT ID FROM Contact</m:Query><m:PageSize>1</m:PageSize></m:QueryCSV>"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("no xml", "MISSING_ARGUMENT"),
        ("<x/>", "MISSING_ARGUMENT"),
        (ENVELOPE.format(body=""), "MISSING_ARGUMENT"),
        (ENVELOPE.format(body="<m:Destroy/>"), "INVALID_FIELD"),
        (ENVELOPE.format(body="<m:QueryCSV><m:PageSize>1</m:PageSize></m:QueryCSV>"), "INVALID_FIELD"),
        (
            # Subject before PrimaryContact: not the order of the schema.
            ENVELOPE.format(
                body='<m:Create><m:RNObjects xsi:type="o:Incident"><o:Subject>x</o:Subject><o:PrimaryContact/>'
                "</m:RNObjects></m:Create>"
            ),
            "INVALID_FIELD",
        ),
        (ENVELOPE.format(body=QUERY), "INVALID_LOGIN"),
    ],
    ids=["no xml", "no envelope", "no operation", "unknown operation", "no query", "order", "no security"],
)
def test_what_does_not_fit_the_schemas_is_refused(service: str, content: str, code: str) -> None:
    answer = requests.post(service, data=content.encode(), timeout=10)
    assert answer.status_code == 500 and answer.headers["content-type"].startswith("text/xml")
    assert f"<rnf:exceptionCode>{code}</rnf:exceptionCode>" in answer.text


def test_another_interface_has_no_service(simulators: str) -> None:
    answer = requests.post(f"{simulators}/rightnow/cgi-bin/other.cfg/services/soap", data="x", timeout=10)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert requests.get(f"{simulators}/rightnow/{SERVICE}/etc.xsd", timeout=10).status_code == 404


def test_another_soap_action_than_the_content_is_noted(service: str, simulators: str) -> None:
    content = ENVELOPE.format(body=QUERY).replace("<e:Header/>", SECURITY)
    answer = requests.post(service, data=content.encode(), headers={"SOAPAction": '"Get"'}, timeout=10)
    assert "<m:Row>1</m:Row>" in answer.text
    seen = requests.get(f"{simulators}/rightnow/_requests", params={"format": "json"}, timeout=10).json()
    assert seen[-1]["warnings"] == ["SOAPAction names another operation than the content"]


def test_a_password_is_hidden_on_the_page_of_requests_also_a_wrong_one(service: str, simulators: str) -> None:
    with pytest.raises(zeep.exceptions.Fault):
        SoapClient(service, password="somebody's own & secret").query("SELECT ID FROM Contact")
    page = requests.get(f"{simulators}/rightnow/_requests", timeout=10).text
    assert "somebody" not in page and "integration" in page
