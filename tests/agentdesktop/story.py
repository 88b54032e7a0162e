"""What a person does at the desktop, in words; `place` is a page or a frame."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from playwright.sync_api import Frame, Page, expect

Place = Page | Frame
T = TypeVar("T")


def run_apart(coroutine: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` in a thread of its own: Playwright keeps a loop running in this one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, asyncio.wait_for(coroutine, 60)).result()


def log_in(place: Place, login: str = "agent1") -> None:
    place.get_by_label("User name").fill(login)
    place.get_by_label("Password").fill(login)
    place.get_by_role("button", name="Log in").click()
    expect(place.locator("body.desktop[data-phase=ready]")).to_be_attached()


def go_ready(place: Place) -> None:
    place.get_by_role("button", name="Go ready").click()
    expect(place.get_by_role("heading", name="You are ready.")).to_be_visible()


def simulate_call(place: Place, number: str = "+1 415 555 0132") -> None:
    place.get_by_label("Try it out").fill(number)
    place.get_by_role("button", name="Simulate call").click()
    expect(place.get_by_role("button", name="Accept")).to_be_visible()


def frame_at(page: Page, part: str) -> Frame:
    """The frame whose address contains `part`, once it is there."""
    for _ in range(100):
        found = next((frame for frame in page.frames if part in frame.url), None)
        if found:
            return found
        page.wait_for_timeout(100)
    raise AssertionError(f"no frame shows {part}: {[frame.url for frame in page.frames]}")


def pixels_beyond(place: Place) -> Any:
    """How far the page is wider than its window, and which parts stick out."""
    return place.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          const out = [...document.querySelectorAll("body *")].filter((node) => {
            const box = node.getBoundingClientRect();
            const seen = box.width && getComputedStyle(node).visibility !== "hidden" && !node.closest(".sr, .skip");
            return seen && box.right > width + 1;
          });
          return out.map((node) => node.className || node.tagName);
        }"""
    )
