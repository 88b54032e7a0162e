"""The desktop inside another site's page, in a browser that keeps third-party cookies away and in one that does not."""

import json
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from .conftest import Desk, Open
from .story import frame_at, go_ready, log_in, pixels_beyond, simulate_call

pytestmark = pytest.mark.browser
ROOM = {"width": 1200, "height": 900}


@pytest.fixture(autouse=True)
def as_installed(desk: Desk) -> None:
    change_settings(desk, openframe_width=300, openframe_height=750, whitelist=desk.url)


def open_panel(page: Page, desk: Desk) -> None:
    page.goto(f"{desk.simulator}/servicenow/")
    page.locator("#openframe-button").click()


def test_log_in_and_a_call_in_the_frame_with_third_party_cookies_blocked(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    open_panel(page, desk)
    frame = frame_at(page, "/agentdesktop/")
    expect(frame.get_by_text("Simulated")).to_be_visible()
    log_in(frame)
    cookies = page.context.cookies(f"{desk.url}/agentdesktop/")
    assert [cookie["name"] for cookie in cookies] == ["desktop_session"]
    go_ready(frame)
    simulate_call(frame)
    frame.get_by_role("button", name="Accept").click()
    expect(frame.get_by_text("On the call")).to_be_visible()
    frame.get_by_role("button", name="End call").click()
    frame.get_by_role("button", name="Complete").click()
    expect(frame.get_by_text("Activity history is off.")).to_have_count(0)


def test_log_in_and_a_call_in_the_frame_with_third_party_cookies_allowed(
    desk: Desk, permissive: BrowserContext, open_page: Open
) -> None:
    page = open_page(context=permissive)
    open_panel(page, desk)
    frame = frame_at(page, "/agentdesktop/")
    log_in(frame)
    go_ready(frame)
    simulate_call(frame)
    frame.get_by_role("button", name="Accept").click()
    expect(frame.get_by_text("On the call")).to_be_visible()


def test_servicenow_shows_the_state_and_opens_hidden_frame_and_record_when_it_rings(
    desk: Desk, open_page: Open
) -> None:
    page = open_page(viewport=ROOM)
    open_panel(page, desk)
    frame = frame_at(page, "/agentdesktop/")
    log_in(frame)
    go_ready(frame)
    expect(page.locator("#openframe [data-part=subtitle]")).to_have_text("Ready")
    page.locator("#openframe [data-part=hide]").click()
    desk.tell("interaction", **interaction())
    expect(page.locator("#openframe")).to_be_visible()
    pop = {"interaction": interaction()["id"], "title": "Don Goodliffe", "url": f"{desk.simulator}/servicenow/x"}
    desk.tell("screen_pop", **pop, entity="customer_contact", query="sys_id=-1", relativeUrl="")
    frame_at(page, "customer_contact.do")
    expect(frame.get_by_role("button", name="Open again")).to_be_visible()


def test_of_two_tabs_of_servicenow_one_opens_the_record(desk: Desk, open_page: Open) -> None:
    first = open_page(viewport=ROOM)
    open_panel(first, desk)
    log_in(frame_at(first, "/agentdesktop/"))
    second = open_page(context=first.context)
    open_panel(second, desk)
    expect(frame_at(second, "/agentdesktop/").get_by_text("Another tab rings and opens records.")).to_be_visible()
    desk.tell("interaction", **interaction())
    pop = {"interaction": interaction()["id"], "title": "Don Goodliffe", "url": f"{desk.simulator}/servicenow/x"}
    desk.tell("screen_pop", **pop, entity="customer_contact", query="sys_id=-1", relativeUrl="")
    frame_at(first, "customer_contact.do")
    expect(frame_at(second, "/agentdesktop/").get_by_role("button", name="Open record")).to_be_visible()
    assert not [frame for frame in second.frames if "customer_contact.do" in frame.url]
    first.close()
    expect(frame_at(second, "/agentdesktop/").get_by_text("Another tab rings")).to_have_count(0)
    frame_at(second, "customer_contact.do")


def interaction() -> dict:
    from .test_browser import ringing

    return ringing()


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "OUTGOING_CALL", "data": {"metaData": {"phoneNumber": "+14155550177"}, "data": []}},
        {"context": {"phone_number": "+14155550177"}},
    ],
)
def test_a_number_clicked_in_servicenow_is_dialled(desk: Desk, open_page: Open, payload: dict) -> None:
    page = open_page(viewport=ROOM)
    open_panel(page, desk)
    frame = frame_at(page, "/agentdesktop/")
    log_in(frame)
    expect(page.locator("#openframe [data-part=subtitle]")).to_have_text("Not ready")
    send(page, {"type": "OUTGOING_CALL", "data": {"metaData": {"phoneNumber": ["no", "text"]}}})
    send(page, {"type": "SOMETHING_ELSE"})
    send(page, payload)
    expect(frame.locator(".card")).to_contain_text("+1 415-555-0177")
    frame.get_by_role("button", name="End call").click()


