"""The call in the ticket's conversation: an internal note, found again by its last line.

A voice comment shows the call with the address of its recording. Zendesk wants six values for it ("Adding voice
comments to tickets"); where the activity does not know them all, the note stands alone. The note goes first: it holds
everything, and the line by which it is found again."""

from typing import Any

from integrations.activity_text import entry, holds_reference
from integrations.capabilities import Activity, RecordRef
from integrations.errors import Cause, Rejected

from .answers import cursor_after, list_in, number, record_in
from .properties import REPLY, VOICE
from .records import Records

PAGE = 100
PAGES = 10


class History(Records):
    @property
    def activity_has_owner(self) -> bool:  # type: ignore[override]
        """A voice comment names the agent; nothing else does, and looking one up costs a request."""
        return bool(self.properties["activity_form"] == VOICE)

    def add_activity(self, ref: RecordRef, activity: Activity) -> None:
        public = self.properties["activity_form"] == REPLY
        self._write(ref, {"comment": {"body": entry(activity), "public": public}}, "Post activity")
        if self.properties["activity_form"] == VOICE and is_complete(activity):
            self._write(ref, {"voice_comment": voice_comment(activity)}, "Post voice comment")

    def has_activity(self, ref: RecordRef, key: str) -> bool:
        """The newest comments first; a thousand are looked through."""
        after = ""
        for _ in range(PAGES):
            parameters = {"sort": "-created_at", "page[size]": str(PAGE), **({"page[after]": after} if after else {})}
            path = self.path(ticket(ref), "/comments")
            response = self.http.get(path, params=parameters, purpose="Look for posted activity")
            if any(holds_reference(str(row.get("body") or ""), key) for row in list_in(response, "comments")):
                return True
            after = cursor_after(response)
            if not after:
                break
        return False

    def _write(self, ref: RecordRef, body: dict[str, Any], purpose: str) -> None:
        # PUT, but not idempotent: each adds a comment. Whether it was added is for `has_activity` to say.
        record_in(self.http.put(self.path(ticket(ref)), json={"ticket": body}, retry=0, purpose=purpose), "ticket")


def ticket(ref: RecordRef) -> RecordRef:
    if ref.kind != "ticket":
        raise Rejected(
            f"Zendesk keeps the history of calls in tickets, not in a {ref.kind}. Let the scenario make a ticket.",
            cause=Cause.INVALID_DATA,
        )
    return ref


def is_complete(activity: Activity) -> bool:
    """Whether it knows what a voice comment needs."""
    return all((activity.from_number, activity.to_number, activity.recording_url, activity.owner))


def voice_comment(activity: Activity) -> dict[str, Any]:
    return {
        "from": activity.from_number,
        "to": activity.to_number,
        "recording_url": activity.recording_url,
        "started_at": activity.started_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "call_duration": activity.duration_seconds,
        "answered_by_id": int(number(activity.owner)),
    }
