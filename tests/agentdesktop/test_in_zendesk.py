"""The desktop inside the simulated Zendesk: the whole way of a call, what a browser may refuse, and signing on."""

import json
import urllib.request

import pytest
from playwright.sync_api import Frame, Page, expect

from .conftest import Desk, Open
from .story import frame_at, go_ready, log_in, simulate_call
from .test_browser import ringing
from .test_embedding import Site

pytestmark = pytest.mark.browser
ROOM = {"width": 1200, "height": 900}
DON = 5009  # the first customer of the simulated help desk
TICKET = 1001  # his


@pytest.fixture(autouse=True)
def as_installed(desk: Desk) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{desk.simulator}/zendesk/_reset", method="POST"), timeout=10)


def settings(desk: Desk, **changes: object) -> None:
    address = f"{desk.simulator}/zendesk/_settings"
    urllib.request.urlopen(urllib.request.Request(address, json.dumps(changes).encode(), method="PUT"), timeout=10)


def workspace(page: Page, desk: Desk) -> Frame:
    """The agent workspace with the app's pane open."""
    page.goto(f"{desk.simulator}/zendesk/agent/dashboard")
    page.locator("#app-button").click()
    return frame_at(page, "page=Zendesk.jsp")


def logged_in(page: Page, desk: Desk) -> Frame:
    frame = workspace(page, desk)
    log_in(frame)
    expect(page.locator("#app-button")).to_have_attribute("data-symbol", "away")
    return frame


def inspected(page: Page, name: str) -> list[str]:
    return page.locator(f'#inspector li[data-event="{name}"] code').all_inner_texts()


def test_before_the_pane_is_opened_the_background_page_has_it_loaded(desk: Desk, open_page: Open) -> None:
    page = open_page(f"{desk.simulator}/zendesk/agent/dashboard", viewport=ROOM)
    frame = frame_at(page, "page=Zendesk.jsp")
    expect(page.locator("#pane")).to_be_hidden()
    assert frame.get_by_label("User name").count() == 1
    assert frame_at(page, "ZendeskBackground.jsp")


def test_a_call_opens_the_pane_and_the_record_and_the_end_of_its_work_closes_the_pane(
    desk: Desk, open_page: Open
) -> None:
    page = open_page(viewport=ROOM)
    frame = logged_in(page, desk)
    go_ready(frame)
    expect(page.locator("#app-button")).to_have_attribute("data-symbol", "ready")
    page.locator("#app-button").click()
    expect(page.locator("#pane")).to_be_hidden()
    desk.tell("interaction", **ringing())
    expect(page.locator("#pane")).to_be_visible()
    expect(page.locator("#toasts")).to_contain_text("Incoming call")
    path = f"agent/users/{DON}"
    pop = {"interaction": ringing()["id"], "title": "Don Goodliffe", "url": f"{desk.simulator}/zendesk/{path}"}
    desk.tell("screen_pop", **pop, account="another help desk", entity="user", query="5010", relativeUrl="")
    expect(frame.get_by_role("link", name="Open record").first).to_be_visible()
    desk.tell("screen_pop", **{**pop, "url": f"{pop['url']}?"}, entity="user", query=str(DON), relativeUrl=path)
    record = page.frame_locator("#record")
    expect(record.get_by_role("heading", name="Don Goodliffe")).to_be_visible()
    expect(frame.get_by_role("button", name="Open again")).to_be_visible()
    desk.tell("interaction", **{**ringing(), "state": "completed"})
    expect(page.locator("#pane")).to_be_hidden()


