"""Passwords in tests: one round instead of a million. Logging in works, and a hundred log-ins do not take a minute."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class OneRound(PBKDF2PasswordHasher):
    iterations = 1


ONLY = ["tests.hashers.OneRound"]
