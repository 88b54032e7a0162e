"""Whole numbers in scenarios: `$(count) + 1`, `($(a) - $(b)) * 60`. No more than + - * / % and brackets."""

import re
from collections.abc import Callable

from .substitution import VARIABLE

TOKEN = re.compile(r"\s*(?:([0-9]+)|([-+*/%()]))")
INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
LARGEST = 10**18
DEEPEST = 50
Lookup = Callable[[str], str]


class NotANumber(ValueError):
    """The expression has no value. The text says why, in words for its author."""


def check(expression: str) -> None:
    """Refuse an expression that can never work. Raises `NotANumber`."""
    _Reader(VARIABLE.sub("1", expression), dividing=False).value()


def evaluate(expression: str, lookup: Lookup) -> int:
    """The value. Division is that of whole numbers, towards zero. Raises `NotANumber`."""
    return _Reader(VARIABLE.sub(lambda match: _integer(match[1], lookup(match[1])), expression)).value()


def _integer(name: str, text: str) -> str:
    """In brackets, so that a sign stays with its number. An empty variable is 0: a counter need not be set first."""
    value = text.strip() or "0"
    if not INTEGER.fullmatch(value):
        raise NotANumber(f'$({name}) is "{text[:40]}", which is no whole number.')
    return f"({value})"


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, text: str, *, dividing: bool = True) -> None:
        self.tokens = _tokens(text)
        self.place = 0
        self.dividing = dividing

    def value(self) -> int:
        found = self.sum(0)
        if self.place < len(self.tokens):
            raise NotANumber(f'"{self.tokens[self.place]}" is not expected there.')
        return found

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self) -> str:
        mark = self.peek()
        self.place += 1
        return mark

    def sum(self, depth: int) -> int:
        found = self.product(depth)
        while self.peek() in ("+", "-"):
            sign = self.take()
            other = self.product(depth)
            found = _sized(found + other if sign == "+" else found - other)
        return found

    def product(self, depth: int) -> int:
        found = self.factor(depth)
        while self.peek() in ("*", "/", "%"):
            sign = self.take()
            found = _sized(self.times(sign, found, self.factor(depth)))
        return found

    def times(self, sign: str, one: int, other: int) -> int:
        if sign == "*":
            return one * other
        if other == 0:
            if self.dividing:
                raise NotANumber("Nothing can be divided by 0.")
            return 0
        quotient = abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
        return quotient if sign == "/" else one - quotient * other

    def factor(self, depth: int) -> int:
        if depth > DEEPEST:
            raise NotANumber("There are too many brackets and signs.")
        mark = self.take()
        if mark in ("-", "+"):
            found = self.factor(depth + 1)
            return -found if mark == "-" else found
        if mark == "(":
            found = self.sum(depth + 1)
            if self.take() != ")":
                raise NotANumber('A closing bracket ")" is missing.')
            return found
        if not mark.isdigit():
            raise NotANumber(f'"{mark or "the end"}" stands where a number is expected.')
        return _sized(int(mark))


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while text[place:].strip():
        match = TOKEN.match(text, place)
        if not match:
            raise NotANumber(f'"{text[place:].strip()[0]}" is no part of a calculation.')
        found.append(match[1] or match[2])
        place = match.end()
    return found


def _sized(number: int) -> int:
    if abs(number) > LARGEST:
        raise NotANumber("The number is too large.")
    return number
