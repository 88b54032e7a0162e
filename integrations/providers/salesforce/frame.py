"""Our desktop inside Salesforce (Open CTI), and what opens in front of the agent.

Lightning and Classic have an origin and a library of their own (Open CTI guide, "Why Your UI Matters"). Inside, a
record opens by its id, everything else by an address relative to the organisation; outside, a full address opens in a
new tab. Where the account leaves it to Salesforce, the caller's number is handed to `searchAndScreenPop`, which obeys
the administrator's Softphone Layout."""

from urllib.parse import quote, urlsplit

import phonenumbers

from integrations.capabilities import CallFacts, EmbedHost, FramePlace, RecordRef, ScreenPop
from integrations.phone import match

from .answers import OBJECT_NAME
from .properties import LAYOUT_POP
from .records import Records

LIGHTNING, CLASSIC = "lightning", "classic"
LIBRARIES = {LIGHTNING: "lightning/opencti_min.js", CLASSIC: "interaction.js"}
PHONE_FIELD = {"Case": "SuppliedPhone", "Lead": "Phone", "Contact": "Phone"}


class Frame(EmbedHost, Records):
    host_module = "salesforce"

    def web_origin(self) -> str:
        """Lightning pages have an origin of their own, beside the My Domain."""
        return origin(self.lightning())

    def client_library(self) -> str:
        return self._library(LIGHTNING)

    def _library(self, mode: str) -> str:
        return f"{self.home()}/support/api/{self.properties['api_version']}/{LIBRARIES[mode]}"

    def places(self) -> tuple[FramePlace, ...]:
        """Lightning first; pages of Classic are on the My Domain itself."""
        return (
            FramePlace(self.web_origin(), self.client_library(), LIGHTNING),
            FramePlace(origin(self.home()), self._library(CLASSIC), CLASSIC),
        )

    def screen_pop(self, ref: RecordRef | None, facts: CallFacts) -> ScreenPop:
        """The record, else the record made for the call, else a new one with what is known of the call."""
        search = search_term(facts.phone) if self.properties["screen_pop"] == LAYOUT_POP else ""
        shown = ref or facts.interaction
        if shown is None:
            return self._new_record(facts, search)
        path = self.page_of(shown)
        title = "Record of this call" if ref is None else facts.name or "Record"
        return ScreenPop(title, self.lightning() + path, shown.kind, shown.id, relative_url=path, search=search)

    def _new_record(self, facts: CallFacts, search: str) -> ScreenPop:
        """Lightning reads `defaultFieldValues` as pairs; a comma in a value is coded once more than the rest."""
        kind = str(self.properties["new_record"])
        known = {PHONE_FIELD.get(kind, ""): facts.phone, "Origin" if kind == "Case" else "": "Phone", **facts.fields}
        if kind in ("Case", "Task"):
            known.setdefault("Subject", f"Call from {facts.name or facts.phone}")
        filled = ",".join(f"{n}={quote(v, safe='')}" for n, v in known.items() if OBJECT_NAME.match(n) and v)
        path = f"/lightning/o/{kind}/new" + (f"?defaultFieldValues={quote(filled, safe='=,')}" if filled else "")
        return ScreenPop("New record", self.lightning() + path, entity=kind, relative_url=path, search=search)


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def search_term(phone: str) -> str:
    """What Salesforce searches for: the number without its country code, because the index finds ends of numbers."""
    try:
        return phonenumbers.national_significant_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return match.digits(phone)
