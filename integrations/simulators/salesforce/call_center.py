"""The call-centre definition file as the organisation imports it: its rules, and what is taken from it.

After the Open CTI Developer Guide, "Call Center Definition File XML Format", "Required Call Center Elements and
Attributes", "Optional Call Center Elements and Attributes"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree

GENERAL, DIALLING = "reqGeneralInfo", "reqDialingOptions"
# Item -> its sortOrder where the guide fixes one.
REQUIRED = {
    "reqInternalName": "0", "reqDisplayName": "1", "reqAdapterUrl": "", "reqUseApi": "", "reqSoftphoneHeight": "",
    "reqSoftphoneWidth": "",
}  # fmt: skip
DIALLING_ITEMS = ("reqOutsidePrefix", "reqLongDistPrefix", "reqInternationalPrefix")
OPTIONAL = {
    "reqSalesforceCompatibilityMode", "reqDescription", "reqStandbyUrl", "reqTimeout", "reqCanvasApiName",
    "reqCanvasNamespace",
}  # fmt: skip
MODES = ("Classic", "Lightning", "Classic_and_Lightning")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
LARGEST = 100_000  # bytes
LONGEST_DISPLAY_NAME = 1000


class BadDefinition(ValueError):
    """The file cannot be imported; the text says which rule it breaks."""


@dataclass(frozen=True)
class CallCenter:
    """`settings` are all items by "/section/item", as `getCallCenterSettings` gives them."""

    internal_name: str
    display_name: str
    adapter_url: str
    width: int
    height: int
    mode: str
    settings: dict[str, str]

    def shown_in(self, page: str) -> bool:
        """`page`: "lightning" or "classic"."""
        return page in self.mode.lower()


def read(content: bytes) -> CallCenter:
    """The call centre that a file describes. Raises `BadDefinition`."""
    root = _parsed(content)
    if root.tag != "callCenter":
        raise BadDefinition(f"The root element must be callCenter, not {root.tag}.")
    settings = _items(root)
    general = {key.rpartition("/")[2]: value for key, value in settings.items() if key.startswith(f"/{GENERAL}/")}
    _complete(settings, general)
    _check_names(general)
    mode = general.get("reqSalesforceCompatibilityMode", "Classic")
    if mode not in MODES:
        raise BadDefinition(f"reqSalesforceCompatibilityMode is one of {', '.join(MODES)}.")
    _check_address(general["reqAdapterUrl"], mode)
    _check_standby(general)
    return CallCenter(
        internal_name=general["reqInternalName"], display_name=general["reqDisplayName"],
        adapter_url=general["reqAdapterUrl"], width=_pixels(general, "reqSoftphoneWidth"),
        height=_pixels(general, "reqSoftphoneHeight"), mode=mode, settings=settings,
    )  # fmt: skip


def _parsed(content: bytes) -> ElementTree.Element:
    if len(content) > LARGEST or b"<!DOCTYPE" in content:
        raise BadDefinition("The file is too large, or has a document type.")
    try:
        return ElementTree.fromstring(content)  # noqa: S314 - without a document type there are no entities
    except ElementTree.ParseError as error:
        raise BadDefinition(f"This is not XML: {error}.") from None


def _items(root: ElementTree.Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for section in root.findall("section"):
        _attributes(section)
        for item in section.findall("item"):
            _attributes(item)
            key = f"/{section.get('name')}/{item.get('name')}"
            if key in found:
                raise BadDefinition(f"{key} is there twice.")
            _check_order(item)
            found[key] = (item.text or "").strip()
    return found


def _attributes(element: ElementTree.Element) -> None:
    missing = [name for name in ("sortOrder", "name", "label") if not element.get(name)]
    if missing:
        raise BadDefinition(f"<{element.tag}> lacks the attribute {missing[0]}.")


def _check_order(item: ElementTree.Element) -> None:
    wanted = REQUIRED.get(str(item.get("name")), "")
    if wanted and item.get("sortOrder") != wanted:
        raise BadDefinition(f"{item.get('name')} must have a sortOrder value of {wanted}.")


def _complete(settings: dict[str, str], general: dict[str, str]) -> None:
    missing = [name for name in REQUIRED if name not in general]
    missing += [name for name in DIALLING_ITEMS if f"/{DIALLING}/{name}" not in settings]
    if missing:
        raise BadDefinition(f"The item {missing[0]} is required.")
    unknown = sorted(set(general) - set(REQUIRED) - OPTIONAL)
    if unknown:
        raise BadDefinition(f"{unknown[0]} is no item of {GENERAL}.")


def _check_names(general: dict[str, str]) -> None:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,39}", general["reqInternalName"]):
        raise BadDefinition("reqInternalName takes at most 40 letters and digits, and begins with a letter.")
    if not 0 < len(general["reqDisplayName"]) <= LONGEST_DISPLAY_NAME:
        raise BadDefinition("reqDisplayName takes 1 to 1,000 characters.")
    if general["reqUseApi"] not in ("true", "false"):
        raise BadDefinition("reqUseApi is true or false.")


def _check_address(address: str, mode: str) -> None:
    """https for Lightning. An http address of this very machine passes here, so that the demo can be tried."""
    parts = urlsplit(address)
    if address.startswith("/") and not parts.netloc:
        return  # a Visualforce page
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadDefinition("reqAdapterUrl must be a web address.")
    if "Lightning" in mode and parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise BadDefinition("reqAdapterUrl must use https to be shown in Lightning Experience.")


def _check_standby(general: dict[str, str]) -> None:
    if ("reqStandbyUrl" in general) != ("reqTimeout" in general):
        raise BadDefinition("reqStandbyUrl and reqTimeout go together.")


def _pixels(general: dict[str, str], name: str) -> int:
    if not general[name].isdecimal() or int(general[name]) == 0:
        raise BadDefinition(f"{name} is a number of pixels.")
    return int(general[name])
