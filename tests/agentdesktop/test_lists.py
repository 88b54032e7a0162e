"""The tab with calling lists: the next person, the call, and the outcome, in a real browser."""

import pytest
from playwright.sync_api import expect

from .conftest import Desk, Open
from .story import go_ready, log_in, pixels_beyond

pytestmark = pytest.mark.browser


def test_an_agent_takes_the_next_person_calls_and_gets_the_outcome_written(desk: Desk, open_page: Open) -> None:
    desk.control("calling_list", people=["Ann Lee"])
    page = open_page(f"{desk.url}/agentdesktop/")
    log_in(page)
    go_ready(page)
    page.get_by_role("button", name="Lists").click()
    page.get_by_role("button", name="Next on Renewals").click()
    expect(page.get_by_role("heading", name="Ann Lee")).to_be_visible()
    expect(page.get_by_text("Rome <b>")).to_be_visible()
    page.get_by_role("button", name="Call", exact=True).click()
    page.get_by_role("button", name="End call").click()  # rings out
    expect(page.get_by_role("heading", name="You are ready.")).to_be_visible()
    page.get_by_role("button", name="Lists").click()
    expect(page.get_by_text("1 person left")).to_be_visible()
    assert desk.control("list_rows")["rows"] == [["Ann Lee", "to_call", 1]]


def test_not_now_gives_the_person_back_and_a_refusal_is_told_beside_the_list(desk: Desk, open_page: Open) -> None:
    desk.control("calling_list", people=["Ann Lee"])
    page = open_page(f"{desk.url}/agentdesktop/", viewport={"width": 300, "height": 750})
    log_in(page)
    page.get_by_role("button", name="Lists").click()
    page.get_by_role("button", name="Next on Renewals").click()
    expect(page.get_by_role("heading", name="Ann Lee")).to_be_visible()
    assert pixels_beyond(page) == []
    page.get_by_role("button", name="Not now").click()
    page.get_by_role("button", name="Next on Renewals").click()
    expect(page.locator(".lists .error")).to_contain_text("Nobody is to be called just now")
    assert desk.control("list_rows")["rows"] == [["Ann Lee", "to_call", 0]]


def test_who_has_no_list_sees_no_tab(desk: Desk, open_page: Open) -> None:
    desk.control("calling_list", people=[])
    page = open_page(f"{desk.url}/agentdesktop/")
    log_in(page)
    expect(page.get_by_role("button", name="Lists")).to_have_count(0)
