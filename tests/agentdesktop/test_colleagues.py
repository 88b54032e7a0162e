"""Two agents in two browsers: a call is handed on with its notes, and they write to each other."""

import pytest
from playwright.sync_api import Page, expect

from .conftest import Desk, Open
from .story import go_ready, log_in, simulate_call

pytestmark = pytest.mark.browser


@pytest.fixture
def ana(desk: Desk, open_page: Open) -> Page:
    return enter(desk, open_page, "agent1")


@pytest.fixture
def ben(desk: Desk, open_page: Open) -> Page:
    return enter(desk, open_page, "agent2")


def enter(desk: Desk, open_page: Open, name: str) -> Page:
    page = open_page(f"{desk.url}/agentdesktop/")
    log_in(page, name)
    go_ready(page)
    return page


def call_at(page: Page) -> None:
    simulate_call(page)
    page.keyboard.press("Alt+a")
    expect(page.get_by_text("On the call")).to_be_visible()


def test_a_call_is_transferred_by_keyboard_with_what_was_typed_a_moment_ago(ana: Page, ben: Page) -> None:
    call_at(ana)
    ana.get_by_label("Notes").fill("Order 7 is late.")
    ana.keyboard.press("Alt+t")
    expect(ana.get_by_label("Transfer to", exact=True)).to_be_focused()
    ana.keyboard.type("ben")
    expect(ana.locator(".transfer-choices li")).to_have_count(1)
    ana.get_by_role("button", name="Transfer to Ben Carter").press("Enter")
    expect(ana.get_by_role("heading", name="You are ready.")).to_be_visible()
    expect(ana.locator("#banners")).to_contain_text("Transferred to Ben Carter.")
    expect(ben.get_by_text("Transferred by Ana Lopez.")).to_be_visible()
    expect(ben.locator("blockquote")).to_have_text("Order 7 is late.")
    ben.keyboard.press("Alt+a")
    expect(ben.get_by_label("Notes")).to_have_value("Order 7 is late.")


def test_who_is_not_ready_cannot_be_chosen_and_a_late_refusal_stands_at_the_field(
    desk: Desk, ana: Page, ben: Page
) -> None:
    call_at(ana)
    ana.keyboard.press("Alt+t")
    to_ben = ana.get_by_role("button", name="Transfer to Ben Carter")
    expect(to_ben).to_be_enabled()
    call_at(ben)
    to_ben.click()
    expect(ana.locator(".transfer [role=alert]")).to_contain_text("Ben Carter is not ready now (Busy).")
    expect(ana.get_by_text("On the call")).to_be_visible()
    ana.keyboard.press("Alt+t")
    ana.keyboard.press("Alt+t")
    expect(to_ben).to_be_disabled()
    ana.keyboard.press("Escape")
    expect(ana.locator(".transfer")).to_be_hidden()


def test_an_outbound_call_that_is_handed_on_rings_at_the_colleague(desk: Desk, ana: Page, ben: Page) -> None:
    ana.keyboard.press("Alt+d")
    ana.get_by_label("Number", exact=True).fill("+1 415 555 0177")
    ana.get_by_role("button", name="Call", exact=True).click()
    expect(ana.get_by_text("Calling")).to_be_visible()
    desk.control("pick_up", agent="agent1")
    expect(ana.get_by_text("On the call")).to_be_visible()
    ana.keyboard.press("Alt+t")
    ana.get_by_role("button", name="Transfer to Ben Carter").click()
    expect(ben.get_by_text("Incoming call", exact=True)).to_be_visible()
    expect(ben.locator("#say-now")).to_contain_text("Incoming call from")


def test_two_colleagues_write_to_each_other(ana: Page, ben: Page) -> None:
    ana.get_by_role("button", name="Directory").click()
    ana.get_by_role("button", name="Write to Ben Carter").click()
    expect(ana.get_by_label("Your message")).to_be_focused()
    ana.keyboard.type("Can you take over?")
    ana.keyboard.press("Enter")
    expect(ana.get_by_role("log")).to_contain_text("Can you take over?")
    expect(ana.get_by_label("Your message")).to_have_value("")
    banner = ben.locator(".banner").filter(has_text="Ana Lopez")
    expect(banner).to_contain_text("Can you take over?")
    banner.get_by_role("button", name="Answer").click()
    expect(banner).to_be_hidden()
    ben.get_by_label("Your message").fill("Gladly.")
    ben.get_by_role("button", name="Send").click()
    expect(ana.get_by_role("log")).to_contain_text("Gladly.")
    expect(ana.locator(".banner").filter(has_text="Gladly.")).to_be_hidden()


def test_a_message_that_is_not_before_the_eyes_stays_until_it_is_read(ana: Page, ben: Page) -> None:
    ana.get_by_role("button", name="Directory").click()
    ana.get_by_role("button", name="Write to Ben Carter").click()
    ana.get_by_role("button", name="Calls").click()
    ben.get_by_role("button", name="Directory").click()
    ben.get_by_role("button", name="Write to Ana Lopez").click()
    ben.get_by_label("Your message").fill("Lunch?")
    ben.keyboard.press("Enter")
    expect(ana.locator(".banner").filter(has_text="Lunch?")).to_be_visible()


# -- what is typed, and a line that breaks


def test_notes_typed_in_the_moment_before_a_reload_are_there_after_it(ana: Page) -> None:
    call_at(ana)
    ana.get_by_label("Notes").fill("Call back on Monday.")
    ana.reload()
    expect(ana.get_by_label("Notes")).to_have_value("Call back on Monday.")


def test_a_complaint_about_the_line_goes_when_the_line_is_back(ana: Page) -> None:
    call_at(ana)
    ana.context.set_offline(True)
    ana.get_by_role("button", name="Hold").click()
    complaint = ana.locator(".banner").filter(has_text="The server did not answer.")
    expect(complaint).to_be_visible()
    ana.context.set_offline(False)
    expect(complaint).to_be_hidden(timeout=20_000)
    expect(ana.get_by_text("On the call")).to_be_visible()