def test_what_the_agent_opened_stays_open_after_a_call(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    frame = logged_in(page, desk)
    go_ready(frame)
    simulate_call(frame)
    frame.get_by_role("button", name="Accept").click()
    expect(frame.get_by_text("On the call")).to_be_visible()
    frame.get_by_role("button", name="End call").click()
    frame.get_by_role("button", name="Complete").click()
    expect(frame.get_by_role("heading", name="You are ready.")).to_be_visible()
    expect(page.locator("#pane")).to_be_visible()


def test_a_number_that_is_clicked_in_a_ticket_is_dialled_once_and_the_call_belongs_to_the_ticket(
    desk: Desk, open_page: Open
) -> None:
    page = open_page(viewport=ROOM)
    frame = logged_in(page, desk)
    page.locator("#app-button").click()
    page.locator("#call").click()
    expect(page.locator("#pane")).to_be_visible()
    expect(frame.locator(".card")).to_contain_text("+1 415-555-0132")
    link = frame.get_by_role("link", name="Open record").or_(frame.get_by_role("button", name="Open again"))
    expect(link.first).to_be_visible()
    overview = frame.evaluate("fetch('/agentdesktop/overview').then((answer) => answer.json())")
    assert [each["direction"] for each in overview["interactions"]] == ["outbound"]
    assert f"/zendesk/agent/tickets/{TICKET}" in json.dumps(overview["interactions"])
    frame.get_by_role("button", name="End call").click()


def test_a_click_before_the_log_in_waits_for_it(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    page.goto(f"{desk.simulator}/zendesk/agent/dashboard")
    frame = frame_at(page, "page=Zendesk.jsp")
    expect(page.frame_locator("#record").get_by_role("button", name="Call")).to_be_visible()
    page.frame_locator("#record").get_by_role("button", name="Call").click()
    expect(page.locator("#pane")).to_be_visible()
    log_in(frame)
    expect(frame.locator(".card")).to_contain_text("+1 415-555-0132")
    frame.get_by_role("button", name="End call").click()


def test_a_workspace_that_does_not_answer_is_explained_until_it_does(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    frame = workspace(page, desk)
    page.locator("#silence").click()
    log_in(frame)
    frame.get_by_text("The page around the desktop is not connected.").click(timeout=15_000)
    expect(frame.get_by_text(f"Zendesk at {desk.simulator} did not answer")).to_be_visible()
    go_ready(frame)
    page.locator("#silence").click()
    frame.evaluate("location.reload()")
    expect(page.locator("#app-button")).to_have_attribute("data-symbol", "ready")
    expect(frame.get_by_text("The page around the desktop is not connected.")).to_have_count(0)


def test_a_desktop_that_zendesk_did_not_open_as_an_app_says_so_and_works(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    frame = workspace(page, desk)
    log_in(frame)
    frame.goto(f"{desk.url}/agentdesktop/Zendesk.jsp?topDomain={desk.simulator}")
    frame.get_by_text("The page around the desktop is not connected.").click()
    expect(frame.get_by_text("Zendesk did not open this page as an app")).to_be_visible()
    go_ready(frame)


def test_a_foreign_page_cannot_hold_the_app(desk: Desk, open_page: Open) -> None:
    address = f"{desk.url}/agentdesktop/Zendesk.jsp?app_guid=1&origin="
    with Site(lambda origin: address + origin) as site:
        page = open_page(site.origin, viewport=ROOM)
        frame = frame_at(page, "/agentdesktop/")
        expect(frame.get_by_text(f"This desktop is not set up for {site.origin}.")).to_be_visible()
        expect(frame.get_by_text(f"add a Zendesk account with the URL {site.origin}")).to_be_visible()
    with Site(lambda _origin: address + desk.simulator) as site:
        page = open_page(site.origin, viewport=ROOM)
        frame_at(page, "chrome-error:")


def test_without_cookies_the_log_in_page_offers_a_window_and_with_them_it_works_again(
    desk: Desk, open_page: Open
) -> None:
    page = open_page(viewport=ROOM)
    workspace(page, desk)
    page.get_by_role("button", name="Block cookies").click()
    blocked = page.frame_locator("#pane iframe")
    expect(blocked.get_by_text("Your browser keeps our cookie away here")).to_be_visible()
    link = blocked.get_by_role("link", name="Open in its own window").first
    assert "Zendesk.jsp" in (link.get_attribute("href") or "")
    page.get_by_role("button", name="Block cookies").click()
    expect(page.frame_locator("#pane iframe").get_by_label("User name")).to_be_visible()
    log_in(frame_at(page, "page=Zendesk.jsp"))


def test_without_a_microphone_the_frame_may_not_ask_for_one(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    workspace(page, desk)
    page.get_by_role("button", name="Deny microphone").click()
    page.wait_for_timeout(500)
    frame = frame_at(page, "page=Zendesk.jsp")
    assert frame.evaluate("document.featurePolicy.allowsFeature('microphone')") is False
    page.get_by_role("button", name="Deny microphone").click()
    page.wait_for_timeout(500)
    frame = frame_at(page, "page=Zendesk.jsp")
    assert frame.evaluate("document.featurePolicy.allowsFeature('microphone')") is True
    log_in(frame)


# -- signing on


def test_an_agent_who_comes_from_zendesk_logs_in_here_and_is_signed_on_there(desk: Desk, open_page: Open) -> None:
    settings(desk, jwt_sign_on=True)
    page = open_page(f"{desk.simulator}/zendesk/agent/dashboard", viewport=ROOM)
    expect(page.get_by_text("Log in here, and Zendesk lets you in.")).to_be_visible()
    page.get_by_label("User name").fill("agent2")
    page.get_by_label("Password").fill("agent2")
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#person option[selected]")).to_contain_text("agent2@example.com")
    assert page.url == f"{desk.simulator}/zendesk/agent/dashboard"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are logged out of the Agent Desktop too.")).to_be_visible()
    page.goto(f"{desk.simulator}/zendesk/agent/dashboard")
    expect(page.get_by_label("User name")).to_be_visible()


def test_zendesks_refusal_is_shown_in_its_own_words_until_the_secret_is_right(desk: Desk, open_page: Open) -> None:
    settings(desk, jwt_sign_on=True, shared_secret="another")
    page = open_page(f"{desk.simulator}/zendesk/agent/dashboard", viewport=ROOM)
    page.get_by_label("User name").fill("agent2")
    page.get_by_label("Password").fill("agent2")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Zendesk says: Invalid JWT: signature verification failed")).to_be_visible()
    settings(desk, shared_secret="demo-zendesk-shared-secret")
    page.goto(f"{desk.simulator}/zendesk/agent/dashboard")
    expect(page.locator("#person option[selected]")).to_contain_text("agent2@example.com")
