"""An action is a button on the account screen: one decorated method on a provider.

The admin renders it, asks its form if it has one, runs it outside any transaction and shows the `Result`;
`manage.py run_action` runs the same method."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from .diagnosis.doctor import Verdict
    from .providers.base import Provider


class Link(str):
    """A value in a result's table that leads somewhere: its text is shown, `url` opens in a new tab. Programs and the
    command line get the text only, so an address may be one that lets its holder in."""

    url: str

    def __new__(cls, text: str, url: str) -> "Link":
        made = super().__new__(cls, text)
        made.url = url
        return made


class Exact(str):
    """A value in a result's table that is looked at letter by letter: shown in letters of one width."""

    exact = True


@dataclass(frozen=True, slots=True)
class Meter:
    """How much of something limited is used up; on the page a bar."""

    label: str
    used: int
    maximum: int

    @property
    def share(self) -> float:
        return self.used / self.maximum

    @property
    def low(self) -> int:
        """Up to here all is well; above it is a warning."""
        return self.maximum * 4 // 5

    @property
    def high(self) -> int:
        """From here on something will break soon."""
        return self.maximum * 19 // 20

    @property
    def text(self) -> str:
        return f"{self.used:,} of {self.maximum:,} used ({self.share:.0%})"


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was made for the person who pressed the button. `name` is what the browser saves it as; `content` is
    at most some hundred kilobytes, because the dialog carries it within its page. Never with a secret in it."""

    name: str
    content_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What an action tells the person who pressed the button.

    `redirect` sends the browser on (an OAuth consent page). `rows` is a small table (label, value), where a value may
    be a `Link` or `Exact`; `meters` the same with bars, and a command prints the rows instead.
    `wav` is a file that the page plays, `download` one that the browser saves."""

    ok: bool
    message: str
    rows: tuple[tuple[str, str], ...] = ()
    meters: tuple[Meter, ...] = ()
    redirect: str = ""
    verdict: "Verdict | None" = None
    wav: bytes = field(default=b"", repr=False)
    download: Download | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """`key` is the method's name. `applies` hides the button where the account's settings make it meaningless."""

    key: str
    label: str
    form: type[forms.Form] | None = None
    help_text: str = ""
    applies: Callable[["Provider"], bool] | None = None


def action(
    label: str,
    *,
    form: type[forms.Form] | None = None,
    help_text: str = "",
    applies: Callable[["Provider"], bool] | None = None,
) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Mark a provider's method as an action. The method takes the form's cleaned data as keyword arguments."""

    def mark(method: Callable[..., Result]) -> Callable[..., Result]:
        method.action = Action(method.__name__, label, form, help_text, applies)  # type: ignore[attr-defined]
        return method

    return mark


def actions_of(provider_class: "type[Provider]") -> dict[str, Action]:
    """All actions of a provider, the order of definition, base classes first."""
    found: dict[str, Action] = {}
    for klass in reversed(provider_class.__mro__):
        for name, member in vars(klass).items():
            marked = getattr(member, "action", None)
            if isinstance(marked, Action):
                found[name] = marked
            elif name in found and callable(member):
                continue  # an override without the decorator keeps the button
    return found
