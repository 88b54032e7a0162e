"""Calls to the demo's other two numbers, at a desktop that stands alone and in Zendesk's page: the record opens, and
Salesforce and Zendesk hold the history."""

import re
from typing import Any

import pytest
import requests
from playwright.sync_api import Frame, Page, expect

from tests.stack import Stack

DON = "Don Goodliffe"
PATIENCE = 15_000
OFF = "Activity history is off"


def log_in(stack: Stack, page: Page) -> None:
    page.goto(f"{stack.url}/agentdesktop/")
    page.get_by_label("User name").fill("agent1")
    page.get_by_label("Password").fill("agent1")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Go ready").click()
    expect(page.get_by_text("You are ready.")).to_be_visible()


def handle(stack: Stack, page: Page, number: str, crm: str, opened: re.Pattern[str]) -> None:
    """A call to this number, from the ring to the end of after-call work."""
    log_in(stack, page)
    expect(page.get_by_text(OFF)).to_be_visible()

    stack.api("offered", "call-1", to_number=number)
    expect(page.get_by_text(re.compile(f"of {DON} in {crm} demo"))).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("link", name="Open record").first).to_have_attribute("href", opened)
    # This call is written down: nothing on the screen says otherwise.
    expect(page.get_by_text(OFF)).to_have_count(0)
    page.get_by_role("button", name="End call").click()
    page.get_by_role("radio", name="Resolved").check(force=True)
    page.get_by_label("Notes").fill("Printer queue reset.")
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_text("You are ready.")).to_be_visible(timeout=PATIENCE)


def tasks(stack: Stack) -> list[dict[str, Any]]:
    """The Tasks of the simulated Salesforce, as its administrator reads them."""
    at = f"{stack.simulator_url}/salesforce/services"
    client = {"client_id": "demo-salesforce-consumer-key-3MVG9", "client_secret": "demo-salesforce-consumer-secret"}
    token = requests.post(f"{at}/oauth2/token", data={**client, "grant_type": "client_credentials"}, timeout=10).json()
    query = {"q": "SELECT Status, Description, CallDisposition, Who.Name, Owner.Name FROM Task"}
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    answer = requests.get(f"{at}/data/v60.0/query", params=query, headers=headers, timeout=10)
    assert answer.ok, answer.text
    return list(answer.json()["records"])


@pytest.fixture
def wide(page: Page) -> Page:
    page.set_viewport_size({"width": 1440, "height": 900})
    return page


def test_a_call_to_sales_is_one_completed_task_in_salesforce(embedded: Stack, wide: Page) -> None:
    handle(embedded, wide, "+14155550101", "Salesforce", re.compile(r"/lightning/r/Contact/\w{18}/view$"))
    embedded.wait("the history", lambda: "Printer queue reset." in str(tasks(embedded)))
    [task] = tasks(embedded)
    assert (task["Status"], task["CallDisposition"]) == ("Completed", "Resolved")
    assert (task["Who"]["Name"], task["Owner"]["Name"]) == (DON, "Ava Martin")


def own_tickets(stack: Stack) -> list[dict[str, Any]]:
    """The tickets that we made; the others were there before."""
    return [row for row in stack.sim("/zendesk/_board")["tickets"] if row["external_id"]]


def test_a_call_to_the_help_desk_is_one_solved_ticket_in_zendesk(embedded: Stack, wide: Page) -> None:
    handle(embedded, wide, "+14155550102", "Zendesk", re.compile(r"/agent/users/\d+$"))
    embedded.wait("the history", lambda: "Printer queue reset." in str(embedded.sim("/zendesk/_board")))
    embedded.wait("the end of the ticket", lambda: "solved" in [row["status"] for row in own_tickets(embedded)])
    board = embedded.sim("/zendesk/_board")
    [ticket] = own_tickets(embedded)
    first, note = board["comments"][str(ticket["id"])]
    assert (first["public"], note["public"]) == (False, False)
    assert note["body"].count("Call reference") == 1
    assert not board.get("problems"), board


def test_a_call_rings_and_its_record_opens_in_zendesks_own_page(embedded: Stack, wide: Page) -> None:
    wide.goto(f"{embedded.simulator_url}/zendesk/agent/dashboard")
    wide.locator("#app-button").click()
    frame = next_frame(wide, "page=Zendesk.jsp")
    frame.get_by_label("User name").fill("agent1")
    frame.get_by_label("Password").fill("agent1")
    frame.get_by_role("button", name="Log in").click()
    frame.get_by_role("button", name="Go ready").click()
    expect(frame.get_by_text("You are ready.")).to_be_visible()
    wide.locator("#app-button").click()
    expect(wide.locator("#pane")).to_be_hidden()

    embedded.api("offered", "call-1", to_number="+14155550102")
    expect(wide.locator("#pane")).to_be_visible(timeout=PATIENCE)
    expect(wide.frame_locator("#record").get_by_role("heading", name=DON)).to_be_visible(timeout=PATIENCE)
    frame.get_by_role("button", name="Accept").click()
    frame.get_by_role("button", name="End call").click()
    frame.get_by_role("radio", name="Resolved").check(force=True)
    frame.get_by_label("Notes").fill("Printer queue reset.")
    frame.get_by_role("button", name="Complete").click()
    expect(wide.locator("#pane")).to_be_hidden(timeout=PATIENCE)
    embedded.wait("the history", lambda: "Printer queue reset." in str(embedded.sim("/zendesk/_board")))
    [ticket] = [row for row in embedded.sim("/zendesk/_board")["tickets"] if row["external_id"]]
    assert (ticket["status"], ticket["via"]) == ("solved", {"channel": "inbound call"})


def next_frame(page: Page, part: str) -> Frame:
    for _ in range(100):
        found = next((frame for frame in page.frames if part in frame.url), None)
        if found:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"no frame shows {part}")


def test_while_the_crm_is_away_the_agent_sees_that_the_call_is_saved_and_later_that_it_is_posted(
    embedded: Stack, wide: Page
) -> None:
    embedded.sim("/zendesk/_faults", method="PUT", body={"fault": "server_error", "options": {"status": 503}})
    log_in(embedded, wide)
    embedded.api("offered", "call-1", to_number="+14155550102")
    wide.get_by_role("button", name="Accept").click(timeout=PATIENCE)
    wide.get_by_role("button", name="End call").click()
    wide.get_by_label("Notes").fill("Written while Zendesk was away.")
    wide.get_by_role("button", name="Complete").click()
    expect(wide.get_by_text("You are ready.")).to_be_visible(timeout=PATIENCE)
    row = wide.locator(".row").first
    expect(row.get_by_text("Saved, will post later")).to_be_visible(timeout=PATIENCE)

    embedded.sim("/zendesk/_faults", method="DELETE")
    expect(row.get_by_text("Posted")).to_be_visible(timeout=60_000)
    expect(row.get_by_text("Saved, will post later")).to_have_count(0)
    board = embedded.sim("/zendesk/_board")
    [ticket] = [row for row in board["tickets"] if row["external_id"]]
    written = [comment["body"] for comment in board["comments"][str(ticket["id"])]]
    assert sum("Written while Zendesk was away." in body for body in written) == 1
