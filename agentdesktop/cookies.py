"""Two session cookies: the ordinary one, and one for the desktop that survives inside a foreign page.

A browser that keeps third-party cookies away still returns a *partitioned* cookie (CHIPS): it belongs to the pair of
our site and the page around it. Neither Django 5.2 nor `http.cookies` before Python 3.14 knows the attribute."""

from http.cookies import Morsel
from typing import ClassVar

from django.conf import settings
from django.contrib.sessions import middleware
from django.http import HttpRequest, HttpResponse

DESKTOP_PATH = "/agentdesktop/"


class PartitionedMorsel(Morsel[str]):
    """A cookie that knows `Partitioned`. A class of its own, so that no other cookie of the process changes."""

    _reserved: ClassVar[dict[str, str]] = {**Morsel._reserved, "partitioned": "Partitioned"}  # type: ignore[attr-defined]
    _flags: ClassVar[set[str]] = {*Morsel._flags, "partitioned"}  # type: ignore[attr-defined]


def is_desktop(request: HttpRequest) -> bool:
    return request.path_info.startswith(DESKTOP_PATH)


class SessionMiddleware(middleware.SessionMiddleware):
    """Django's session middleware; under `/agentdesktop/` the session travels in a cookie of its own.

    Django's part works on the ordinary name throughout: the desktop's cookie is put in its place on the way in and
    renamed on the way out."""

    def process_request(self, request: HttpRequest) -> None:
        if is_desktop(request):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
            if key := request.COOKIES.get(settings.DESKTOP_SESSION_COOKIE_NAME):
                request.COOKIES[settings.SESSION_COOKIE_NAME] = key
        super().process_request(request)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        if is_desktop(request) and settings.SESSION_COOKIE_NAME in response.cookies:
            _rename(response)
        return response


def _rename(response: HttpResponse) -> None:
    ordinary = response.cookies.pop(settings.SESSION_COOKIE_NAME)
    cookie = PartitionedMorsel()
    cookie.set(settings.DESKTOP_SESSION_COOKIE_NAME, ordinary.value, ordinary.coded_value)
    cookie.update({name: ordinary[name] for name in ("expires", "max-age")})
    # Browsers treat http://127.0.0.1 and http://localhost as secure, so this also holds while trying out.
    cookie.update({"path": DESKTOP_PATH, "samesite": "None"})
    cookie.update(dict.fromkeys(("secure", "httponly", "partitioned"), "yes"))
    response.cookies[settings.DESKTOP_SESSION_COOKIE_NAME] = cookie
