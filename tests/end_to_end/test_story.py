"""One call, end to end, inside ServiceNow: the whole agent story in a real browser and on two origins, and what the
simulated ServiceNow, WFM and NICE know of it afterwards."""

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Frame, FrameLocator, Page, expect

from tests.stack import Stack

DON = "Don Goodliffe"
SERVICE_NUMBER = "+14155550100"
PATIENCE = 15_000


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """Everything that the console reports as an error. Chromium's remark on autofocus in a foreign frame is none."""
    found: list[str] = []

    def hear(message: Any) -> None:
        if message.type == "error" and "autofocus" not in message.text:
            found.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def open_phone(page: Page, stack: Stack) -> FrameLocator:
    """The simulated ServiceNow page with our desktop opened by the phone icon."""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{stack.simulator_url}/servicenow/")
    page.get_by_role("button", name="Open the phone").click()
    return page.frame_locator("iframe[name=gsft_openframe]")


def log_in(desktop: FrameLocator, login: str = "agent1") -> None:
    desktop.get_by_label("User name").fill(login)
    desktop.get_by_label("Password").fill(login)
    expect(desktop.get_by_text("Softphone").first).to_be_visible()
    desktop.get_by_role("button", name="Log in").click()
    expect(desktop.get_by_text("You are not ready.")).to_be_visible(timeout=PATIENCE)


def main_frame(page: Page) -> Frame:
    found = page.frame(name="gsft_main")
    assert found is not None
    return found


def record(stack: Stack, query: str, table: str = "interaction") -> list[dict[str, Any]]:
    """Rows of the simulated ServiceNow, with display values, as its administrator reads them."""
    address = f"{stack.simulator_url}/servicenow/api/now/table/{table}"
    parameters = {"sysparm_query": query, "sysparm_display_value": "all"}
    answer = requests.get(
        address, params=parameters, auth=("admin", "admin"), headers={"Accept": "application/json"}, timeout=10
    )
    assert answer.ok, answer.text
    return answer.json()["result"]


def test_a_call_from_the_ring_to_the_activity_stream(embedded: Stack, page: Page, complaints: list[str]) -> None:
    stack = embedded
    desktop = open_phone(page, stack)
    log_in(desktop)
    desktop.get_by_role("button", name="Go ready").click()
    expect(desktop.get_by_text("You are ready.")).to_be_visible()

    interaction = stack.api("offered", "story-1", to_number=SERVICE_NUMBER)
    assert interaction["state"] in ("new", "ringing")
    expect(desktop.get_by_role("button", name="Accept")).to_be_visible(timeout=PATIENCE)
    expect(desktop.get_by_role("heading", name=DON)).to_be_visible()
    expect(
        desktop.get_by_text("Phone number matches (415) 555-0132 of Don Goodliffe in ServiceNow demo.")
    ).to_be_visible()
    expect(page.frame_locator("iframe[name=gsft_main]").get_by_role("heading", name=DON)).to_be_visible(
        timeout=PATIENCE
    )
    assert "sys_user.do" in main_frame(page).url
    stack.wait("the record in state New", lambda: [r["state"]["value"] for r in record(stack, "")] == ["new"])

    desktop.get_by_role("button", name="Accept").click()
    stack.wait("Work In Progress", lambda: record(stack, "")[0]["state"]["value"] == "work_in_progress")
    assert record(stack, "")[0]["assigned_to"]["display_value"] == "Ava Martin"
    desktop.get_by_role("button", name="Hold").click()
    expect(desktop.get_by_role("button", name="Resume")).to_be_visible()
    desktop.get_by_role("button", name="Resume").click()
    desktop.get_by_role("button", name="End call").click()

    expect(desktop.get_by_text("How did it end?")).to_be_visible()
    stack.wait("Closed", lambda: record(stack, "")[0]["state"]["value"] == "closed_complete")
    desktop.get_by_role("radio", name="Resolved").check(force=True)
    desktop.get_by_label("Notes").fill("Printer queue reset.")
    desktop.get_by_role("button", name="Complete").click()
    expect(desktop.get_by_text("You are ready.")).to_be_visible(timeout=PATIENCE)

    stack.wait("the activity", lambda: "Printer queue reset." in record(stack, "")[0]["work_notes"]["display_value"])
    [row] = record(stack, "")
    assert row["work_notes"]["display_value"].count("Call reference") == 1
    assert "Disposition: Resolved" in row["work_notes"]["display_value"]
    assert row["opened_for"]["display_value"] == DON
    related = record(stack, f"interaction={row['sys_id']['value']}", "interaction_related_record")
    assert sorted(r["document_table"]["value"] for r in related) == ["incident", "sys_user"]
    assert complaints == []


