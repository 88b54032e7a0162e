"""Slows down the guessing of passwords: a few wrong ones per user and address, then a pause."""

import hashlib

from django.core.cache import cache
from django.http import HttpRequest

LIMIT = 5
PAUSE_SECONDS = 300


def _key(request: HttpRequest, username: str) -> str:
    who = f"{username.strip().lower()}|{request.META.get('REMOTE_ADDR', '')}"
    return f"desktop-login:{hashlib.sha256(who.encode()).hexdigest()}"


def is_paused(request: HttpRequest, username: str) -> bool:
    return int(cache.get(_key(request, username), 0)) >= LIMIT


def count_failure(request: HttpRequest, username: str) -> None:
    key = _key(request, username)
    if not cache.add(key, 1, PAUSE_SECONDS):
        cache.incr(key)


def forget(request: HttpRequest, username: str) -> None:
    cache.delete(_key(request, username))
