"""The public JavaScript client for Salesforce, unmodified, works against the simulator."""

from __future__ import annotations

import json
import subprocess
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests import node

pytestmark = pytest.mark.node
FOLDER = node.HERE / "simulators" / "jsforce_client"
CLIENT = {"client_id": "demo-salesforce-consumer-key-3MVG9", "client_secret": "demo-salesforce-consumer-secret"}
CALLBACK = "http://127.0.0.1:18999/admin/salesforcecallback.html"


class Organisation:
    """The simulated organisation, and jsforce as its client."""

    def __init__(self, base: str) -> None:
        self.base = base

    def settings(self, **changes: Any) -> None:
        assert requests.put(f"{self.base}/_settings", json=changes, timeout=10).ok

    def token(self, **form: str) -> dict[str, str]:
        answer = requests.post(f"{self.base}/services/oauth2/token", data={**CLIENT, **form}, timeout=10)
        assert answer.ok, answer.text
        return dict(answer.json())

    def consent(self) -> dict[str, str]:
        """The tokens that a person's consent gives: an access token and a refresh token."""
        query = {"response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": CALLBACK, "state": "s"}
        form = {"user": "agent1@demo.example", "decision": "allow"}
        address = f"{self.base}/services/oauth2/authorize"
        answer = requests.post(address, params=query, data=form, timeout=10, allow_redirects=False)
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
        return self.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)

    def run(self, work: str, *, input: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        login = {"loginUrl": self.base, "clientId": CLIENT["client_id"], "clientSecret": CLIENT["client_secret"]}
        oauth2 = {**login, "redirectUri": CALLBACK}
        if not options:
            options = {"accessToken": self.token(grant_type="client_credentials")["access_token"]}
        wanted = {"work": work, "input": input or {}, "oauth2": oauth2, "instanceUrl": self.base, **options}
        command = ["node", "run.js", json.dumps(wanted)]
        done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=60)
        lines = done.stdout.strip().splitlines()
        assert done.returncode == 0 and lines, done.stderr
        return dict(json.loads(lines[-1]))

    def result(self, work: str, **options: Any) -> Any:
        answer = self.run(work, **options)
        assert "result" in answer, answer
        return answer["result"]


@pytest.fixture
def organisation(simulators: str) -> Organisation:
    node.install(FOLDER)
    return Organisation(f"{simulators}/salesforce")


def test_a_token_is_enough_to_work(organisation: Organisation) -> None:
    found = organisation.result("identity")
    assert (found["found"], found["user"], found["renewed"]) == (1, "integration.user@demo.example", False)


def test_it_signs_in_by_client_credentials(organisation: Organisation) -> None:
    found = organisation.result("clientCredentials", loginUrl=organisation.base)
    assert (found["username"], found["instance"]) == ("integration.user@demo.example", organisation.base)


def test_a_session_that_ended_is_renewed_by_the_refresh_token(organisation: Organisation) -> None:
    given = organisation.consent()
    found = organisation.result("identity", accessToken="00D!ended", refreshToken=given["refresh_token"])
    assert found == {"found": 1, "user": "agent1@demo.example", "renewed": True, "rotated": False}
    refused = organisation.run("identity", accessToken="00D!ended", refreshToken="5Aep-somebody-elses")
    assert "expired access/refresh token" in refused["message"]


def test_a_query_goes_on_page_by_page(organisation: Organisation) -> None:
    organisation.settings(query_page_size=3)
    found = organisation.result("pages")
    assert found["names"] == ["Beth Anglin", "Don Goodliffe", "Greta Vogel", "Nora Lindqvist"]
    assert (found["total"], found["done"], found["more"]) == (4, False, 1)


def test_its_query_builder_is_understood(organisation: Organisation) -> None:
    found = organisation.result("builder")
    assert found == {"found": [["Don Goodliffe", "Boxeo"]], "one": "Beth Anglin", "none": None}


def test_a_record_is_made_changed_read_and_deleted(organisation: Organisation) -> None:
    found = organisation.result("row", input={"who": "003Dm0000000001IAA"}, **token_of(organisation))
    assert found == {
        "made": True, "status": "Completed", "who": "003Dm0000000001IAA", "removed": True, "gone": "ENTITY_IS_DELETED",
    }  # fmt: skip


def test_many_records_travel_as_collections_of_which_one_may_fail(organisation: Organisation) -> None:
    found = organisation.result("rows")
    assert (found["made"], found["code"], found["fields"]) == (
        [True, False, True],
        "REQUIRED_FIELD_MISSING",
        ["Company"],
    )
    assert (found["changed"], found["read"], found["removed"]) == ([True, True], ["Working", "Working"], [True, True])
    assert found["left"] == 0


def test_an_upsert_makes_once_and_changes_afterwards(organisation: Organisation) -> None:
    found = organisation.result("upsert")
    assert (found["first"], found["again"]) == (True, True)
    assert found["many"] == [[True, False], [True, True]]
    assert found["names"] == ["New", "Thrice"]


def test_a_number_is_searched(organisation: Organisation) -> None:
    assert organisation.result("search") == [["Contact", "Don Goodliffe"]]


def test_limits_come_with_every_answer(organisation: Organisation) -> None:
    found = organisation.result("limits")
    assert found["max"] == 15_000
    assert found["usage"]["limit"] == 15_000
    assert found["usage"]["used"] == found["max"] - found["left"]


def test_objects_are_described(organisation: Organisation) -> None:
    found = organisation.result("describe")
    assert (found["phone"], found["keyPrefix"]) == ("phone", "003")
    assert {"Contact", "Task", "Case"} <= set(found["names"])


def test_refusals_arrive_with_the_vendors_codes(organisation: Organisation) -> None:
    found = organisation.result("refused")
    assert found["query"][0] == "INVALID_FIELD"
    assert found["create"] == ["REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]"]
    assert found["choice"][0] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"


def token_of(organisation: Organisation) -> dict[str, str]:
    return {"accessToken": organisation.token(grant_type="client_credentials")["access_token"]}
