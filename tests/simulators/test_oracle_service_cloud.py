"""Connect REST, simulated: as strict as the site where the site is strict, and ROQL read honestly."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests

from integrations.simulators.osvc import BadQuery, Store, roql

USER = ("integration", "demo-oracle-password")
CONTEXT = {"OSvC-CREST-Application-Context": "Tests"}


class Site:
    def __init__(self, base: str) -> None:
        self.base = base

    def call(self, method: str, path: str, *, auth: Any = USER, **options: Any) -> requests.Response:
        headers = {**CONTEXT, **options.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        url = f"{self.base}/services/rest/connect/v1.4{path}" if path.startswith("/") else f"{self.base}/{path}"
        return requests.request(method, url, auth=auth, headers=headers, timeout=10, **options)

    def query(self, text: str) -> requests.Response:
        return self.call("GET", "/queryResults/", params={"query": text})

    def settings(self, **changes: Any) -> None:
        assert requests.put(f"{self.base}/_settings", json=changes, timeout=10).status_code == 200

    def code(self, answer: requests.Response) -> tuple[int, str]:
        return answer.status_code, str(answer.json().get("o:errorCode"))


@pytest.fixture
def site(simulators: str) -> Site:
    return Site(f"{simulators}/oracle_service_cloud")


# -- doors


def test_an_error_is_told_in_the_vendors_shape(site: Site) -> None:
    answer = site.call("GET", "/contacts/999")
    assert answer.headers["content-type"] == "application/vnd.oracle.resource+json; type=error"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "instance", "o:errorCode"}
    assert (body["status"], body["o:errorCode"]) == (404, "OSC-CREST-00013")
    assert body["type"].endswith("/services/rest/connect/exceptions/OSC-CREST-00013")


@pytest.mark.parametrize("auth", [None, ("integration", "wrong"), ("nobody", "demo-oracle-password")])
def test_nobody_gets_in_without_the_right_password(site: Site, auth: Any) -> None:
    assert site.code(site.call("GET", "/contacts", auth=auth)) == (401, "OSC-CREST-00014")


def test_the_application_context_is_obligatory_from_version_1_4_on(site: Site) -> None:
    without = {"OSvC-CREST-Application-Context": None}
    assert site.code(site.call("GET", "/contacts", headers=without)) == (400, "OSC-CREST-00018")
    too_long = {"OSvC-CREST-Application-Context": "x" * 41}
    assert site.code(site.call("GET", "/contacts", headers=too_long)) == (400, "OSC-CREST-00018")
    older = site.call("GET", "services/rest/connect/v1.3/contacts", headers=without)
    assert older.status_code == 200


def test_versions_languages_and_switches_are_checked(site: Site) -> None:
    assert site.code(site.call("GET", "services/rest/connect/v9/contacts")) == (400, "OSC-CREST-00003")
    assert site.code(site.call("GET", "/contacts", headers={"Accept-Language": "de"})) == (400, "OSC-CREST-00017")
    assert site.call("GET", "/contacts", headers={"Accept-Language": "en-GB,en;q=0.5"}).status_code == 200
    site.settings(profile_allows_rest=False)
    assert site.code(site.call("GET", "/contacts")) == (403, "OSC-CREST-00016")
    site.settings(rest_enabled=False)
    assert site.code(site.call("GET", "/contacts")) == (403, "OSC-CREST-00015")


def test_a_token_is_of_the_trusted_issuer_or_worthless(site: Site) -> None:
    client = ("demo-oracle-client", "demo-oracle-client-secret")
    form = {"grant_type": "client_credentials"}
    token = requests.post(f"{site.base}/oauth2/v1/token", data=form, auth=client, timeout=10).json()["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert claims["iss"] == "https://identity.oraclecloud.com/"

    def with_token(text: str) -> int:
        return site.call("GET", "/contacts", auth=None, headers={"Authorization": f"Bearer {text}"}).status_code

    assert (with_token(token), with_token(f"{token}x"), with_token("a.b.c")) == (200, 401, 401)
    site.settings(expected_issuer="https://identity.oraclecloud.com")
    assert with_token(token) == 401
    wrong = requests.post(f"{site.base}/oauth2/v1/token", data=form, auth=("x", "y"), timeout=10)
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")


def test_a_session_token_dies(site: Site) -> None:
    header = {"Authorization": "Session demo-oracle-session-token"}
    assert site.call("GET", "/contacts", auth=None, headers=header).status_code == 200
    site.settings(session_token="")
    assert site.call("GET", "/contacts", auth=None, headers=header).status_code == 401
    assert site.call("GET", "/contacts", auth=None, headers={"Authorization": "Session "}).status_code == 401


# -- records


def test_a_list_has_pages_up_to_a_hard_stop(site: Site) -> None:
    page = site.call("GET", "/contacts", params={"limit": 5, "offset": 10}).json()
    assert ([row["id"] for row in page["items"]], page["hasMore"]) == ([11, 12, 13], False)
    assert site.call("GET", "/contacts", params={"limit": 5}).json()["hasMore"] is True
    assert site.code(site.call("GET", "/contacts", params={"limit": 20_001})) == (400, "OSC-CREST-00007")
    assert site.code(site.call("GET", "/contacts", params={"limit": "x"})) == (400, "OSC-CREST-00007")


def test_parts_are_links_until_they_are_expanded(site: Site) -> None:
    plain = site.call("GET", "/contacts/2").json()
    assert set(plain["phones"]) == {"links"}
    whole = site.call("GET", "/contacts/2", params={"expand": "phones"}).json()
    assert [phone["rawNumber"] for phone in whole["phones"]["items"]] == ["14155550133", "4155550143"]
    assert whole["organization"]["links"][0]["href"].endswith("/organizations/1")


def test_a_record_is_made_changed_and_deleted(site: Site) -> None:
    made = site.call("POST", "/contacts", json={"name": {"first": "A", "last": "B"}})
    assert (made.status_code, made.json()["lookupName"]) == (201, "A B")
    address = made.headers["Location"]
    assert address.endswith("/contacts/14")
    changed = requests.patch(address, json={"title": "Dr"}, auth=USER, headers=CONTEXT, timeout=10)
    assert (changed.status_code, changed.content) == (200, b"")
    assert site.call("GET", "/contacts/14").json()["title"] == "Dr"
    assert site.call("DELETE", "/contacts/14").status_code == 200
    assert site.code(site.call("GET", "/contacts/14")) == (404, "OSC-CREST-00013")


def test_a_change_may_travel_as_a_post(site: Site) -> None:
    header = {"X-HTTP-Method-Override": "PATCH"}
    assert site.call("POST", "/incidents/1", json={"subject": "x"}, headers=header).status_code == 200
    assert site.code(site.call("POST", "/incidents/1", json={"subject": "x"})) == (400, "OSC-CREST-00002")
    site.settings(patch_allowed=False)
    assert site.code(site.call("PATCH", "/incidents/1", json={"subject": "y"})) == (405, "OSC-CREST-00002")


def test_content_is_checked_before_anything_is_stored(site: Site) -> None:
    refused = {
        b"": "OSC-CREST-00010",
        b"{": "OSC-CREST-00011",
        b"[]": "OSC-CREST-00012",
        b'{"colour": "red"}': "OSC-CREST-00012",
        b'{"subject": "' + b"x" * 241 + b'"}': "OSC-CREST-00012",
        b'{"primaryContact": {"id": 999}}': "OSC-CREST-00012",
        b'{"statusWithType": {"status": {"lookupName": "Fine"}}}': "OSC-CREST-00012",
        b'{"threads": {"text": "x"}}': "OSC-CREST-00012",
        b'{"threads": [{"text": "x"}]}': "OSC-CREST-00012",
        b'{"threads": [{"text": "x", "entryType": {"id": 77}}]}': "OSC-CREST-00012",
    }
    codes = {content: site.code(site.call("POST", "/incidents", data=content))[1] for content in refused}
    assert codes == refused
    assert len(site.call("GET", "/incidents").json()["items"]) == 6


def test_unknown_objects_and_parts_are_not_found(site: Site) -> None:
    for path in ("/unicorns", "/Contact/1", "/contacts/1/threads", "/contacts/x"):
        assert site.code(site.call("GET", path)) == (404, "OSC-CREST-00013"), path


def test_the_pages_show_what_happened(site: Site) -> None:
    site.query("SELECT id FROM contacts WHERE phones.rawNumber = '4155550134'")
    site.call("PATCH", "/incidents/1", json={"subject": "<b>Bold</b>"}, headers={"OSvC-CREST-Suppress-Rules": "true"})
    board = requests.get(f"{site.base}/_board", timeout=10).json()
    shown = {table["title"]: table["rows"] for table in board["tables"]}
    assert shown["Queries"] == [["SELECT id FROM contacts WHERE phones.rawNumber = '4155550134'", "2"]]
    assert shown["Written"][0][::2] == ["incidents/1", shown["Incidents"][-1][0], "no rules"]
    page = requests.get(f"{site.base}/AgentWeb/", params={"object": "incident", "id": 1}, timeout=10)
    assert "&lt;b&gt;Bold" in page.text and "<b>Bold" not in page.text
    assert requests.get(f"{site.base}/AgentWeb/", timeout=10).status_code == 200
    assert requests.get(f"{site.base}/AgentWeb/?object=incident&id=99", timeout=10).status_code == 404


# -- ROQL


def rows(query: str) -> list[list[str | None]]:
    [table] = roql.run(Store(), query)
    return table.rows


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT id FROM contacts WHERE phones.rawNumber = '4155550134'", [["3"], ["3"]]),  # one row per phone
        ("SELECT C.ID, C.Name.First FROM Contact C WHERE C.Phones.RawNumber LIKE '%5550133'", [["2", "Beth"]]),
        ("select id from CONTACTS where emails.EmailList.address = 'DON.goodliffe@example.com'", [["1"]]),
        ("SELECT id FROM contacts WHERE name.last = 'Shaw' ORDER BY name.first DESC", [["6"], ["5"]]),
        ("SELECT id FROM contacts WHERE name.last = 'O\\'Brien'", [["11"]]),
        ("SELECT id FROM contacts WHERE id IN (1, 2, 99) AND NOT id = 1", [["2"]]),
        ("SELECT id FROM contacts WHERE id NOT IN (1) LIMIT 2 OFFSET 1", [["3"], ["4"]]),
        ("SELECT id FROM contacts WHERE (id < 3 OR id >= 13) AND id != 2", [["1"], ["13"]]),
        ("SELECT id FROM contacts WHERE phones.number IS NULL", [["13"]]),
        ("SELECT id FROM contacts WHERE phones.number NOT LIKE '%1%'", []),
        ("SELECT id FROM contacts WHERE id = 3 AND title IS NULL;", [["3"]]),
        ("SELECT id FROM incidents WHERE primaryContact.contact.id = 1 AND threads.text LIKE 'Cannot%'", [["1"]]),
        ("SELECT login FROM accounts LIMIT 1", [["integration"]]),
        ("SELECT statusWithType.status.lookupName FROM incidents WHERE id = 6", [["Solved"]]),
    ],
)
def test_roql_is_read(query: str, expected: list[list[str]]) -> None:
    assert rows(query) == expected


def test_several_statements_have_a_table_each() -> None:
    tables = roql.run(Store(), "SELECT id FROM accounts LIMIT 1; SELECT id, name FROM organizations WHERE id = 2;")
    assert [(table.name, table.columns, table.rows) for table in tables] == [
        ("accounts", ["id"], [["1"]]),
        ("organizations", ["id", "name"], [["2", "Lagerhaus"]]),
    ]


@pytest.mark.parametrize(
    "query",
    [
        "", ";", "x", "SELECT id", "SELECT FROM contacts", "SELECT id FROM unicorns", "SELECT colour FROM contacts",
        "SELECT name FROM contacts", "SELECT phones FROM contacts", "SELECT id FROM contacts WHERE",
        "SELECT id FROM contacts WHERE id", "SELECT id FROM contacts WHERE id =", "SELECT id FROM contacts WHERE id=x",
        "SELECT id FROM contacts WHERE id = 'open", "SELECT id FROM contacts WHERE id LIKE", "SELECT * FROM contacts",
        "SELECT id FROM contacts WHERE (id=1", "SELECT id FROM contacts LIMIT x", "SELECT id FROM contacts more words",
        "SELECT id FROM contacts WHERE id ; 1", "SELECT id FROM contacts WHERE threads.text = 'x'",
        "SELECT id FROM contacts UNION SELECT id FROM accounts", "SELECT id FROM contacts WHERE id = 1 -- x",
    ],
)  # fmt: skip
def test_what_is_no_roql_is_refused(query: str) -> None:
    with pytest.raises(BadQuery):
        roql.run(Store(), query)


def test_a_refused_query_has_the_vendors_code(site: Site) -> None:
    assert site.code(site.query("SELECT colour FROM contacts")) == (400, "OSC-CREST-00007")
    site.settings(readable={"accounts": False})
    assert site.code(site.query("SELECT id FROM accounts")) == (403, "OSC-CREST-00005")
    found = site.query("SELECT id, title FROM contacts WHERE id = 1").json()["items"]
    assert found == [{"tableName": "contacts", "count": 1, "columnNames": ["id", "title"], "rows": [["1", None]]}]
