"""What the simulated Salesforce insists on: OAuth, SOQL, SOSL, the rules of records, the form of its errors."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from .conftest import DESKTOP

CLIENT = {"client_id": "demo-salesforce-consumer-key-3MVG9", "client_secret": "demo-salesforce-consumer-secret"}
CALLBACK = f"{DESKTOP}/admin/salesforcecallback.html"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class Organisation:
    def __init__(self, base: str) -> None:
        self.base = base
        self.session = ""

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        options.setdefault("headers", {"Authorization": f"Bearer {self.session}"} if self.session else {})
        return requests.request(method, f"{self.base}{path}", timeout=10, allow_redirects=False, **options)

    def data(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.call(method, f"/services/data/v60.0{path}", **options)

    def settings(self, **changes: Any) -> None:
        assert self.call("PUT", "/_settings", json=changes).status_code == 200

    def token(self, **form: str) -> requests.Response:
        return self.call("POST", "/services/oauth2/token", data={**CLIENT, **form})

    def ask(self, **changes: str) -> requests.Response:
        asked = {"response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": CALLBACK, "state": "s"}
        form = {"user": "integration.user@demo.example", "decision": "allow"}
        return self.call("POST", "/services/oauth2/authorize", params={**asked, **changes}, data=form)

    def code(self, **changes: str) -> str:
        answer = self.ask(**changes)
        assert answer.status_code == 302, answer.text
        return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]

    def exchange(self, code: str, **form: str) -> requests.Response:
        return self.token(grant_type="authorization_code", code=code, **{"redirect_uri": CALLBACK, **form})

    def query(self, text: str) -> requests.Response:
        return self.data("GET", "/query", params={"q": text})


@pytest.fixture
def organisation(simulators: str) -> Organisation:
    return Organisation(f"{simulators}/salesforce")


@pytest.fixture
def client(organisation: Organisation) -> Organisation:
    organisation.session = organisation.token(grant_type="client_credentials").json()["access_token"]
    return organisation


def error_of(answer: requests.Response) -> tuple[int, str]:
    body = answer.json()
    assert isinstance(body, list) and len(body) == 1 and {"message", "errorCode"} <= set(body[0])
    return answer.status_code, body[0]["errorCode"]


# -- OAuth


def test_a_token_answer_has_salesforces_keys_and_no_end(organisation: Organisation) -> None:
    body = organisation.exchange(organisation.code()).json()
    assert set(body) == {
        "access_token", "refresh_token", "signature", "scope", "instance_url", "id", "token_type", "issued_at",
    }  # fmt: skip
    assert isinstance(body["issued_at"], str) and body["instance_url"] == organisation.base
    assert body["id"].rpartition("/")[2].startswith("005")
    renewed = organisation.token(grant_type="refresh_token", refresh_token=body["refresh_token"]).json()
    assert "refresh_token" not in renewed and renewed["access_token"] != body["access_token"]


def test_a_code_works_once(organisation: Organisation) -> None:
    code = organisation.code()
    assert organisation.exchange(code).status_code == 200
    again = organisation.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("verifier", ["", "w" * 64])
def test_a_code_with_a_challenge_needs_its_verifier(organisation: Organisation, verifier: str) -> None:
    code = organisation.code(code_challenge=CHALLENGE)
    refused = organisation.exchange(code, code_verifier=verifier).json()
    assert refused == {"error": "invalid_grant", "error_description": "invalid code verifier"}
    code = organisation.code(code_challenge=CHALLENGE)
    assert organisation.exchange(code, code_verifier=VERIFIER).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uri": f"{CALLBACK}/"}, "redirect_uri_mismatch"),
        ({"redirect_uri": "https://evil.example/"}, "redirect_uri_mismatch"),
        ({"client_id": "another"}, "invalid_client_id"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"scope": "api everything"}, "invalid_scope"),
    ],
)
def test_a_wrong_question_is_shown_and_not_sent_back(
    organisation: Organisation, changes: dict[str, str], error: str
) -> None:
    answer = organisation.ask(**changes)
    assert answer.status_code == 400 and f"error={error}" in answer.text


def test_the_redirect_address_is_compared_once_more(organisation: Organisation) -> None:
    refused = organisation.exchange(organisation.code(), redirect_uri=f"{DESKTOP}/admin/integrations/oauth/callback/")
    assert refused.json()["error"] == "redirect_uri_mismatch"


def test_without_the_scope_there_is_no_refresh_token(organisation: Organisation) -> None:
    assert "refresh_token" not in organisation.exchange(organisation.code(scope="api")).json()


def test_an_old_refresh_token_ends_the_grant_with_its_sessions(organisation: Organisation) -> None:
    organisation.settings(rotate_refresh_tokens=True)
    first = organisation.exchange(organisation.code()).json()["refresh_token"]
    second = organisation.token(grant_type="refresh_token", refresh_token=first).json()
    assert second["refresh_token"] != first
    organisation.session = second["access_token"]
    assert organisation.data("GET", "/limits").status_code == 200
    stolen = organisation.token(grant_type="refresh_token", refresh_token=first)
    assert stolen.json() == {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    assert organisation.token(grant_type="refresh_token", refresh_token=second["refresh_token"]).status_code == 400
    assert error_of(organisation.data("GET", "/limits")) == (401, "INVALID_SESSION_ID")


def test_five_grants_of_a_user_live_at_once(organisation: Organisation) -> None:
    tokens = [organisation.exchange(organisation.code()).json()["refresh_token"] for _ in range(6)]
    answers = [organisation.token(grant_type="refresh_token", refresh_token=t).status_code for t in tokens]
    assert answers == [400, 200, 200, 200, 200, 200]


def test_parameters_count_in_a_form_only_and_a_basic_header_is_taken(organisation: Organisation) -> None:
    form = {**CLIENT, "grant_type": "client_credentials"}
    path = "/services/oauth2/token"
    assert organisation.call("POST", path, json=form).json()["error"] == "unsupported_grant_type"
    pair = (CLIENT["client_id"], CLIENT["client_secret"])
    assert organisation.call("POST", path, data={"grant_type": "client_credentials"}, auth=pair).status_code == 200


def test_revocation_and_introspection(client: Organisation) -> None:
    told = client.call("POST", "/services/oauth2/introspect", data={**CLIENT, "token": client.session}).json()
    assert told["active"] and told["username"] == "integration.user@demo.example"
    assert client.call("POST", "/services/oauth2/revoke", data={"token": client.session}).status_code == 200
    again = client.call("POST", "/services/oauth2/revoke", data={"token": client.session})
    assert (again.status_code, again.json()["error"]) == (400, "invalid_token")
    dead = client.call("POST", "/services/oauth2/introspect", data={**CLIENT, "token": client.session})
    assert dead.json() == {"active": False}
    identity = client.call("GET", "/services/oauth2/userinfo")
    assert (identity.status_code, identity.text) == (403, "Bad_OAuth_Token")


# -- the form of the REST API


def test_versions_need_no_token_and_everything_else_does(organisation: Organisation) -> None:
    versions = organisation.call("GET", "/services/data/")
    assert versions.json()[-1] == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}
    assert "Sforce-Limit-Info" not in versions.headers
    refused = organisation.data("GET", "/limits")
    assert error_of(refused) == (401, "INVALID_SESSION_ID") and refused.headers["WWW-Authenticate"] == "Token"


def test_calls_are_counted_and_end(client: Organisation) -> None:
    client.settings(daily_api_requests=2)
    heads = [client.data("GET", "/limits").headers["Sforce-Limit-Info"] for _ in range(2)]
    assert heads == ["api-usage=1/2", "api-usage=2/2"]
    assert error_of(client.data("GET", "/limits")) == (403, "REQUEST_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("PUT", "/sobjects/Case", (405, "METHOD_NOT_ALLOWED")),
        ("POST", "/limits", (405, "METHOD_NOT_ALLOWED")),
        ("GET", "/sobjects/Nothing", (404, "NOT_FOUND")),
        ("GET", "/nothing", (404, "NOT_FOUND")),
        ("GET", "/sobjects/Case/500Dm0000000999", (404, "NOT_FOUND")),
        ("GET", "/query/unknown-2000", (400, "INVALID_QUERY_LOCATOR")),
        ("GET", "/sobjects/Case/Subject/x", (404, "NOT_FOUND")),
    ],
)
def test_wrong_addresses(client: Organisation, method: str, path: str, expected: tuple[int, str]) -> None:
    assert error_of(client.data(method, path)) == expected


def test_a_body_must_be_json(client: Organisation) -> None:
    assert error_of(client.data("POST", "/sobjects/Case", data={"Subject": "x"})) == (415, "UNSUPPORTED_MEDIA_TYPE")
    headers = {"Authorization": f"Bearer {client.session}", "Content-Type": "application/json"}
    assert error_of(client.data("POST", "/sobjects/Case", data="{", headers=headers)) == (400, "JSON_PARSER_ERROR")


# -- SOQL


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("SELECT Id FROM Contact WHERE", "MALFORMED_QUERY"),
        ("SELECT FROM Contact", "MALFORMED_QUERY"),
        ("Id FROM Contact", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'a' OR LastName = 'b' AND Phone = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'O'Neill'", "MALFORMED_QUERY"),
        ('SELECT Id FROM Contact WHERE LastName = "a"', "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact WHERE LastName = 'a\\_b'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact LIMIT many", "MALFORMED_QUERY"),
        ("SELECT Id FROM Contact LIMIT 1 garbage", "MALFORMED_QUERY"),
        ("SELECT * FROM Contact", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Contact", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Contact LIMIT 201", "MALFORMED_QUERY"),
        ("SELECT Nonsense FROM Contact", "INVALID_FIELD"),
        ("SELECT Id, Id FROM Contact", "INVALID_FIELD"),
        ("SELECT Nobody.Name FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE Description = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE LastName = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Contact WHERE DoNotCall = 'true'", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE"),
    ],
)
def test_a_bad_query_is_refused_in_salesforces_words(client: Organisation, query: str, code: str) -> None:
    assert error_of(client.query(query)) == (400, code)


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("Account.Name = 'boxeo'", ["Beth Anglin", "Don Goodliffe"]),
        ("LastName LIKE '_oodl%'", ["Don Goodliffe"]),
        ("LastName IN ('Vogel', 'Anglin') AND (NOT FirstName = 'Beth')", ["Greta Vogel"]),
        ("LastName NOT IN ('Vogel', 'Anglin', 'Goodliffe')", ["Nora Lindqvist"]),
        ("Phone = null", ["Nora Lindqvist"]),
        ("Phone != null AND MailingCountry <> 'USA'", ["Greta Vogel"]),
        ("DoNotCall = false AND CreatedDate = TODAY AND FirstName >= 'G'", ["Greta Vogel", "Nora Lindqvist"]),
        ("CreatedDate > 2020-01-01T00:00:00Z AND CreatedDate = LAST_N_DAYS:3 AND FirstName < 'C'", ["Beth Anglin"]),
        ("CreatedDate < 2020-01-01T00:00:00Z", []),
        ("CreatedDate = YESTERDAY OR FirstName = 'Don'", ["Don Goodliffe"]),
    ],
)
def test_conditions_select(client: Organisation, where: str, found: list[str]) -> None:
    answer = client.query(f"SELECT Name FROM Contact WHERE {where} ORDER BY Name")
    assert answer.status_code == 200, answer.text
    assert [row["Name"] for row in answer.json()["records"]] == found


def test_order_limit_offset_and_count(client: Organisation) -> None:
    rows = client.query(
        "SELECT FirstName FROM Contact ORDER BY MobilePhone DESC NULLS LAST, FirstName LIMIT 2 OFFSET 1"
    )
    assert [row["FirstName"] for row in rows.json()["records"]] == ["Beth", "Don"]
    assert client.query("SELECT COUNT() FROM Contact").json() == {"totalSize": 4, "done": True, "records": []}


def test_a_hidden_field_does_not_exist(client: Organisation) -> None:
    client.settings(hidden_fields=["Contact.Phone"])
    assert error_of(client.query("SELECT Phone FROM Contact")) == (400, "INVALID_FIELD")
    assert error_of(client.data("POST", "/sobjects/Contact", json={"LastName": "x", "Phone": "1"})) == (
        400, "INVALID_FIELD",
    )  # fmt: skip
    shown = client.query("SELECT FIELDS(ALL) FROM Contact LIMIT 1").json()["records"][0]
    assert "Phone" not in shown and "MobilePhone" in shown


# -- SOSL


def find(client: Organisation, text: str) -> requests.Response:
    return client.data("GET", "/search", params={"q": text})


@pytest.mark.parametrize(
    "search",
    ["FIND 4155550132", "FIND {a} IN PHONE FIELDS", "FIND {+14155550132}", "FIND {(415) 5550132}", "FIND {*55}",
     "FIND {} IN PHONE FIELDS", 'FIND {"open} RETURNING Contact(Id)', "FIND {55 OR} RETURNING Contact(Id", "nonsense"],
)  # fmt: skip
def test_a_bad_search_is_refused(client: Organisation, search: str) -> None:
    assert error_of(find(client, search)) == (400, "MALFORMED_SEARCH")


def test_phone_fields_are_searched_without_punctuation_and_only_they(client: Organisation) -> None:
    found = find(client, "FIND {4155550133 OR 90182010} IN PHONE FIELDS RETURNING Contact(Name), Lead(Name WHERE "
                 "IsConverted = false)").json()["searchRecords"]  # fmt: skip
    assert [row["Name"] for row in found] == ["Beth Anglin", "Greta Vogel"]
    assert find(client, "FIND {Anglin} IN PHONE FIELDS RETURNING Contact(Name)").json() == {"searchRecords": []}
    by_name = find(client, "FIND {Ang*} IN NAME FIELDS RETURNING Contact(Name)").json()["searchRecords"]
    for text in ('FIND {"Beth Anglin"} IN NAME FIELDS', 'FIND {"x OR y" OR Anglin} IN NAME FIELDS'):
        assert find(client, f"{text} RETURNING Contact(Name)").json()["searchRecords"] == by_name
    turned = find(client, 'FIND {"Anglin Beth"} IN NAME FIELDS RETURNING Contact(Name)')
    assert turned.json() == {"searchRecords": []}
    assert [row["Name"] for row in by_name] == ["Beth Anglin"]


def test_the_index_lags_where_that_is_wanted(client: Organisation) -> None:
    search = "FIND {4155550132} IN PHONE FIELDS RETURNING Contact(Name)"
    client.settings(search_index_lag_seconds=60.0)
    assert find(client, search).json()["searchRecords"] == []
    client.settings(search_index_lag_seconds=0.0)
    assert len(find(client, search).json()["searchRecords"]) == 1


# -- rules of a call's task


def test_a_tasks_subtype_is_for_ever_and_a_lead_stands_alone(client: Organisation) -> None:
    task = client.data("POST", "/sobjects/Task", json={"Subject": "x", "TaskSubtype": "Call"}).json()["id"]
    refused = client.data("PATCH", f"/sobjects/Task/{task}", json={"TaskSubtype": "Task"})
    assert error_of(refused) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    lead = client.query("SELECT Id FROM Lead WHERE LastName = 'Newman'").json()["records"][0]["Id"]
    account = client.query("SELECT Id FROM Account WHERE Name = 'Boxeo'").json()["records"][0]["Id"]
    refused = client.data("POST", "/sobjects/Task", json={"WhoId": lead, "WhatId": account})
    assert error_of(refused) == (400, "FIELD_INTEGRITY_EXCEPTION")


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"CallDurationInSeconds": "187"}, "JSON_PARSER_ERROR"),
        ({"CallType": "inbound"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"ActivityDate": "1 March"}, "JSON_PARSER_ERROR"),
        ({"AccountId": "001Dm0000000001AAA"}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"WhatId": "003Dm0000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY"),
        ([], "JSON_PARSER_ERROR"),
    ],
)
def test_values_of_a_task(client: Organisation, values: Any, code: str) -> None:
    assert error_of(client.data("POST", "/sobjects/Task", json=values)) == (400, code)


# -- pages


def test_pages_show_records_and_their_calls(client: Organisation) -> None:
    board = client.call("GET", "/").text
    assert "Don Goodliffe" in board and "No calls have been written yet." in board
    don = client.query("SELECT Id FROM Contact WHERE LastName = 'Goodliffe'").json()["records"][0]["Id"]
    client.data("POST", "/sobjects/Task", json={"Subject": "Call <b>from</b> Don", "WhoId": don, "CallType": "Inbound"})
    page = client.call("GET", f"/lightning/r/Contact/{don}/view").text
    assert "Call &lt;b&gt;from&lt;/b&gt; Don" in page and "Boxeo" in page
    assert client.call("GET", "/lightning/r/Contact/003Dm0000000999/view").status_code == 404
    new = client.call("GET", "/lightning/o/Case/new?defaultFieldValues=Subject%3DA%252C%20B")
    assert "A, B" in new.text


def test_no_token_shows_among_the_requests(client: Organisation) -> None:
    refresh = client.exchange(client.code()).json()["refresh_token"]
    client.token(grant_type="refresh_token", refresh_token=refresh)
    seen = client.call("GET", "/_requests", headers={"Accept": "application/json"}).text
    assert client.session not in seen and refresh not in seen and CLIENT["client_secret"] not in seen
