"""Platforms that call us: whose credentials a request carries, and how often it may be wrong.

Wrong passwords are counted per address and name in the cache of the process: a brake for guessing, not a lock."""

import base64
import binascii
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET

from .capabilities import AutomationEndpoint
from .fields import SecretUnreadable
from .models import IntegrationAccount
from .providers import registry

MOST_WRONG = 10
WINDOW_SECONDS = 300


def for_platforms(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that platforms read, called with the account whose credentials the request carries.

    401 for wrong ones, never a redirect to a log-in page; 429 after too many of them."""

    @never_cache
    @require_GET
    @sensitive_variables()
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        wait = seconds_to_wait(request)
        if wait:
            headers = {"Retry-After": str(wait)}
            return JsonResponse({"message": "Too many wrong passwords."}, status=429, headers=headers)
        account = account_for(request)
        if account is None:
            note_refusal(request)
            headers = {"WWW-Authenticate": 'Basic realm="Contact centre", charset="UTF-8"'}
            return JsonResponse({"message": "The username or password is not right."}, status=401, headers=headers)
        return view(request, account, **kwargs)

    return guarded


def basic_credentials(request: HttpRequest) -> tuple[str, str]:
    """User and password of the Basic header (RFC 7617); empty texts where there is none that can be read."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return user, password


def account_for(request: HttpRequest) -> IntegrationAccount | None:
    """The enabled account whose credentials the request carries."""
    keys = [key for key, provider in registry().items() if issubclass(provider, AutomationEndpoint)]
    for account in IntegrationAccount.objects.filter(enabled=True, provider__in=keys).order_by("pk"):
        try:
            if account.connect().authenticate(request):
                return account
        except SecretUnreadable:  # told on its own page; the others go on
            continue
    return None


def described(account: IntegrationAccount) -> dict[str, Any]:
    """What the caller learns: enough for a label of the connection, nothing that is secret."""
    return {
        "id": str(account.public_id),
        "account": account.name,
        "username": str(account.values().get("username", "")),
    }


def seconds_to_wait(request: HttpRequest) -> int:
    """How long this caller has to wait after too many wrong passwords; 0: not at all."""
    return WINDOW_SECONDS if int(cache.get(_key(request)) or 0) >= MOST_WRONG else 0


def note_refusal(request: HttpRequest) -> None:
    key = _key(request)
    if not cache.add(key, 1, WINDOW_SECONDS):
        cache.incr(key)


def _key(request: HttpRequest) -> str:
    """Short mark of the caller; the name may be anything that somebody sends."""
    caller = f"{request.META.get('REMOTE_ADDR', '')}|{basic_credentials(request)[0]}"
    return f"automation:{hashlib.sha256(caller.encode()).hexdigest()[:32]}"
