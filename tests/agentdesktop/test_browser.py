"""The agent's page in a real browser: a call by keyboard, small frames, two tabs, a cut stream, words and access."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from .conftest import Desk, Open
from .story import go_ready, log_in, pixels_beyond, simulate_call

pytestmark = pytest.mark.browser
FULL = {"width": 300, "height": 750}
LOW = {"width": 373, "height": 300}
WIDE = {"width": 1440, "height": 900}


def enter(desk: Desk, open_page: Open, **options: Any) -> Page:
    page = open_page(f"{desk.url}/agentdesktop/", **options)
    log_in(page)
    return page


# -- one call


def test_a_whole_call_by_keyboard_alone(desk: Desk, open_page: Open) -> None:
    page = open_page(f"{desk.url}/agentdesktop/")
    page.keyboard.type("agent1")
    page.keyboard.press("Tab")
    page.keyboard.type("agent1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are not ready.")).to_be_visible()
    tab_to(page, "Go ready")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="You are ready.")).to_be_visible()
    tab_to(page, "Simulate call")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    expect(page.locator("#say-now")).to_contain_text("Incoming call from")
    page.keyboard.press("Alt+a")
    expect(page.get_by_text("On the call")).to_be_visible()
    page.keyboard.press("Alt+h")
    expect(page.get_by_text("On hold")).to_be_visible()
    expect(page.locator(".held-timer")).to_have_text(re.compile(r"^0:0\d$"))
    page.keyboard.press("Alt+h")
    expect(page.get_by_role("button", name="Hold")).to_be_visible()
    page.keyboard.press("Alt+e")
    expect(page.get_by_role("group", name="How did it end?")).to_be_visible()
    expect(page.get_by_label("Call back")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Resolved")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("Wants a call back on Monday.")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.keyboard.press("Alt+s")
    expect(page.get_by_role("heading", name="You are ready.")).to_be_visible()
    page.get_by_role("button", name="Recents").click()
    expect(page.locator(".rows .row").first).to_contain_text("Resolved")


def tab_to(page: Page, name: str) -> None:
    for _ in range(15):
        if page.evaluate("document.activeElement.textContent").strip().startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{name} cannot be reached with the Tab key")


def test_a_call_that_starts_to_ring_under_a_typing_finger_is_not_accepted(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    go_ready(page)
    field = page.get_by_label("Try it out")
    field.focus()
    page.evaluate("document.querySelector('.simulate').requestSubmit()")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    page.keyboard.press("Alt+a")
    expect(page.get_by_text("On the call")).to_be_visible()


def test_rejecting_and_the_caller_who_hangs_up(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    go_ready(page)
    simulate_call(page)
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("button", name="Reject")).to_be_hidden()
    expect(page.get_by_role("heading", name="You are ready.")).to_be_visible()
    simulate_call(page, "+44 20 7946 0018")
    desk.control("hang_up", agent="agent1")
    expect(page.get_by_role("heading", name="You are ready.")).to_be_visible()


def test_dialling_shows_the_fault_on_its_field_and_then_calls(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    page.keyboard.press("Alt+d")
    expect(page.get_by_label("Number", exact=True)).to_be_focused()
    page.get_by_label("Number", exact=True).fill("hello")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="not a phone number")).to_be_visible()
    page.get_by_label("Number", exact=True).fill("+1 415 555 0177")
    page.get_by_role("button", name="Call", exact=True).click()
    expect(page.locator(".card")).to_contain_text("+1 415-555-0177")
    page.get_by_role("button", name="End call").click()


def test_a_reason_is_chosen_and_a_next_state_waits_for_the_end_of_the_call(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    go_ready(page)
    simulate_call(page)
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Your state:").click()
    page.get_by_role("button", name="Not ready: Lunch").click()
    expect(page.locator(".state-next")).to_have_text("Next: Lunch")
    page.get_by_role("button", name="End call").click()
    page.get_by_role("button", name="Complete").click()
    expect(page.get_by_text("Reason: Lunch.")).to_be_visible()


def test_several_candidates_are_offered_and_an_unknown_caller_is_said(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    people = [{"name": name, "detail": "contact"} for name in ("Don Goodliffe", "Dora Goodliffe")]
    several = {"name": "", "status": "several", "rule": "2 people have this number.", "candidates": people}
    desk.tell("interaction", **ringing(caller=several))
    group = page.get_by_role("group", name="Who is calling?")
    expect(group.get_by_role("button")).to_have_count(2)
    desk.tell("interaction", **ringing(caller={"name": "", "status": "none"}))
    expect(page.get_by_text("No record with this number.")).to_be_visible()
    anonymous = {"number": "Anonymous", "raw": "", "e164": "", "anonymous": True}
    desk.tell("interaction", **ringing(caller={"name": "", "status": "anonymous"}, customer=anonymous))
    expect(page.get_by_role("heading", name="Anonymous caller")).to_be_visible()


def test_why_this_person_is_told_and_somebody_else_can_be_named(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    people = [
        {"name": name, "detail": "", "account": "contacts", "kind": "contact", "id": str(n), "url": ""}
        for n, name in enumerate(("Don Goodliffe", "Dora Goodliffe"))
    ]
    matched = {
        "name": "Don Goodliffe", "status": "matched", "rule": "agent1 chose Don Goodliffe.", "candidates": people,
        "received": "(415) 555-0132", "normalised": "+14155550132", "query": "phoneIN4155550132",
    }  # fmt: skip
    desk.tell("interaction", **ringing(caller=matched))
    page.get_by_text("Why this person?").press("Enter")
    for text in ("(415) 555-0132", "phoneIN4155550132", "Don Goodliffe, Dora Goodliffe"):
        expect(page.locator(".because").get_by_text(text, exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="It is Dora Goodliffe")).to_be_visible()
    expect(page.get_by_role("button", name="It is Don Goodliffe")).to_have_count(0)
    with page.expect_request("**/commands/reject_caller") as sent:
        page.get_by_role("button", name="Not this person").click()
    assert sent.value.post_data_json["interaction"] == ringing()["id"]


def ringing(**changes: Any) -> dict[str, Any]:
    return {
        "id": "11111111-1111-1111-1111-111111111111",
        "state": "ringing",
        "direction": "inbound",
        "mine": True,
        "service": {"code": "support", "name": "Customer Support"},
        "customer": {"number": "+1 415-555-0132", "raw": "+14155550132", "e164": "+14155550132", "anonymous": False},
        "caller": {"name": "Don Goodliffe", "status": "matched", "rule": "Phone number matches."},
        "records": {},
        "offeredAt": "2026-11-20T10:00:00Z",
        "ringUntil": "2026-11-20T10:00:20Z",
        "dispositions": [],
        "controls": ["accept", "reject"],
        **changes,
    }


def test_a_record_is_a_link_where_the_desktop_stands_alone(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    desk.tell("interaction", **ringing())
    record = {"interaction": ringing()["id"], "title": "Don Goodliffe", "url": "https://dev12345.service-now.com/x"}
    desk.tell("screen_pop", **record)
    link = page.get_by_role("link", name="Don Goodliffe")
    expect(link).to_have_attribute("href", "https://dev12345.service-now.com/x")
    expect(link).to_have_attribute("target", "_blank")
    desk.tell("screen_pop", **{**record, "title": "Trap", "url": "javascript:alert(1)"})
    desk.tell("notice", level="info", text="<img src=x onerror=alert(1)> stays text")
    expect(page.get_by_text("<img src=x onerror=alert(1)> stays text").first).to_be_visible()
    expect(page.get_by_role("link", name="Trap")).to_have_count(0)


# -- tabs and the stream


def test_one_of_two_tabs_leads_and_the_other_takes_over_when_asked(desk: Desk, open_page: Open) -> None:
    first = enter(desk, open_page)
    second = open_page(f"{desk.url}/agentdesktop/", context=first.context)
    expect(second.get_by_text("Another tab rings and opens records.")).to_be_visible()
    expect(first.get_by_text("Another tab rings and opens records.")).to_be_hidden()
    go_ready(second)
    expect(first.get_by_role("heading", name="You are ready.")).to_be_visible()
    second.get_by_role("button", name="Use this tab").click()
    expect(first.get_by_text("Another tab rings and opens records.")).to_be_visible()
    second.close()
    expect(first.get_by_text("Another tab rings and opens records.")).to_be_hidden()


def test_a_call_accepted_in_one_tab_is_mirrored_in_the_other(desk: Desk, open_page: Open) -> None:
    first = enter(desk, open_page)
    second = open_page(f"{desk.url}/agentdesktop/", context=first.context)
    go_ready(first)
    simulate_call(first)
    second.get_by_role("button", name="Accept").click()
    for page in (first, second):
        expect(page.get_by_text("On the call")).to_be_visible()
    first.get_by_role("button", name="End call").click()
    expect(second.get_by_role("button", name="Complete")).to_be_visible()


def test_a_cut_stream_is_said_honestly_and_resumed_without_a_gap(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    go_ready(page)
    expect(page.locator(".banner-error")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.get_by_text("This computer is offline.")).to_be_visible()
    for number in range(3):
        desk.tell("notice", level="info", text=f"While you were away {number}")
    page.context.set_offline(False)
    expect(page.get_by_text("Connected again. Nothing was missed.").first).to_be_visible()
    for number in range(3):
        expect(page.locator(".banner", has_text=f"While you were away {number}")).to_have_count(1)


def test_a_server_that_is_away_is_tried_again_until_it_is_back(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    page.route("**/agentdesktop/events*", lambda route: route.abort())
    page.route("**/agentdesktop/overview", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="The desktop could not be loaded")).to_be_visible()
    page.unroute("**/agentdesktop/overview")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Connection lost.")).to_be_visible()
    page.unroute("**/agentdesktop/events*")
    expect(page.get_by_text("Connected again. Nothing was missed.").first).to_be_visible()
    go_ready(page)


def test_a_session_that_ended_goes_to_the_log_in_page_and_back(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    desk.control("end_sessions")
    page.get_by_role("button", name="Go ready").click()
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    log_in(page)


def test_logging_out_ends_every_tab(desk: Desk, open_page: Open) -> None:
    first = enter(desk, open_page)
    second = open_page(f"{desk.url}/agentdesktop/", context=first.context)
    expect(second.get_by_role("heading", name="You are not ready.")).to_be_visible()
    first.get_by_role("button", name="Menu").click()
    first.get_by_role("button", name="Log out").click()
    for page in (first, second):
        expect(page.get_by_label("User name")).to_be_visible()


def test_notes_that_could_not_be_saved_are_saved_when_the_server_is_back(desk: Desk, open_page: Open) -> None:
    page = enter(desk, open_page)
    go_ready(page)
    simulate_call(page)
    page.get_by_role("button", name="Accept").click()
    page.route("**/commands/wrap_up", lambda route: route.abort())
    page.get_by_label("Notes").fill("Kept")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    page.unroute("**/commands/wrap_up")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_label("Notes")).to_have_value("Kept")


# -- sizes, access, words


@pytest.mark.parametrize("size", [FULL, LOW, {"width": 768, "height": 1000}, WIDE], ids=lambda s: f"{s['width']}")
def test_nothing_sticks_out_and_the_next_step_is_in_sight(desk: Desk, open_page: Open, size: dict[str, int]) -> None:
    page = open_page(f"{desk.url}/agentdesktop/", viewport=size)
    assert pixels_beyond(page) == []
    expect(page.get_by_role("button", name="Log in")).to_be_in_viewport(ratio=1)
    log_in(page)
    expect(page.get_by_role("button", name="Go ready")).to_be_in_viewport(ratio=1)
    go_ready(page)
    for view in ("Recents", "Directory", "Dial"):
        page.get_by_role("button", name=view, exact=True).click()
        assert pixels_beyond(page) == [], view
    if size["width"] < 860:
        page.get_by_role("button", name="Calls", exact=True).click()
    simulate_call(page)
    for name in ("Accept", "Reject"):
        expect(page.get_by_role("button", name=name)).to_be_in_viewport(ratio=1)
    expect(page.locator(".caller")).to_be_in_viewport(ratio=1)
    assert pixels_beyond(page) == []
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("button", name="End call")).to_be_in_viewport(ratio=1)
    assert pixels_beyond(page) == []
    page.get_by_role("button", name="End call").click()
    expect(page.get_by_role("button", name="Complete")).to_be_in_viewport(ratio=1)
    assert pixels_beyond(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_serious_barrier_in_any_state(desk: Desk, open_page: Open, scheme: str) -> None:
    page = open_page(f"{desk.url}/agentdesktop/", color_scheme=scheme)
    check_access(page)
    page.get_by_role("button", name="Log in").click()
    page.locator("#device summary").click()
    check_access(page)
    log_in(page)
    check_access(page)
    page.get_by_role("button", name="Your state:").click()
    check_access(page)
    page.keyboard.press("Escape")
    go_ready(page)
    for view in ("Recents", "Directory", "Dial", "Calls"):
        page.get_by_role("button", name=view, exact=True).first.click()
        check_access(page)
    page.keyboard.press("Alt+k")
    check_access(page)
    page.keyboard.press("Escape")
    simulate_call(page)
    check_access(page)
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("On the call")).to_be_visible()
    check_access(page)
    page.get_by_role("button", name="End call").click()
    expect(page.get_by_role("button", name="Complete")).to_be_visible()
    desk.tell("notice", level="warning", text="Something to know")
    expect(page.locator(".banner-warning")).to_be_visible()
    check_access(page)


def check_access(page: Page) -> None:
    # The audit runs in the page's own world past its policy, as a person's screen reader would look at it.
    results = Axe().run(page)
    grave = [v for v in results.response["violations"] if v["impact"] in ("serious", "critical")]
    assert grave == [], [(v["id"], [node["html"] for node in v["nodes"]]) for v in grave]


def test_the_page_speaks_japanese(desk: Desk, open_page: Open) -> None:
    page = open_page(f"{desk.url}/agentdesktop/", locale="ja-JP")
    page.get_by_label("ユーザー名").fill("agent1")
    page.get_by_label("パスワード").fill("agent1")
    page.get_by_role("button", name="ログイン").click()
    page.get_by_role("button", name="受付可にする").click()
    expect(page.get_by_role("heading", name="受付可です。")).to_be_visible()
    page.get_by_role("button", name="着信を模擬").click()
    page.get_by_role("button", name="応答").click()
    page.get_by_role("button", name="終了").click()
    page.get_by_role("button", name="完了").click()
    assert pixels_beyond(page) == []


def test_the_phone_device_is_remembered_in_this_browser(desk: Desk, open_page: Open) -> None:
    page = open_page(f"{desk.url}/agentdesktop/")
    expect(page.locator("#device-name")).to_have_text("Softphone")
    page.locator("#device summary").click()
    page.get_by_label("External phone").check()
    page.get_by_label("Number of the phone").fill("+1 415 555 0199")
    log_in(page)
    page.get_by_role("button", name="Menu").click()
    expect(page.get_by_text("External phone, number +1 415 555 0199")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.locator("#device-name")).to_have_text(re.compile(r"External phone \+1 415 555 0199"))


def test_without_a_host_the_page_says_calmly_that_history_is_off_and_why(desk: Desk, open_page: Open) -> None:
    page = open_page(f"{desk.url}/agentdesktop/ServiceNow.jsp")
    log_in(page)
    page.get_by_text("Activity history is off.").click()
    expect(page.get_by_text("opened without the address of a CRM")).to_be_visible()
    go_ready(page)
