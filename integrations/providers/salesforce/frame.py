"""Our desktop inside Salesforce (Open CTI), and what opens in front of the agent.

Inside Lightning a record opens by its id, everything else by an address relative to the organisation (Open CTI guide,
`screenPop`). Outside, a full address opens in a new tab."""

from urllib.parse import quote, urlsplit

from integrations.capabilities import CallFacts, EmbedHost, RecordRef, ScreenPop

from .answers import OBJECT_NAME
from .records import Records

PHONE_FIELD = {"Case": "SuppliedPhone", "Lead": "Phone", "Contact": "Phone"}


class Frame(EmbedHost, Records):
    host_module = "salesforce"

    def web_origin(self) -> str:
        """Lightning pages have an origin of their own, beside the My Domain."""
        parts = urlsplit(self.lightning())
        return f"{parts.scheme}://{parts.netloc}"

    def client_library(self) -> str:
        return f"{self.home()}/support/api/{self.properties['api_version']}/lightning/opencti_min.js"

    def screen_pop(self, ref: RecordRef | None, facts: CallFacts) -> ScreenPop:
        """The record, else the record made for the call, else a new one with what is known of the call."""
        shown = ref or facts.interaction
        if shown is None:
            return self._new_record(facts)
        path = self.page_of(shown)
        title = "Record of this call" if ref is None else facts.name or "Record"
        return ScreenPop(title, self.lightning() + path, entity=shown.kind, query=shown.id, relative_url=path)

    def _new_record(self, facts: CallFacts) -> ScreenPop:
        """Lightning reads `defaultFieldValues` as pairs; a comma in a value is coded once more than the rest."""
        kind = str(self.properties["new_record"])
        known = {PHONE_FIELD.get(kind, ""): facts.phone, "Origin" if kind == "Case" else "": "Phone", **facts.fields}
        if kind in ("Case", "Task"):
            known.setdefault("Subject", f"Call from {facts.name or facts.phone}")
        filled = ",".join(f"{n}={quote(v, safe='')}" for n, v in known.items() if OBJECT_NAME.match(n) and v)
        path = f"/lightning/o/{kind}/new" + (f"?defaultFieldValues={quote(filled, safe='=,')}" if filled else "")
        return ScreenPop("New record", self.lightning() + path, entity=kind, relative_url=path)
