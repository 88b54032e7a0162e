"""The desktop inside the simulated browser user interface of Oracle B2C Service."""

import pytest
from playwright.sync_api import Frame, Page, expect

from .conftest import Desk, Open
from .story import frame_at, go_ready, log_in, simulate_call
from .test_browser import ringing

pytestmark = pytest.mark.browser
ROOM = {"width": 1300, "height": 900}


def in_the_pane(page: Page, desk: Desk) -> Frame:
    page.goto(f"{desk.simulator}/oracle_service_cloud/AgentWeb/")
    return frame_at(page, "page=Oracle.jsp")


def test_a_record_opens_in_the_workspace_when_it_rings_and_the_call_is_handled_in_the_pane(
    desk: Desk, open_page: Open
) -> None:
    page = open_page(viewport=ROOM)
    frame = in_the_pane(page, desk)
    log_in(frame)
    go_ready(frame)
    desk.tell("interaction", **ringing())
    pop = {"interaction": ringing()["id"], "title": "Beth Anglin", "url": f"{desk.simulator}/x"}
    desk.tell("screen_pop", **pop, entity="Contact", query="2", relativeUrl="")
    expect(page.frame_locator("#workspace").get_by_role("heading", name="Beth Anglin")).to_be_visible()
    expect(page.locator("#tabs")).to_contain_text("Beth Anglin")
    desk.tell("interaction", **{**ringing(), "state": "completed"})
    simulate_call(frame)
    frame.get_by_role("button", name="Accept").click()
    expect(frame.get_by_text("On the call")).to_be_visible()
    expect(frame.get_by_text("Activity history is off.")).to_have_count(0)
    page.get_by_role("button", name="Close tab").click()
    expect(page.locator("#tabs")).not_to_contain_text("Beth Anglin")
    frame.get_by_role("button", name="End call").click()


def test_the_inspector_tells_what_was_asked_and_a_site_that_does_not_answer_is_explained(
    desk: Desk, open_page: Open
) -> None:
    page = open_page(viewport=ROOM)
    frame = in_the_pane(page, desk)
    page.get_by_role("button", name="Answer nothing").click()
    log_in(frame)
    frame.get_by_text("The page around the desktop is not connected.").click(timeout=15_000)
    expect(frame.get_by_text("Oracle did not answer")).to_be_visible()
    page.locator("#inspector-button").click()
    expect(page.locator('#inspector li[data-event="hello"]').first).to_be_visible()
    page.get_by_role("button", name="Answer nothing").click()
    frame.evaluate("location.reload()")
    expect(page.locator('#inspector li[data-event="here"]').first).to_be_visible()
    expect(frame.get_by_text("The page around the desktop is not connected.")).to_have_count(0)


def test_refused_cookies_and_microphone_show_what_they_do_and_can_be_granted_again(desk: Desk, open_page: Open) -> None:
    page = open_page(viewport=ROOM)
    in_the_pane(page, desk)
    pane = page.frame_locator("#pane")
    page.get_by_role("button", name="Block cookies").click()
    expect(pane.get_by_text("Your browser keeps our cookie away here")).to_be_visible()
    page.get_by_role("button", name="Block cookies").click()
    expect(pane.get_by_label("User name")).to_be_visible()
    page.get_by_role("button", name="Deny microphone").click()
    expect(pane.get_by_label("User name")).to_be_visible()
    assert pane.locator("body").evaluate("() => document.featurePolicy.allowsFeature('microphone')") is False
    page.get_by_role("button", name="Deny microphone").click()
    expect(pane.get_by_label("User name")).to_be_visible()
    assert pane.locator("body").evaluate("() => document.featurePolicy.allowsFeature('microphone')") is True
