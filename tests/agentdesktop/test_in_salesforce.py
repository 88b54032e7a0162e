"""The desktop inside the simulated Salesforce, in Lightning and in Classic, in a real browser on two sites."""

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

from .conftest import Desk, Open
from .story import frame_at, go_ready, log_in

pytestmark = pytest.mark.browser
ROOM = {"width": 1300, "height": 900}
PAGES = {"lightning": "lightning/page/home", "classic": "home/home.jsp"}
DON = "003Dm0000000001IAA"


@pytest.fixture(autouse=True)
def account(desk: Desk) -> Iterator[None]:
    desk.control("add_salesforce")
    urllib.request.urlopen(urllib.request.Request(f"{desk.simulator}/salesforce/_reset", method="POST"), timeout=10)
    yield
    desk.control("remove_salesforce")


def open_softphone(page: Page, desk: Desk, mode: str, query: str = "") -> Frame:
    page.goto(f"{desk.simulator}/salesforce/{PAGES[mode]}{query}")
    return frame_at(page, "/agentdesktop/")


def settings(desk: Desk, **changes: str) -> None:
    address = f"{desk.simulator}/salesforce/_settings"
    urllib.request.urlopen(urllib.request.Request(address, json.dumps(changes).encode(), method="PUT"), timeout=10)


def ring(desk: Desk, **pop: Any) -> None:
    from .test_browser import ringing

    told = ringing()
    desk.tell("interaction", **told)
    path = pop.get("relativeUrl", "")
    desk.tell("screen_pop", **{
        "interaction": told["id"], "title": "Don", "url": desk.simulator + path, "entity": "", "query": "", **pop,
    })  # fmt: skip


@pytest.mark.parametrize("mode", PAGES)
def test_the_record_opens_and_a_clicked_number_is_dialled_from_it(desk: Desk, open_page: Open, mode: str) -> None:
    page = open_page(viewport=ROOM)
    frame = open_softphone(page, desk, mode)
    log_in(frame)
    expect(frame.get_by_text("The page around the desktop is not connected.")).to_have_count(0)
    go_ready(frame)
    ring(desk, entity="Contact", query=DON, relativeUrl=f"/lightning/r/Contact/{DON}/view")
    frame_at(page, f"/lightning/r/Contact/{DON}/view")
    expect(frame.get_by_role("button", name="Open again")).to_be_visible()
    desk.control("log_out", agent="agent1")
    frame = open_softphone(page, desk, mode, f"?record={DON}")
    log_in(frame)
    page.wait_for_timeout(800)
    page.frame_locator("#main-frame").get_by_role("button", name="(415) 555-0132").click()
    expect(frame.get_by_text("You dialled from Don Goodliffe in Salesforce demo.")).to_be_visible()
    frame.get_by_role("button", name="End call").click()


def test_lightning_shows_the_state_and_opens_the_panel_when_it_rings(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    frame = open_softphone(page, desk, "lightning")
    log_in(frame)
    go_ready(frame)
    expect(page.locator("#panel-label")).to_have_text("Ready")
    expect(page.locator("#utility-item")).to_contain_text("Ready")
    page.locator("#utility-item").click()
    expect(page.locator("#softphone")).to_be_hidden()
    ring(desk, entity="Contact", query=DON, relativeUrl=f"/lightning/r/Contact/{DON}/view")
    expect(page.locator("#softphone")).to_be_visible()


@pytest.mark.parametrize(("mode", "part"), [("lightning", "defaultFieldValues="), ("classic", "cas14=From")])
def test_an_unknown_caller_gets_a_new_record_filled(desk: Desk, open_page: Open, mode: str, part: str) -> None:
    page = open_page(viewport=ROOM)
    frame = open_softphone(page, desk, mode)
    log_in(frame)
    go_ready(frame)
    ring(desk, entity="Case", relativeUrl="/lightning/o/Case/new?defaultFieldValues=Subject=From%252C%20me")
    assert part in frame_at(page, "/lightning/o/Case/new").url


@pytest.mark.parametrize("mode", PAGES)
def test_salesforces_layout_decides_where_the_account_leaves_it(desk: Desk, open_page: Open, mode: str) -> None:
    settings(desk, layout_no_match="Lead")
    page = open_page(viewport=ROOM)
    frame = open_softphone(page, desk, mode)
    log_in(frame)
    go_ready(frame)
    ring(desk, entity="Case", relativeUrl="/lightning/o/Case/new", search="4155559876")
    frame_at(page, "/lightning/o/Lead/new")


def test_a_record_of_another_system_is_offered_as_a_link(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    frame = open_softphone(page, desk, "lightning")
    log_in(frame)
    go_ready(frame)
    ring(desk, entity="customer_contact", query="sys_id=1", url=f"{desk.simulator}/servicenow/x")
    expect(frame.get_by_text("Open record")).to_be_visible()
    assert not [each for each in page.frames if "customer_contact" in each.url]


def test_without_cookies_the_log_in_page_says_so_and_offers_a_window(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    open_softphone(page, desk, "lightning")
    page.get_by_role("button", name="Block cookies").click()
    blocked = page.frame_locator("#softphone-frame")
    expect(blocked.get_by_text("Your browser keeps our cookie away here")).to_be_visible()
    expect(blocked.get_by_role("link", name="Open in its own window")).to_be_visible()
    expect(blocked.get_by_label("User name")).to_be_hidden()
    page.get_by_role("button", name="Block cookies").click()
    expect(page.frame_locator("#softphone-frame").get_by_label("User name")).to_be_visible()


def test_a_denied_microphone_is_told_until_it_is_given(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    log_in(open_softphone(page, desk, "lightning"))
    phone = page.frame_locator("#softphone-frame")
    words = phone.get_by_text("does not hand on the microphone")
    expect(words).to_have_count(0)
    page.get_by_role("button", name="Deny microphone").click()
    expect(words).to_be_visible()
    expect(phone.get_by_role("link", name="Open in its own window")).to_be_visible()
    page.get_by_role("button", name="Deny microphone").click()
    expect(words).to_have_count(0)


def test_a_foreign_top_domain_is_refused_inside_the_frame(desk: Desk, open_page: Open) -> None:
    settings(desk, adapter_url=f"{desk.url}/agentdesktop/Salesforce.jsp?topDomain=https://evil.lightning.force.com")
    page = open_page(viewport=ROOM)
    page.goto(f"{desk.simulator}/salesforce/{PAGES['lightning']}")
    frame = page.frame_locator("#softphone-frame")
    expect(frame.get_by_label("User name")).to_have_count(0)
