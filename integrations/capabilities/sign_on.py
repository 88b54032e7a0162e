"""Identity providers, that is systems that log people in for us; and systems whose users we log in."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.http import HttpRequest


class SignOnRefused(Exception):
    """A log-in that is not accepted. The reason is for the account page only: the browser is told nothing of it."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is, as their identity provider vouches for it.

    A person is the pair of `issuer` and `subject`, never an e-mail address. `lasting`: the subject will be the same
    next time. `answer_id` names this answer; `request_id` the log-in request that it answers, empty: the identity
    provider began."""

    issuer: str
    subject: str
    answer_id: str
    lasting: bool = True
    request_id: str = ""
    relay_state: str = ""
    login: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()


class SingleSignOn(ABC):
    """An identity provider. What an identity may do here is decided by the one who asks, not by this capability."""

    @property
    @abstractmethod
    def switched_on(self) -> bool:
        """Whether people are logged in this way now."""

    @property
    @abstractmethod
    def creates_users(self) -> bool:
        """Whether somebody who is not known here becomes a user at the first log-in."""

    @property
    @abstractmethod
    def matches_login_names(self) -> bool:
        """Whether an existing user with exactly this login name is the same person."""

    @property
    @abstractmethod
    def role_map(self) -> Mapping[str, frozenset[str]]:
        """Names of our groups by the group at the identity provider."""

    @property
    @abstractmethod
    def logout_url(self) -> str:
        """The identity provider's log-out page, to be offered after logging out here; empty: none is known."""

    @abstractmethod
    def login_url(self, relay_state: str = "", *, request_id: str = "") -> str:
        """Where to send the browser. `request_id` comes from `sign_on.new_request_id`; empty: one is made."""

    @abstractmethod
    def identity(self, request: HttpRequest) -> Identity:
        """Who the request proves to be logged in. Succeeds once for each answer. Raises `SignOnRefused`."""

    @abstractmethod
    def metadata(self) -> bytes:
        """Our side of the agreement, as the identity provider can import it."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in here and wants to go on to the vendor. `external_id`: who they are here, for ever."""

    name: str
    email: str
    external_id: str


@dataclass(frozen=True, slots=True)
class SignOnForm:
    """What the visitor's browser has to post, and where. `fields` hold a statement that is good once, for minutes."""

    url: str
    fields: dict[str, str] = field(repr=False)


class RemoteSignOn(ABC):
    """A system that sends its visitors to us for the log-in, and believes what we sign."""

    @property
    @abstractmethod
    def signs_on(self) -> bool:
        """Whether the account holds what is needed to sign."""

    @abstractmethod
    def takes_back(self, address: str) -> bool:
        """Whether the address is one of this system, so that a browser may be sent there."""

    @abstractmethod
    def sign_on(self, visitor: Visitor, return_to: str = "") -> SignOnForm:
        """A fresh statement about the visitor. Raises `Rejected` for an address that is not of this system."""