def test_the_receivers_hear_of_the_agent_and_the_call(embedded: Stack, page: Page) -> None:
    stack = embedded
    desktop = open_phone(page, stack)
    log_in(desktop)
    desktop.get_by_role("button", name="Go ready").click()
    stack.wait("the agent on the WFM board", lambda: "agent1" in str(stack.sim("/wfm_http/_board")), 20)
    desktop.get_by_role("button", name="Simulate call").click()
    desktop.get_by_role("button", name="Accept").click(timeout=PATIENCE)
    desktop.get_by_role("button", name="End call").click()
    desktop.get_by_role("button", name="Complete").click()
    stack.wait(
        "the end of the call at the recorder", lambda: "call.ended" in str(stack.sim("/nice/_requests?format=json"))
    )
    told = str(stack.sim("/nice/_requests?format=json"))
    assert "BP-agent1" in told and "9-1001" in told and "BP-BP-" not in told
    board = stack.sim("/nice/_board")
    assert not board.get("problems"), board


def test_a_number_that_is_clicked_in_servicenow_is_dialled(embedded: Stack, page: Page) -> None:
    stack = embedded
    desktop = open_phone(page, stack)
    log_in(desktop)
    main = page.frame_locator("iframe[name=gsft_main]")
    main.get_by_role("link", name=DON).first.click()
    main.get_by_role("button", name=re.compile("Call .*555-0132")).first.click()
    expect(desktop.get_by_text("+1 415-555-0132").first).to_be_visible(timeout=PATIENCE)
    expect(desktop.get_by_role("button", name="End call")).to_be_visible(timeout=PATIENCE)
    desktop.get_by_role("button", name="End call").click()


def test_without_top_domain_the_desktop_works_and_says_that_activity_history_is_off(
    embedded: Stack, page: Page
) -> None:
    stack = embedded
    page.goto(f"{stack.url}/agentdesktop/ServiceNow.jsp")
    page.get_by_label("User name").fill("agent2")
    page.get_by_label("Password").fill("agent2")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Activity history is off", exact=False).first).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Go ready").click()
    page.get_by_role("button", name="Simulate call").click()
    page.get_by_role("button", name="Accept").click(timeout=PATIENCE)
    page.get_by_role("button", name="End call").click()
    page.get_by_role("button", name="Complete").click()
    stack.wait("Closed", lambda: [r["state"]["value"] for r in record(stack, "")] == ["closed_complete"])
    assert record(stack, "")[0]["work_notes"]["display_value"] == ""


def test_a_top_domain_of_nobody_is_refused_in_words(embedded: Stack, page: Page) -> None:
    answer = page.goto(f"{embedded.url}/agentdesktop/ServiceNow.jsp?topDomain=https://evil.example")
    assert answer is not None and answer.status == 403
    expect(page.get_by_text("https://evil.example", exact=False).first).to_be_visible()


def test_the_old_cti_page_opens_where_the_account_wants_it(embedded: Stack, page: Page) -> None:
    stack = embedded
    stack.manage("shell", "-c", (
        "from integrations.models import IntegrationAccount as A;"
        "a=A.objects.get(provider='servicenow');a.properties={**a.properties,'screen_pop':'cti'};a.full_clean();a.save()"
    ))  # fmt: skip
    desktop = open_phone(page, stack)
    log_in(desktop)
    desktop.get_by_role("button", name="Go ready").click()
    desktop.get_by_role("button", name="Simulate call").click()
    expect(desktop.get_by_role("button", name="Accept")).to_be_visible(timeout=PATIENCE)
    stack.wait("cti.do in the main frame", lambda: "cti.do" in str(stack.sim("/servicenow/_requests?format=json")))
    expect(page.frame_locator("iframe[name=gsft_main]").get_by_text("INC0010001").first).to_be_visible(timeout=PATIENCE)
