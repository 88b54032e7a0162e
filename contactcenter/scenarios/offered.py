"""Which `$(names)` a person may put into a setting of one block: what earlier blocks fill, what is always known, and
the columns of recordsets. Read off the classes: a setting that is a `NameField` names what the block fills."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import Scenario, ScenarioRun

from .blocks import BY_KIND
from .definition import BlockData
from .differences import title_of
from .settings_fields import NameField
from .substitution import VARIABLE
from .values import COUNT, KNOWN

RECORDSET = "recordset"
# What every record has besides the columns of its table.
OWN_COLUMNS: dict[str, Any] = {
    COUNT: _t("how many records were found"),
    "sys_id": _t("identifier of the first record"),
    "__kind__": _t("its object type"),
    "__title__": _t("its name"),
    "__url__": _t("its address"),
}
WORDS: dict[str, Any] = {
    "ANI": _t("the caller's number as it came"),
    "destination": _t("the number that was called"),
    "item.customerPhone": _t("the caller's number, in full"),
    "item.callerId": _t("the caller's identifier at the CRM"),
    "item.callerKind": _t("what the caller is there: contact, lead, user"),
    "item.callerName": _t("the caller's name"),
    "item.callerStatus": _t("matched, several, unknown"),
    "item.service": _t("the service that was called"),
    "item.interactionId": _t("our identifier of the call"),
    "item.reference": _t("our short number of the call"),
    "item.direction": _t("inbound or outbound"),
    "item.media": _t("voice or chat"),
    "item.state": _t("how far the call is"),
    "item.disposition": _t("how the call ended, as the agent says"),
    "item.notes": _t("what the agent noted"),
    "item.firstName": _t("the contact's first name"),
    "item.lastName": _t("the contact's last name"),
    "user.crmId": _t("the CRM's user for the agent"),
    "user.loginId": _t("the agent's log-in"),
    "user.firstName": _t("the agent's first name"),
    "user.lastName": _t("the agent's last name"),
    "user.email": _t("the agent's e-mail address"),
    "user.extension": _t("the agent's extension"),
    "user.team": _t("the agent's team"),
    "agentState": _t("the agent's state"),
    "notReadyReason": _t("why the agent is not ready"),
    "integrationResultCode": _t("status of the last answer of a system"),
    "integrationResultBody": _t("body of the last answer of a system"),
}


@dataclass(frozen=True, slots=True)
class Name:
    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Offer:
    """Names that belong together, under a heading."""

    label: str
    names: list[Name]


def offered(definition: dict[str, Any], key: str, *, scenario: Scenario | None = None) -> list[dict[str, Any]]:
    """Groups of names for the block: [{"label", "names": [{"name", "words"}]}], the nearest to the point first."""
    blocks = {block["key"]: block for block in definition["blocks"]}
    earlier = [blocks[k] for k in before(key, blocks)]
    columns = _columns_used(definition)
    for name, seen in (_columns_seen(scenario) if scenario else {}).items():
        columns.setdefault(name, set()).update(seen)
    offers = [
        *_set_by(earlier),
        *_recordsets(earlier, columns),
        Offer(_("The call"), _known("item.", "ANI", "destination", "global_")),
        Offer(_("The agent"), _known("user.", "agentState", "notReadyReason")),
    ]
    if any(BY_KIND[b["kind"]].account_type for b in earlier if b.get("kind") in BY_KIND):
        names = ("integrationResultCode", "integrationResultBody")
        offers.insert(-2, Offer(_("Last answer of a system"), [Name(n, str(WORDS[n])) for n in names]))
    return [asdict(offer) for offer in offers if offer.names]


def before(key: str, blocks: dict[str, BlockData]) -> list[str]:
    """Keys of the blocks from which this one can be reached, the nearest first."""
    sources: dict[str, list[str]] = {}
    for block in blocks.values():
        for to in block.get("exits", {}).values():
            sources.setdefault(to, []).append(block["key"])
    found: list[str] = []
    todo = list(sources.get(key, []))
    while todo:
        source = todo.pop(0)
        if source not in found and source != key:
            found.append(source)
            todo += sources.get(source, [])
    return found


def _filled(block: BlockData, *, recordsets: bool) -> Iterator[tuple[str, str]]:
    """Label of the setting and the name in it, for settings that name what the block fills."""
    kind = BY_KIND.get(block.get("kind", ""))
    for setting, field in (kind.Settings.base_fields if kind else {}).items():
        value = block.get("settings", {}).get(setting, field.initial)
        is_recordset = RECORDSET in f"{setting} {field.label}".lower()
        if isinstance(field, NameField) and isinstance(value, str) and value and is_recordset is recordsets:
            yield str(field.label or setting), value


def _set_by(earlier: Iterable[BlockData]) -> Iterator[Offer]:
    names: dict[str, Name] = {}
    for block in earlier:
        for label, name in _filled(block, recordsets=False):
            names.setdefault(name, Name(name, _("%(what)s, set by “%(block)s”") % {
                "what": label, "block": title_of(block)}))  # fmt: skip
    yield Offer(_("Set by earlier blocks"), list(names.values()))


def _recordsets(earlier: Iterable[BlockData], columns: dict[str, set[str]]) -> Iterator[Offer]:
    seen: set[str] = set()
    for block in earlier:
        for _label, name in _filled(block, recordsets=True):
            if name in seen:
                continue
            seen.add(name)
            own = [Name(f"{name}.{column}", str(words)) for column, words in OWN_COLUMNS.items()]
            more = sorted(columns.get(name, set()) - set(OWN_COLUMNS))
            title = _("Records found by “%s”") % title_of(block)
            yield Offer(title, [*(Name(f"{name}.{column}", _("column of the first record")) for column in more), *own])


def _columns_used(definition: dict[str, Any]) -> dict[str, set[str]]:
    """Columns that templates of this scenario name already."""
    found: dict[str, set[str]] = {}
    for name in VARIABLE.findall(str([block.get("settings") for block in definition["blocks"]])):
        base, dot, column = name.partition(".")
        if dot and base not in ("item", "user"):
            found.setdefault(base, set()).add(column)
    return found


def _columns_seen(scenario: Scenario) -> dict[str, set[str]]:
    """Columns that the last run really got."""
    run = ScenarioRun.objects.filter(version__scenario=scenario).order_by("-pk").first()
    found: dict[str, set[str]] = {}
    for name, value in (run.variables if run else {}).items():
        if isinstance(value, dict) and value.get("records"):
            found[name] = set(value["records"][0])
    return found


def _known(*beginnings: str) -> list[Name]:
    return [Name(name, str(WORDS.get(name, ""))) for name in KNOWN if name.startswith(beginnings)]
