"""A session that single sign-on began is good at one door only.

Both doors know the same users, and their two cookies hold the same kind of key: without this, whoever is let in to the
desktop could carry the key over to the administration."""

from collections.abc import Callable

from django.contrib.auth import get_user
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from contactcenter.sign_on import people

from .cookies import is_desktop


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Comes after Django's own, which would take the session's user at every door."""

    def at_this_door(request: HttpRequest) -> HttpResponse:
        request.user = SimpleLazyObject(lambda: _user(request))  # type: ignore[assignment]
        return get_response(request)

    return at_this_door


def _user(request: HttpRequest) -> object:
    door = people.DESKTOP if is_desktop(request) else people.ADMIN
    return get_user(request) if people.is_of_door(request.session, door) else AnonymousUser()
