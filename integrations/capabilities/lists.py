"""Calling lists: people to call, read from a vendor page by page, and what came of the calls, written back.

Whoever reads keeps a cursor and may go on from it in another process; whoever writes learns the outcome of each row."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from .crm import Activity, RecordRef


class CursorLost(Exception):
    """The vendor has forgotten where we were. Reading starts again from the beginning."""


class Exclusion(StrEnum):
    """Why somebody must not be called although the query found them."""

    DO_NOT_CALL = "do_not_call"
    CONVERTED = "converted"


@dataclass(frozen=True, slots=True)
class ListCampaign:
    id: str
    name: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One person. `values` by column; `record` is the person's record, `member` and `campaign` the vendor's ids of
    their place in a campaign, empty outside of one."""

    values: dict[str, str]
    record: RecordRef
    member: str = ""
    campaign: str = ""
    excluded: Exclusion | None = None


@dataclass(frozen=True, slots=True)
class SourcePage:
    """Some rows, and where to go on. `cursor` is empty on the last page. `wait`: seconds in which the vendor has
    nothing new to tell. `total`: rows altogether, where known."""

    rows: tuple[SourceRow, ...]
    cursor: str = ""
    total: int | None = None
    wait: float = 0


class CallingListSource(ABC):
    """A system from which people to call are read. All methods raise `IntegrationError`."""

    @abstractmethod
    def campaigns(self) -> list[ListCampaign]:
        """Campaigns that can be called, newest first."""

    @abstractmethod
    def campaign_query(self, campaign: str) -> str:
        """The query for the members of a campaign."""

    @abstractmethod
    def columns(self, query: str) -> tuple[str, ...]:
        """The columns that a query gives; `Rejected` with field "query" where a list cannot be made of it."""

    @abstractmethod
    def sample(self, query: str, count: int) -> SourcePage:
        """The first rows, to look at."""

    @abstractmethod
    def page(self, query: str, cursor: str = "") -> SourcePage:
        """The next page after `cursor`; the first one without. Raises `CursorLost`."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What came of calling a person: the call for the history of `record`. `activity.key` is ours and unique."""

    record: RecordRef
    activity: Activity
    campaign: str = ""


@dataclass(frozen=True, slots=True)
class MemberStatus:
    member: str
    status: str


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """`key` as it was given (the activity's key, the member's id); `error` in the vendor's words, empty for success."""

    key: str
    id: str = ""
    error: str = ""


class CampaignResults(ABC):
    """A system that takes results of calls, many at once. All methods raise `IntegrationError`."""

    batch_size: int = 200

    @abstractmethod
    def member_statuses(self, campaign: str) -> tuple[str, ...]:
        """The statuses that members of the campaign can have."""

    @abstractmethod
    def find_results(self, keys: Sequence[str]) -> dict[str, str]:
        """Of these keys those that were written already, with the ids of what was written."""

    @abstractmethod
    def push(self, results: Sequence[CallResult]) -> list[RowOutcome]:
        """Write at most `batch_size` results; not idempotent: see `find_results`."""

    @abstractmethod
    def set_statuses(self, changes: Sequence[MemberStatus]) -> list[RowOutcome]:
        """Change at most `batch_size` members. Repeating it is harmless."""


class JobState(StrEnum):
    """`OPEN`: nothing of it was carried out, and nothing will be before it is sent."""

    OPEN = "open"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class BulkResults(ABC):
    """A system that takes thousands of rows as a job: opened, sent once, watched, and then asked for each row."""

    bulk_above: int = 2000
    bulk_size: int = 10_000

    @abstractmethod
    def open_job(self, rows: Sequence[CallResult] | Sequence[MemberStatus]) -> str:
        """A new job for rows of this kind; returns its id. Nothing is carried out yet."""

    @abstractmethod
    def send_job(self, job: str, rows: Sequence[CallResult] | Sequence[MemberStatus]) -> None:
        """Hand the rows over: from now on they may be carried out."""

    @abstractmethod
    def job_state(self, job: str) -> JobState:
        """How far it is."""

    @abstractmethod
    def job_outcomes(self, job: str) -> Iterator[RowOutcome]:
        """The outcome of every row of a job that is done or failed, streamed."""

    @abstractmethod
    def abort_job(self, job: str) -> None:
        """Give up a job that is open."""
