"""The OpenFrame host page and library, with a small page of another origin as the child."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

from .conftest import Instance

CHILD = Path(__file__).with_name("child.html")


@pytest.fixture(scope="module")
def softphone(address: str) -> Iterator[str]:
    """Serves the child page on its own port, that is, its own origin."""
    html = CHILD.read_text().replace("LIBRARY", f"{address}/scripts/openframe/latest/openFrameAPI.min.js").encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(html if self.path.startswith("/child") else b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    yield context.new_page()
    context.close()


Opened = tuple[Page, Frame]


@pytest.fixture
def desk(page: Page, instance: Instance, softphone: str) -> Callable[..., Opened]:
    def opened(path: str = "/", **settings: Any) -> Opened:
        instance.settings(**{"openframe_url": f"{softphone}/child", "whitelist": softphone, **settings})
        page.goto(instance.base + path)
        frame = page.frame("gsft_openframe")
        assert frame
        frame.wait_for_url("**/child")
        frame.wait_for_function("document.getElementById('state').textContent !== 'loading'", timeout=8000)
        return page, frame

    return opened


def inspector_errors(page: Page) -> list[str]:
    return page.locator("#inspector li.error em").all_inner_texts() if _show_inspector(page) else []


def _show_inspector(page: Page) -> bool:
    if page.locator("#inspector").is_hidden():
        page.click("#inspector-button")
    return True


def main(page: Page) -> Frame:
    frame = page.frame("gsft_main")
    assert frame
    return frame


def test_init_brings_the_stored_configuration_and_the_top_domain(
    desk: Callable[..., Opened], instance: Instance
) -> None:
    page, frame = desk(openframe_configuration='{"account": "demo"}')
    assert frame.evaluate("window.config.configuration") == '{"account": "demo"}'
    assert frame.evaluate("window.config.url").endswith("/child")
    assert page.locator("#openframe [data-part=title]").text_content() == "Test phone"
    assert page.locator("iframe[name=gsft_openframe]").get_attribute("allow") == "microphone; autoplay; clipboard-write"


def test_an_empty_whitelist_blocks_every_message_and_init_times_out(desk: Callable[..., Opened]) -> None:
    page, frame = desk(whitelist="")
    assert frame.evaluate("window.failures") == ["Openframe init request timed out"]
    assert any("enforce_same_origin_whitelist" in text for text in inspector_errors(page))


def test_a_whitelist_that_is_not_enforced_lets_everybody_in(desk: Callable[..., Opened]) -> None:
    _, frame = desk(whitelist="", whitelist_enforced=False)
    assert frame.locator("#state").inner_text() == "ready"


def test_the_phone_icon_shows_and_hides_the_panel_and_the_frame_is_told(desk: Callable[..., Opened]) -> None:
    page, frame = desk()
    expect(page.locator("#openframe")).not_to_have_class("shown")
    page.click("#openframe-button")
    page.click("#openframe-button")
    frame.wait_for_function("window.heard.length >= 2")
    assert [name for name, _ in frame.evaluate("window.heard")] == ["openframe_shown", "openframe_hidden"]
    frame.evaluate("openFrameAPI.show()")
    expect(page.locator("#openframe")).to_have_class("shown")
    assert frame.evaluate("new Promise((done) => openFrameAPI.isVisible(done))") is True


def test_a_user_without_a_role_gets_no_phone_icon(page: Page, instance: Instance) -> None:
    page.goto(f"{instance.base}/")
    with page.expect_navigation():
        page.select_option("#person", "integration.user")
    _show_inspector(page)
    expect(page.locator("#inspector li.error")).to_contain_text("no role that shows OpenFrame")
    expect(page.locator("#openframe-button")).to_be_hidden()


def test_a_form_is_opened_in_the_main_frame(desk: Callable[..., Opened], instance: Instance) -> None:
    page, frame = desk()
    sys_id = instance.rows("incident", "number=INC0010003")[0]["sys_id"]
    frame.evaluate(f"openFrameAPI.openServiceNowForm({{entity: 'incident', query: 'sys_id={sys_id}'}})")
    expect(page.frame_locator("#gsft_main").locator("h1")).to_contain_text("INC0010003")
    frame.evaluate("openFrameAPI.openServiceNowForm({entity: 'incident'})")  # without a query: nothing
    page.wait_for_timeout(200)
    assert "INC0010003" in main(page).content()


def test_a_new_record_is_opened_filled(desk: Callable[..., Opened]) -> None:
    page, frame = desk()
    query = "sys_id=-1&sysparm_query=short_description=From the phone^urgency=1"
    frame.evaluate(f"openFrameAPI.openServiceNowForm({{entity: 'incident', query: {query!r}}})")
    field = page.frame_locator("#gsft_main").locator("[name=short_description]")
    expect(field).to_have_value("From the phone")


def test_lists_and_relative_addresses_are_opened(desk: Callable[..., Opened]) -> None:
    page, frame = desk()
    frame.evaluate("openFrameAPI.openServiceNowList({entity: 'incident', query: 'number=INC0010005'})")
    expect(page.frame_locator("#gsft_main").locator("tbody tr")).to_have_count(1)
    frame.evaluate("openFrameAPI.openCustomURL('sys_user_list.do?sysparm_query=city=Tokyo')")
    expect(page.frame_locator("#gsft_main").locator("tbody tr")).to_have_count(2)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (
            "openServiceNowForm({entity: 'incident', query: 'sysparm_stack=x'})",
            "Url query string cannot have redirects",
        ),
        (
            "openServiceNowList({entity: 'incident', query: 'sysparm_goto_url=x'})",
            "Url query string cannot have redirects",
        ),
        ("openCustomURL('https://elsewhere.example/')", "Custom url cannot be absolute"),
        ("openCustomURL('//elsewhere.example/')", "Custom url cannot be absolute"),
        ("subscribe('openframe_made_up', () => {})", "not a valid event"),
        ("setTitle('x'.repeat(257))", "Length cannot be more than 256"),
        ("setSize('big', 3)", "Only number is supported"),
        ("setPresenceIndicator('Away', 'blue')", "Color is not supported"),
    ],
)
def test_the_library_refuses_what_the_vendors_refuses(desk: Callable[..., Opened], call: str, error: str) -> None:
    _, frame = desk()
    thrown = frame.evaluate(
        f"(() => {{ try {{ openFrameAPI.{call}; return ''; }} catch (e) {{ return String(e); }} }})()"
    )
    assert error in thrown


def test_the_library_has_both_spellings_and_the_alias(desk: Callable[..., Opened]) -> None:
    _, frame = desk()
    assert frame.evaluate("openFrameAPI.EVENTS === openFrameAPI.events && SNC.OpenFrame === openFrameAPI")


def test_a_message_that_is_too_long_fails_in_the_library_and_at_the_host(desk: Callable[..., Opened]) -> None:
    page, frame = desk()
    frame.evaluate("openFrameAPI.openServiceNowForm({entity: 'incident', query: 'sys_id=' + 'x'.repeat(4400)})")
    heard = frame.evaluate("window.heard")
    assert heard == [["openframe_communication_failure", "Message payload exceeds the supported limit"]]
    frame.evaluate(
        "top.postMessage(JSON.stringify("
        "{type: 'NOW.PostMessage', eventName: 'openframe_show', args: 'x'.repeat(4400)}), '*')"
    )
    page.wait_for_timeout(200)
    assert any("longer than 4400" in text for text in inspector_errors(page))
    expect(page.locator("#openframe")).not_to_have_class("shown")


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ("{type: 'NOW.PostMessage', eventName: 'openframe_show'}", "not a string"),
        ('\'{"type": "NOW.PostMessage", "eventName": "openframe_dance"}\'', "unknown eventName"),
        ('\'{"type": "Other", "eventName": "openframe_show"}\'', "type is not"),
        ("'NOW.PostMessage'", "not JSON"),
    ],
)
def test_the_host_names_what_is_wrong_with_a_message(desk: Callable[..., Opened], message: str, error: str) -> None:
    page, frame = desk()
    frame.evaluate(f"top.postMessage({message}, '*')")
    page.wait_for_timeout(200)
    assert any(error in text for text in inspector_errors(page))


def test_the_frame_resizes_itself_up_to_three_quarters_of_the_window(desk: Callable[..., Opened]) -> None:
    page, frame = desk()
    frame.evaluate("openFrameAPI.setSize(500, 400)")
    page.wait_for_timeout(150)
    box = page.locator("iframe[name=gsft_openframe]").bounding_box()
    assert box and (round(box["width"]), round(box["height"])) == (500, 400)
    frame.evaluate("openFrameAPI.setSize(5000, 5000)")
    page.wait_for_timeout(150)
    box = page.locator("iframe[name=gsft_openframe]").bounding_box()
    assert box and box["width"] <= 1200 * 0.75 + 2 and box["height"] <= 800 * 0.75


def test_title_icons_presence_mode_and_toast_reach_the_page(desk: Callable[..., Opened]) -> None:
    page, frame = desk()
    frame.evaluate("openFrameAPI.show()")
    frame.evaluate("openFrameAPI.setTitle('Busy'); openFrameAPI.setSubtitle('+1 415')")
    frame.evaluate("openFrameAPI.setPresenceIndicator('Available', 'green')")
    frame.evaluate("openFrameAPI.setIcons([{imageURL: '', imageTitle: 'Mute', id: 'mute'}])")
    frame.evaluate("openFrameAPI.toastMessage('Saved', 'warning', 5000)")
    expect(page.locator("[data-part=title]")).to_have_text("Busy")
    expect(page.locator("[data-part=presence]")).to_have_class("presence green")
    expect(page.locator(".toast.warning")).to_have_text("Saved")
    page.click("[data-part=icons] button")
    frame.evaluate("openFrameAPI.setFrameMode(openFrameAPI.FRAME_MODE.COLLAPSE)")
    frame.wait_for_function("window.heard.some(([name]) => name === 'openframe_collapse')")
    names = [name for name, _ in frame.evaluate("window.heard")]
    assert names == ["openframe_shown", "openframe_header_icon_clicked", "openframe_icon_clicked", "openframe_collapse"]


def test_a_click_on_a_number_reaches_the_softphone_with_the_documented_payload(
    desk: Callable[..., Opened], instance: Instance
) -> None:
    page, frame = desk("/nav_to.do?uri=sys_user_list.do%3Fsysparm_query%3Dname%3DDon%20Goodliffe")
    page.frame_locator("#gsft_main").locator(".call").first.click()
    frame.wait_for_function("window.heard.length")
    name, payload = frame.evaluate("window.heard")[0]
    sys_id = instance.rows("sys_user", "name=Don Goodliffe")[0]["sys_id"]
    assert name == "openframe_communication" and payload["type"] == "OUTGOING_CALL"
    assert payload["data"]["metaData"] == {"phoneNumber": "(415) 555-0132", "sys_id": sys_id, "countrycode": "US"}
    entry = payload["data"]["data"][0]
    assert (entry["entity"], entry["query"], entry["contact_name"]) == ("sys_user", f"sys_id={sys_id}", "Don Goodliffe")


def test_with_several_numbers_the_instance_asks_first(desk: Callable[..., Opened], instance: Instance) -> None:
    sys_id = instance.rows("incident", "caller_id.name=Beth Anglin")[0]["sys_id"]
    page, frame = desk(f"/now/sow/record/incident/{sys_id}")
    page.frame_locator("#gsft_main").locator("header .call").click()
    page.get_by_role("button", name="415.555.0143").click()
    frame.wait_for_function("window.heard.length")
    _, payload = frame.evaluate("window.heard")[0]
    assert payload["data"]["metaData"]["phoneNumber"] == "415.555.0143"
    assert [entry["entity"] for entry in payload["data"]["data"]] == ["sys_user", "incident"]


def test_a_record_on_the_screen_follows_what_the_interface_writes(
    desk: Callable[..., Opened], instance: Instance
) -> None:
    body = {"type": "phone", "state": "new", "short_description": "Call"}
    sys_id = instance.table("POST", "interaction", json=body).json()["result"]["sys_id"]
    page, _ = desk(f"/now/workspace/agent/record/interaction/{sys_id}")
    shown = page.frame_locator("#gsft_main")
    expect(shown.locator("header .state")).to_have_text("New")
    instance.table("PATCH", f"interaction/{sys_id}", json={"state": "work_in_progress", "work_notes": "Talking"})
    expect(shown.locator("header .state")).to_have_text("Work in Progress", timeout=4000)
    expect(shown.locator(".stream")).to_contain_text("Talking")
    instance.table("PATCH", f"interaction/{sys_id}", json={"state": "closed_complete"})
    expect(shown.locator("header .state")).to_have_text("Closed Complete", timeout=4000)


def test_an_agent_can_edit_and_create_records(desk: Callable[..., Opened], instance: Instance) -> None:
    page, _ = desk("/nav_to.do?uri=incident.do%3Fsys_id%3D-1")
    shown = page.frame_locator("#gsft_main")
    shown.locator("[name=short_description]").fill("By hand")
    shown.get_by_role("button", name="Submit").click()
    expect(shown.locator(".headline")).to_have_text("By hand")
    shown.locator("summary").click()
    shown.locator("[name=state]").select_option("7")
    shown.get_by_role("button", name="Update").click()
    expect(shown.locator(".message")).to_contain_text("mandatory")
    assert instance.rows("incident", "short_description=By hand")[0]["state"] == "1"


@pytest.mark.parametrize("uri", ["https://evil.example/x.do", "//evil.example/x.do", "javascript:alert(1)"])
def test_the_main_frame_never_leaves_the_instance(page: Page, instance: Instance, uri: str) -> None:
    page.goto(f"{instance.base}/nav_to.do?uri={uri}")
    address = page.locator("#gsft_main").get_attribute("src")
    assert address and address.startswith("/servicenow/incident_list.do")


def test_the_page_may_frame_only_itself_and_the_desktop(instance: Instance, softphone: str) -> None:
    instance.settings(openframe_url="")
    policy = instance.call("GET", "/", auth=None).headers["Content-Security-Policy"]
    assert "frame-src 'self' http://127.0.0.1:18999;" in policy


def test_the_default_address_names_the_top_domain(instance: Instance, address: str) -> None:
    cookie = instance.call("GET", "/", auth=None).headers["Set-Cookie"].split(";")[0]
    form = {"sysparm_processor": "OpenFrameAjaxUtility", "sysparm_name": "getOpenFrameConfiguration"}
    path = "/sn_openframe_openFrameAjaxProcessor.do"
    config = instance.call("POST", path, auth=None, data=form, headers={"Cookie": cookie}).json()["config"]
    assert config["url"] == f"http://127.0.0.1:18999/agentdesktop/ServiceNow.jsp?topDomain={address}"
    assert (config["width"], config["height"]) == (340, 640)
