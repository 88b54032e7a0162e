"""The files of the simulated messengers: samples that a customer can send, and what the vendor fetched from us."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import requests
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from .pages import STATIC

KEPT = 30
LARGEST = 10 * 1024 * 1024
FETCH_SECONDS = 10.0


@dataclass(frozen=True)
class File:
    name: str
    content: bytes
    content_type: str

    @property
    def is_picture(self) -> bool:
        return self.content_type.startswith("image/")

    def response(self) -> Response:
        return Response(self.content, media_type=self.content_type)


SAMPLES = {
    each.name: each
    for each in (
        File("sample.png", (STATIC / "sample.png").read_bytes(), "image/png"),
        File("sample.txt", b"Order 4711, delivered on Monday, damaged.\n", "text/plain; charset=utf-8"),
        File("fake.png", b"<!DOCTYPE html><script>alert('Not a picture')</script>", "image/png"),
    )
}


class NotFetched(Exception):
    """What the vendor saw instead of a picture."""


class Album:
    """Pictures by number, for the page; the oldest are forgotten."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.files: dict[int, File] = {}

    def keep(self, file: File) -> str:
        """Where the page finds it, below the simulator."""
        number = next(self.numbers)
        self.files[number] = file
        for old in list(self.files)[:-KEPT]:
            del self.files[old]
        return f"_pictures/{number}"

    async def fetch(self, url: str) -> str:
        """Fetch a picture as the vendor does. Raises `NotFetched`."""
        return self.keep(await run_in_threadpool(fetched, url))

    async def show(self, request: Request) -> Response:
        file = self.files.get(request.path_params["number"])
        if file is None or not file.is_picture:
            return Response("There is no such picture.", 404, media_type="text/plain")
        return Response(file.content, media_type=file.content_type, headers={"X-Content-Type-Options": "nosniff"})


def fetched(url: str) -> File:
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(url, timeout=FETCH_SECONDS)
    except (requests.RequestException, ValueError) as error:
        raise NotFetched(type(error).__name__) from None
    kind = answer.headers.get("content-type", "")
    if answer.status_code != 200:
        raise NotFetched(f"HTTP {answer.status_code}")
    if not kind.startswith("image/") or len(answer.content) > LARGEST:
        raise NotFetched(f"{kind or 'no content type'}, {len(answer.content)} bytes")
    return File(url.rpartition("/")[2], answer.content, kind)