def test_a_presence_that_changes_in_servicenow_is_reported_and_its_content_is_not(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    open_panel(page, desk)
    log_in(frame_at(page, "/agentdesktop/"))
    expect(page.locator("#openframe [data-part=subtitle]")).to_have_text("Not ready")
    with page.expect_response("**/commands/presence_changed") as told:
        send(page, {"name": "Available", "sys_id": "1"}, event="openframe_awa_agent_presence")
    assert told.value.ok and "Available" not in str(told.value.request.post_data)


def send(page: Page, payload: dict, *, event: str = "openframe_communication") -> None:
    """By the inspector of the simulator's page."""
    button = page.locator("#inspector-button")
    if button.get_attribute("aria-expanded") != "true":
        button.click()
        page.get_by_text("Send an event to the frame").click()
    page.locator("#event-name").select_option(event)
    page.locator("#event-args").fill(json.dumps(payload))
    page.locator("#send-event button").click()


def test_a_servicenow_that_does_not_answer_is_explained_until_the_property_is_right(
    desk: Desk, open_page: Open
) -> None:
    change_settings(desk, whitelist="https://somebody.else.example")
    page = open_page(viewport=ROOM)
    open_panel(page, desk)
    frame = frame_at(page, "/agentdesktop/")
    log_in(frame)
    frame.get_by_text("The page around the desktop is not connected.").click(timeout=15_000)
    expect(frame.get_by_text("onmessage_enforce_same_origin_whitelist")).to_be_visible()
    expect(frame.get_by_text(desk.url)).to_be_visible()
    go_ready(frame)
    change_settings(desk, whitelist=desk.url)
    open_panel(page, desk)
    frame = frame_at(page, "/agentdesktop/")
    expect(page.locator("#openframe [data-part=subtitle]")).to_have_text("Ready")
    expect(frame.get_by_text("The page around the desktop is not connected.")).to_have_count(0)


def test_in_the_low_frame_of_the_default_size_everything_is_reached_and_it_can_be_made_taller(
    desk: Desk, open_page: Open
) -> None:
    change_settings(desk, openframe_width=373, openframe_height=300)
    page = open_page(viewport={"width": 1200, "height": 1200})
    open_panel(page, desk)
    frame = frame_at(page, "/agentdesktop/")
    log_in(frame)
    go_ready(frame)
    simulate_call(frame)
    assert pixels_beyond(frame) == []
    frame.get_by_role("button", name="Reject").click()
    frame.get_by_role("button", name="Make it taller").click()
    expect(frame.get_by_text("This frame is small.")).to_be_hidden()
    assert frame.evaluate("innerHeight") > 600


def change_settings(desk: Desk, **settings: str | int) -> None:
    address = f"{desk.simulator}/servicenow/_settings"
    request = urllib.request.Request(address, json.dumps(settings).encode(), method="PUT")
    urllib.request.urlopen(request, timeout=10).close()


class Site:
    """A web site on an origin of its own whose only page holds a frame."""

    def __init__(self, make_frame: Callable[[str], str]) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = (
                    f'<!doctype html><title>Site</title><iframe title="Phone" src="{make_frame(site.origin)}"></iframe>'
                )
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self.server.server_port}"

    def __enter__(self) -> "Site":
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def test_a_foreign_page_is_refused_in_words_inside_its_frame(desk: Desk, open_page: Open) -> None:
    address = f"{desk.url}/agentdesktop/ServiceNow.jsp?topDomain="
    with Site(lambda origin: address + origin) as site:
        page = open_page(site.origin, viewport=ROOM)
        frame = frame_at(page, "/agentdesktop/")
        expect(frame.get_by_text(f"This desktop is not set up for {site.origin}.")).to_be_visible()
        expect(frame.get_by_text(f"add a ServiceNow account with the instance URL {site.origin}")).to_be_visible()


def test_a_page_of_another_origin_cannot_hold_the_desktop_of_an_account(desk: Desk, open_page: Open) -> None:
    for address in (desk.embedded, f"{desk.url}/agentdesktop/"):
        with Site(lambda _origin, address=address: address) as site:
            page = open_page(site.origin, viewport=ROOM)
            frame = frame_at(page, "chrome-error:")
            assert frame.get_by_label("User name").count() == 0


def test_a_browser_that_drops_the_cookie_is_told_and_offered_a_window(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    page.route("**/login/cookie", lambda route: route.fulfill(json={"cookie": False}))
    page.goto(f"{desk.url}/agentdesktop/login/?page=ServiceNow.jsp&topDomain={desk.simulator}")
    expect(page.get_by_text("Your browser keeps our cookie away here")).to_be_visible()
    link = page.get_by_role("link", name="Open in its own window")
    assert (link.get_attribute("href") or "").startswith("/agentdesktop/ServiceNow.jsp?topDomain=")
    expect(page.get_by_label("User name")).to_be_hidden()
    page.unroute("**/login/cookie")
    page.reload()
    log_in(page)
