"""node-zendesk, a public client that we did not write, unmodified, against the simulated help desk."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from integrations.simulators.server import running
from integrations.simulators.zendesk import tokens
from tests import node

pytestmark = pytest.mark.node
FOLDER = node.HERE / "simulators" / "node_zendesk"
TOKEN = {"user": "integration@example.com", "token": tokens.API_TOKEN}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    node.install(FOLDER)
    with running() as base:
        yield f"{base}/zendesk"


class Client:
    def __init__(self, base: str) -> None:
        self.base = base

    def run(self, *calls: list[Any], **access: Any) -> list[dict[str, Any]]:
        wanted = json.dumps({"uri": f"{self.base}/api/v2", **(access or TOKEN), "calls": calls})
        done = subprocess.run(["node", "run.js", wanted], cwd=FOLDER, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout.strip().splitlines()[-1]))

    def values(self, *calls: list[Any], **access: Any) -> list[Any]:
        answers = self.run(*calls, **access)
        assert all("value" in answer for answer in answers), answers
        return [answer["value"] for answer in answers]


@pytest.fixture
def client(address: str) -> Client:
    assert requests.post(f"{address}/_reset", timeout=10).ok
    return Client(address)


def test_it_signs_in_by_api_token_and_by_oauth(client: Client) -> None:
    assert client.values(["users", "me"])[0]["email"] == "integration@example.com"
    asked = {"client_id": tokens.CLIENT_ID, "client_secret": tokens.CLIENT_SECRET, "scope": "read write"}
    answer = requests.post(
        f"{client.base}/oauth/tokens", json={**asked, "grant_type": "client_credentials"}, timeout=10
    ).json()
    [me] = client.values(["users", "me"], token=answer["access_token"], oauth=True)
    assert me["role"] == "admin"


def test_wrong_credentials_reject_the_promise(client: Client) -> None:
    [answer] = client.run(["users", "list"], user="integration@example.com", token="wrong")
    assert "401" in answer["error"]


def test_users_are_listed_found_made_and_changed(client: Client) -> None:
    everybody, team, two, found, nobody = client.values(
        ["users", "list"],
        ["users", "listWithFilter", "role", "agent"],
        ["users", "showMany", [5010, 5009]],
        ["users", "search", {"query": "phone:*4155550132"}],
        ["users", "search", {"external_id": "unknown"}],
    )
    assert len(everybody) > len(team) > 0 and {row["role"] for row in team} == {"agent"}
    assert [row["id"] for row in two] == [5010, 5009]
    assert "Don Goodliffe" in {row["name"] for row in found} and len(found) < 3
    assert nobody == []
    made, same, changed, numbers = client.values(
        ["users", "createOrUpdate", {"user": {"name": "New Person", "email": "new@example.com"}}],
        ["users", "createOrUpdate", {"user": {"name": "New Name", "email": "new@example.com"}}],
        ["users", "update", {"$": [0, "id"]}, {"user": {"notes": "calls on Mondays"}}],
        ["useridentities", "list", {"$": [0, "id"]}],
    )
    assert made["id"] == same["id"] == changed["id"]
    assert (changed["name"], changed["notes"]) == ("New Name", "calls on Mondays")
    assert [row["type"] for row in numbers] == ["email"]


def test_tickets_go_from_the_first_comment_to_the_bin(client: Client) -> None:
    made, commented, comments, mine, _tags, two = client.values(
        ["tickets", "create", {"ticket": {"subject": "Hi", "comment": {"body": "One"}, "requester_id": 5009}}],
        ["tickets", "update", {"$": [0, "id"]}, {"ticket": {"status": "pending", "comment": {"body": "Two"}}}],
        ["tickets", "getComments", {"$": [0, "id"]}],
        ["tickets", "listByUserRequested", 5009],
        ["tickets", "addTags", {"$": [0, "id"]}, {"tags": ["phone"]}],
        ["tickets", "showMany", [1001, 1002]],
    )
    assert commented["status"] == "pending"
    assert [row["body"] for row in comments] == ["One", "Two"]
    assert made["id"] in [row["id"] for row in mine]
    assert [row["id"] for row in two] == [1001, 1002]
    assert client.values(["tickets", "show", made["id"]])[0]["tags"] == ["phone"]
    deleted, gone = client.run(["tickets", "delete", made["id"]], ["tickets", "show", made["id"]])
    assert "value" in deleted and "404" in gone["error"]


def test_every_page_of_a_long_list_is_fetched_once(client: Client) -> None:
    for number in range(103):
        body = {"ticket": {"subject": f"Number {number}", "comment": {"body": "x"}}}
        auth = (f"{TOKEN['user']}/token", TOKEN["token"])
        assert requests.post(f"{client.base}/api/v2/tickets.json", json=body, auth=auth, timeout=10).ok
    listed, found = client.values(["tickets", "list"], ["search", "queryAll", "type:ticket"])
    assert len(listed) == len({row["id"] for row in listed}) == 111
    assert len(found) == len({row["id"] for row in found}) == 111


def test_organizations_are_listed_made_and_changed(client: Client) -> None:
    listed, made, changed = client.values(
        ["organizations", "list"],
        ["organizations", "create", {"organization": {"name": "Node"}}],
        ["organizations", "update", {"$": [1, "id"]}, {"organization": {"notes": "n"}}],
    )
    assert {"Boxeo", "Lagerhaus"} <= {row["name"] for row in listed}
    assert (made["name"], changed["notes"]) == ("Node", "n")


def test_a_refusal_is_an_error_with_its_status_and_the_next_call_works(client: Client) -> None:
    refused, works = client.run(["users", "create", {"user": {"email": "x@example.com"}}], ["tickets", "show", 1001])
    assert "422" in refused["error"] and works["value"]["id"] == 1001
