"""The call-centre definition file: with it Salesforce's administrator makes the softphone, without typing an address.

Names, order and limits of the items after the Open CTI guide ("Call Center Definition Files", "Required Call Center
Elements and Attributes"). The dialling options are required to be there; numbers go out as they were clicked."""

import re
from urllib.parse import urlsplit
from xml.etree import ElementTree

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from integrations.actions import Download, Result, action

from .frame import Frame

PAGE = "/agentdesktop/Salesforce.jsp"
BOTH, ONLY_LIGHTNING, ONLY_CLASSIC = "Classic_and_Lightning", "Lightning", "Classic"
MODES = (
    (BOTH, "Lightning Experience and Classic"),
    (ONLY_LIGHTNING, "Lightning Experience"),
    (ONLY_CLASSIC, "Classic"),
)
INTERNAL_NAME = r"^[A-Za-z][A-Za-z0-9]{0,39}$"
LONGEST_DISPLAY_NAME = 1000
SMALLEST, LARGEST = 240, 2500  # pixels


class CallCenterForm(forms.Form):
    internal_name = forms.RegexField(
        INTERNAL_NAME,
        label="Internal name",
        initial="AgentDesktop",
        error_messages={"invalid": "At most 40 letters and digits, beginning with a letter: Salesforce takes no more."},
        help_text="Names the call centre in Salesforce's database. It must be new there, and cannot be changed later.",
    )
    display_name = forms.CharField(
        label="Display name",
        initial="Agent Desktop",
        max_length=LONGEST_DISPLAY_NAME,
        help_text="What Salesforce's administrator sees in the list of call centres.",
    )
    mode = forms.ChoiceField(
        label="User interface",
        choices=MODES,
        initial=BOTH,
        help_text="Where the softphone appears. The desktop itself knows by the page around it which of them it is in.",
    )
    width = forms.IntegerField(
        label="Width", initial=400, min_value=SMALLEST, max_value=LARGEST, help_text="Of the softphone, in pixels."
    )
    height = forms.IntegerField(
        label="Height", initial=650, min_value=SMALLEST, max_value=LARGEST, help_text="Of the softphone, in pixels."
    )


class CallCenter(Frame):
    @action(
        "Call centre file",
        form=CallCenterForm,
        help_text=(
            "Makes the file that Salesforce's administrator imports under Setup > Call Centers > Import. Open CTI is "
            "in maintenance and ends on 28 February 2028; organisations made for Agentforce Service today have none."
        ),
    )
    def call_center_file(self, internal_name: str, display_name: str, mode: str, width: int, height: int) -> Result:
        """The definition as a file. Raises `ValidationError` where our own address is one that Lightning refuses."""
        address = adapter_url()
        if urlsplit(address).scheme != "https" and not self.account.simulated:
            raise ValidationError(
                f"Salesforce shows pages with https only, and ours is {address}. Let whoever runs this product set "
                "PUBLIC_URL to its https address, then make the file again."
            )
        general = {
            "reqInternalName": internal_name, "reqDisplayName": display_name, "reqAdapterUrl": address,
            "reqUseApi": "true", "reqSoftphoneHeight": str(height), "reqSoftphoneWidth": str(width),
            "reqSalesforceCompatibilityMode": mode,
        }  # fmt: skip
        content = definition(general, account=str(self.account.public_id))
        return Result(
            True,
            "Import the file in Salesforce: Setup > Call Centers > Import. Then Manage Call Center Users > Add More "
            "Users, and add Open CTI Softphone to the utility bar of the Lightning app (Setup > App Manager).",
            rows=(
                ("CTI Adapter URL", address),
                ("Allowed in", ", ".join(dict.fromkeys(p.origin for p in self.places()))),
            ),
            download=Download(f"{internal_name}.xml", "application/xml", content),
        )


def adapter_url() -> str:
    return f"{str(settings.PUBLIC_URL).rstrip('/')}{PAGE}"


LABELS = {
    "reqInternalName": "InternalName",
    "reqDisplayName": "Display Name",
    "reqAdapterUrl": "CTI Adapter URL",
    "reqUseApi": "Use CTI API",
    "reqSoftphoneHeight": "Softphone Height",
    "reqSoftphoneWidth": "Softphone Width",
    "reqSalesforceCompatibilityMode": "Salesforce Compatibility Mode",
    "reqOutsidePrefix": "Outside Prefix",
    "reqLongDistPrefix": "Long Distance Prefix",
    "reqInternationalPrefix": "International Prefix",
    "account": "Account",
}
DIALLING = {"reqOutsidePrefix": "", "reqLongDistPrefix": "1", "reqInternationalPrefix": "01"}
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def definition(general: dict[str, str], *, account: str) -> bytes:
    """The file, UTF-8. The last section is ours: by the account's public id a person sees whose file this is."""
    root = ElementTree.Element("callCenter")
    sections = (
        ("reqGeneralInfo", "General Information", general),
        ("reqDialingOptions", "Dialing Options", DIALLING),
        ("contactCentre", "Contact Centre", {"account": account}),
    )
    for order, (name, label, items) in enumerate(sections):
        section = ElementTree.SubElement(root, "section", sortOrder=str(order), name=name, label=label)
        for position, (key, value) in enumerate(items.items()):
            item = ElementTree.SubElement(section, "item", sortOrder=str(position), name=key, label=LABELS[key])
            item.text = NO_XML.sub("", value)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))
