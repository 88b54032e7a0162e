"""Pictures in a chat, as the agent meets them: what does not come says why, what does not fit is made to fit."""

import json
import random
import struct
import zlib
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from integrations.simulators.pages import STATIC

from .conftest import Desk, Open
from .story import log_in

pytestmark = pytest.mark.browser
PARCEL = STATIC / "sample.png"
MB = 1024 * 1024


def chat(*messages: dict[str, Any], **pictures: Any) -> dict[str, Any]:
    """An open chat, as the server tells it."""
    limits = {"types": ["image/png", "image/jpeg", "image/gif"], "largest": 8 * MB, "problem": "", **pictures}
    return {
        "id": "00000000-0000-4000-8000-000000000001", "state": "active", "direction": "inbound", "mine": True,
        "media": "chat", "customer": {"number": "", "raw": ""}, "service": {"name": "Chats", "code": "chats"},
        "caller": {"name": "Robin Example", "status": "none", "rule": "Writes by Telegram as Robin Example."},
        "answeredAt": "2026-01-01T00:00:00Z", "controls": [], "dispositions": [],
        "chat": {
            "channel": "Telegram", "account": "Telegram", "simulated": True, "outOfReach": False, "canSay": True,
            "suggestions": [], "messages": list(messages), "pictures": limits,
        },
    }  # fmt: skip


def message(number: int, kind: str = "picture") -> dict[str, Any]:
    media = [{"type": kind, "name": "", "there": True, "pass": "x"}]
    return {
        "id": number, "ours": False, "text": "Look", "media": media, "at": "2026-01-01T00:00:00Z",
        "status": "received", "statusText": "Received", "error": "",
    }  # fmt: skip


def shown(desk: Desk, open_page: Open, *messages: dict[str, Any], **pictures: Any) -> Page:
    page = open_page(f"{desk.url}/agentdesktop/")
    log_in(page)
    desk.tell("interaction", **chat(*messages, **pictures))
    expect(page.get_by_role("heading", name="Robin Example")).to_be_visible()
    return page


def uploads(page: Page) -> list[bytes]:
    """Takes what the page uploads in the server's place."""
    taken: list[bytes] = []

    def take(route: Route) -> None:
        taken.append(route.request.post_data_buffer or b"")
        route.fulfill(status=200, body=json.dumps({"ok": True, "picture": "id-1"}), content_type="application/json")

    page.route("**/agentdesktop/pictures/*", take)
    return taken


def test_a_picture_that_does_not_come_says_why_and_comes_when_it_can(desk: Desk, open_page: Open) -> None:
    page = shown(desk, open_page, message(4711))
    expect(page.get_by_text("This chat is not with you any more.")).to_be_visible()
    page.route("**/chat-media/4711/0", lambda route: route.fulfill(path=PARCEL, content_type="image/png"))
    page.get_by_role("button", name="Try again").click()
    expect(
        page.locator(".thumb:not(.thumb-waits)").get_by_role("img", name="Picture from the customer")
    ).to_be_visible()


def test_what_is_no_picture_can_be_saved(desk: Desk, open_page: Open) -> None:
    page = open_page(f"{desk.url}/agentdesktop/")
    log_in(page)
    page.route("**/chat-media/**", lambda route: route.fulfill(body="GIF?", content_type="application/octet-stream"))
    desk.tell("interaction", **chat(message(1), message(2, "document")))
    expect(page.get_by_text("This cannot be shown as a picture.")).to_be_visible()
    expect(page.get_by_role("link", name="Save the file")).to_have_attribute(
        "href", "/agentdesktop/chat-media/1/0?pass=x"
    )
    expect(page.get_by_role("link", name="Attachment")).to_be_visible()


def noise(width: int, height: int) -> bytes:
    """A PNG that cannot be packed: three bytes for each point."""
    points = random.Random(1)
    rows = b"".join(b"\0" + points.randbytes(3 * width) for _ in range(height))
    head = struct.pack(">2I5B", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    sums = ((name + data, struct.pack(">I", len(data)), zlib.crc32(name + data)) for name, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(length + chunk + struct.pack(">I", crc) for chunk, length, crc in sums)


def test_a_picture_is_made_into_what_the_messenger_takes(desk: Desk, open_page: Open) -> None:
    page = shown(desk, open_page, types=["image/png", "image/jpeg"], largest=MB)
    taken = uploads(page)
    large = noise(1600, 900)
    assert len(large) > 4 * MB
    page.locator("input[type=file]").set_input_files({"name": "shelf.png", "mimeType": "image/png", "buffer": large})
    picked = page.get_by_role("group", name="Picture to send")
    expect(picked).to_contain_text("shelf.jpg")
    expect(picked).to_contain_text("made smaller")
    assert b"\xff\xd8\xff" in taken[0] and len(taken[0]) < 1.1 * MB
    expect(page.get_by_role("button", name="Send")).to_be_enabled()
    page.get_by_role("button", name="Remove the picture").click()
    expect(picked).to_have_count(0)
    expect(page.get_by_label("Your answer")).to_be_focused()
    expect(page.get_by_role("button", name="Send")).to_be_disabled()


def test_what_cannot_be_sent_is_told_before_it_is_uploaded(desk: Desk, open_page: Open) -> None:
    page = shown(desk, open_page, largest=100)
    taken = uploads(page)
    page.locator("input[type=file]").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"Hello"})
    expect(page.get_by_role("alert").filter(has_text="PNG, JPEG, GIF")).to_be_visible()
    page.locator("input[type=file]").set_input_files(PARCEL)
    expect(page.get_by_role("alert").filter(has_text="10 kB and cannot be made small enough")).to_be_visible()
    assert taken == []


def test_a_messenger_that_could_not_fetch_it_is_told_at_once(desk: Desk, open_page: Open) -> None:
    page = shown(desk, open_page, problem="PUBLIC_URL is no https address.")
    page.get_by_role("button", name="Add a picture").click()
    expect(page.get_by_role("alert").filter(has_text="no https address")).to_be_visible()


def test_the_server_has_the_last_word_and_another_picture_goes(desk: Desk, open_page: Open) -> None:
    page = shown(desk, open_page)
    page.locator("input[type=file]").set_input_files(PARCEL)
    expect(page.get_by_role("alert").filter(has_text="This chat is not with you any more.")).to_be_visible()
    taken = uploads(page)
    page.locator("input[type=file]").set_input_files(PARCEL)
    expect(page.get_by_role("group", name="Picture to send")).to_contain_text("10 kB")
    assert b'name="picture"; filename="sample.png"' in taken[0]


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_a_picture_is_pasted_or_dropped(desk: Desk, open_page: Open, way: str) -> None:
    page = shown(desk, open_page)
    taken = uploads(page)
    page.get_by_label("Your answer").evaluate(
        """(field, way) => {
          const data = new DataTransfer();
          data.items.add(new File(["GIF89a"], "shot.gif", { type: "image/gif" }));
          const event = way === "paste"
            ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })
            : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
          field.dispatchEvent(event);
        }""",
        way,
    )
    expect(page.get_by_role("group", name="Picture to send")).to_contain_text("shot.gif")
    assert b"GIF89a" in taken[0]
