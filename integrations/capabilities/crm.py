"""Systems that hold the customer's record: reading and writing it, knowing people, and holding our desktop."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RecordRef:
    """A record at the vendor: `kind` is the vendor's own name of the table or object."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read. `fields` holds plain strings; references are resolved to ids. `title` names it to a person."""

    ref: RecordRef
    fields: dict[str, str]
    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class CrmAgent:
    """How the vendor knows one of our agents."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class CrmUser:
    """A user of the CRM, as far as agents are recognised by it. What a CRM has no column for is empty."""

    id: str
    name: str = ""
    login: str = ""
    email: str = ""
    employee_id: str = ""
    federation_id: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True)
class Activity:
    """One interaction as it is written into the activity history. `key` finds it again after a crash.

    `direction`: "inbound", "outbound" or empty where it is not known. `owner`: the CRM's user for our agent, empty
    where there is none or the CRM's activities have no owner. `from_number` and `to_number` in E.164 where they have
    such a form. `recording_url`: where people who may listen find the call's recording, or will; empty: there is none.
    """

    key: str
    subject: str
    text: str
    started_at: datetime
    duration_seconds: int = 0
    disposition: str = ""
    direction: str = ""
    owner: str = ""
    from_number: str = ""
    to_number: str = ""
    recording_url: str = ""
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PhoneMatches:
    """Result of a look-up by phone: verified people, and the query as sent, for the explanation."""

    people: tuple[Record, ...]
    query: str = ""


class Crm(ABC):
    """A system that holds the customer's record. All methods raise `IntegrationError`."""

    query_language: str = ""  # names the escaping rule of `contactcenter.scenarios.substitution`
    activity_has_owner: bool = False  # whether an activity belongs to a user of the CRM, who has to be looked up
    history_on_any_record: bool = False  # whether a person's record, too, has a history of its own
    history_without_page: bool = False  # whether calls are written down also while our desktop is not in its page

    @abstractmethod
    def search(self, kind: str, query: str, *, limit: int = 50) -> list[Record]:
        """Rows of `kind` that match a query in `query_language`."""

    @abstractmethod
    def get(self, ref: RecordRef) -> Record:
        """One record; `Rejected` with cause `not_found` when it is not there or hidden."""

    @abstractmethod
    def create(self, kind: str, fields: dict[str, Any], *, key: str = "") -> RecordRef:
        """A new record. `key` marks it so that `find_created` recognises it later."""

    @abstractmethod
    def find_created(self, kind: str, key: str) -> RecordRef | None:
        """The record that an earlier `create` with this key made, where its answer was lost."""

    @abstractmethod
    def update(self, ref: RecordRef, fields: dict[str, Any]) -> None:
        """Change named fields. Repeating it is harmless."""

    @abstractmethod
    def add_activity(self, ref: RecordRef, activity: Activity) -> None:
        """Append to the record's activity history. Not idempotent at the vendor: see `has_activity`."""

    @abstractmethod
    def has_activity(self, ref: RecordRef, key: str) -> bool:
        """Whether the record's history already holds the activity with this key."""

    @abstractmethod
    def record_url(self, ref: RecordRef) -> str:
        """Where a person opens the record in a browser."""


class RecordDeletion(ABC):
    """A system in which a scenario may delete what it made."""

    @abstractmethod
    def delete(self, ref: RecordRef) -> None:
        """Delete a record; `Rejected` with cause `not_found` when it is not there or hidden."""


class PeopleDirectory(ABC):
    """A system that knows customers by phone and our agents as its users."""

    @abstractmethod
    def find_by_phone(self, e164: str, received: str) -> PhoneMatches:
        """People with this number. Every row is verified digit by digit, because vendors widen queries silently."""

    @abstractmethod
    def find_agent(self, *, email: str, login: str, employee_id: str = "") -> CrmAgent | None:
        """Our agent among the vendor's users, by the account's mapping rule; None when there is none."""


class UserDirectory(ABC):
    """A system among whose users our agents are looked for, many at once."""

    @abstractmethod
    def agent_keys(self) -> tuple[str, ...]:
        """The columns of `CrmUser` in which agents are looked for, in order; none: the mapping table alone."""

    @abstractmethod
    def users_with(self, key: str, values: Sequence[str]) -> list[CrmUser]:
        """Users whose column `key` holds one of the values, active or not. May hold others: the caller compares."""

    @abstractmethod
    def users_like(self, text: str) -> list[CrmUser]:
        """A few active users whose name, user name or e-mail address contains the text, for a person to choose."""


class RecordDisplay(ABC):
    """A system that opens a record in the browser of one of its users, asked by us and without our page in it."""

    @property
    @abstractmethod
    def displays_records(self) -> bool:
        """Whether the account wants it for agents whose desktop stands alone."""

    @abstractmethod
    def display(self, ref: RecordRef, agent: CrmAgent) -> None:
        """Open it now. Repeating it is harmless. Raises `IntegrationError`."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What a screen pop may tell the vendor about the call."""

    phone: str = ""
    name: str = ""
    task_id: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    # The record made for the interaction itself, where the account pops that instead of the caller's record.
    interaction: RecordRef | None = None


@dataclass(frozen=True, slots=True)
class ScreenPop:
    """How to open something in front of the agent.

    Inside the vendor's page the host module uses `entity` + `query` (a form) or `relative_url` (the vendor's own
    call page), or where `search` is given leaves the choice to the vendor's own search for it; anywhere else `url`
    opens in a new tab."""

    title: str
    url: str
    entity: str = ""
    query: str = ""
    relative_url: str = ""
    search: str = ""


@dataclass(frozen=True, slots=True)
class FramePlace:
    """One origin (`https://host[:port]`) whose pages can hold our desktop, and the script that the host module uses
    there. `mode` names the user interface where a vendor has several."""

    origin: str
    library: str
    mode: str = ""


class EmbedHost(ABC):
    """A system whose pages can hold our desktop in a frame."""

    host_module: str = ""  # the desktop's host module: "servicenow", "salesforce", "zendesk"

    @abstractmethod
    def web_origin(self) -> str:
        """Origin of the vendor's pages: `https://host[:port]`; the only `topDomain` that is accepted."""

    @abstractmethod
    def client_library(self) -> str:
        """Absolute URL of the vendor's script that the host module loads; empty when it needs none."""

    def places(self) -> tuple[FramePlace, ...]:
        """Every place that can hold us. Most vendors have one origin and one script."""
        return (FramePlace(self.web_origin(), self.client_library()),)

    @abstractmethod
    def screen_pop(self, ref: RecordRef | None, facts: CallFacts) -> ScreenPop:
        """Open a record, or the vendor's call page where the account chooses that."""
