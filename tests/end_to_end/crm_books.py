"""What the five simulated CRMs hold of the load (`crm_load`), read as their administrators would, not by our providers.

books(stack.simulator_url)["Zendesk demo"] -> {"0007": [Found(status="solved", histories=1)]}"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import requests

NUMBER = re.compile(r"Load (\d{4})")
HISTORY = re.compile(r"Call reference [0-9a-f]{10}")
# The state in which every record must end, in the vendor's own words.
ENDS = {
    "ServiceNow demo": "closed_complete", "Salesforce demo": "Completed", "Zendesk demo": "solved",
    "Oracle Service Cloud demo": "Solved", "RightNow demo": "Solved",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One record: its state, and how often the call stands in its history."""

    status: str
    histories: int


def books(simulators: str) -> dict[str, dict[str, list[Found]]]:
    readers = {
        "ServiceNow demo": _servicenow, "Salesforce demo": _salesforce, "Zendesk demo": _zendesk,
        "Oracle Service Cloud demo": lambda url: _incidents(f"{url}/oracle_service_cloud"),
        "RightNow demo": lambda url: _incidents(f"{url}/rightnow"),
    }  # fmt: skip
    return {name: _by_number(read(simulators)) for name, read in readers.items()}


def _by_number(rows: Iterator[tuple[str, str, str]]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = defaultdict(list)
    for subject, status, history in rows:
        number = NUMBER.search(f"{subject}\n{history}")
        if number:
            found[number[1]].append(Found(status, len(HISTORY.findall(history))))
    return dict(found)


def _get(url: str, **options: Any) -> Any:
    answer = requests.get(
        url, headers={"Accept": "application/json", **options.pop("headers", {})}, timeout=30, **options
    )
    assert answer.ok, answer.text
    return answer.json()


def _servicenow(url: str) -> Iterator[tuple[str, str, str]]:
    query = {
        "sysparm_query": "short_descriptionSTARTSWITHLoad", "sysparm_display_value": "all", "sysparm_limit": "9999",
        "sysparm_fields": "short_description,state,work_notes",
    }  # fmt: skip
    answer = _get(f"{url}/servicenow/api/now/table/interaction", params=query, auth=("admin", "admin"))
    for row in answer["result"]:
        yield row["short_description"]["value"], row["state"]["value"], row["work_notes"]["display_value"]


def _salesforce(url: str) -> Iterator[tuple[str, str, str]]:
    client = {"client_id": "demo-salesforce-consumer-key-3MVG9", "client_secret": "demo-salesforce-consumer-secret"}
    at = f"{url}/salesforce/services"
    token = requests.post(f"{at}/oauth2/token", data={**client, "grant_type": "client_credentials"}, timeout=30).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    # A call's Task gets the subject of its history in the end; the notes in its description keep the number.
    query = {"q": "SELECT Subject, Status, Description FROM Task WHERE Subject LIKE 'Load%' OR Subject LIKE 'Call%'"}
    for row in _get(f"{at}/data/v60.0/query", params=query, headers=headers)["records"]:
        yield row["Subject"], row["Status"], row["Description"] or ""


def _zendesk(url: str) -> Iterator[tuple[str, str, str]]:
    board = _get(f"{url}/zendesk/_board")
    for ticket in board["tickets"]:
        said = board["comments"].get(str(ticket["id"]), [])
        yield ticket["subject"], ticket["status"], "\n".join(comment["body"] for comment in said)


def _incidents(url: str) -> Iterator[tuple[str, str, str]]:
    for incident in _get(f"{url}/_board")["incidents"]:
        threads = incident.get("threads") or []
        status = incident["statusWithType"]["status"]["lookupName"]
        yield incident["subject"], status, "\n".join(thread["text"] for thread in threads)
