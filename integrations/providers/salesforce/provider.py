"""Salesforce on one page: who it is, what it can do, and where each part lives."""

from collections.abc import Iterator
from datetime import date

from integrations import catalogue
from integrations.actions import Result, action
from integrations.diagnosis.doctor import Passed
from integrations.expiry.expiries import Announced
from integrations.oauth import access

from .advice import ADVICE
from .bulk import Bulk
from .call_center import CallCenter
from .limits import Limits
from .lists import Lists
from .people import People
from .probes import probes
from .properties import SalesforceProperties
from .registration import Registration

END_OF_OPEN_CTI = Announced(
    "Open CTI, which holds the desktop inside Salesforce", date(2028, 2, 28),
    "The desktop works in a window of its own, and everything else of this account goes on. Ask Salesforce about "
    "Salesforce Voice if agents need it inside; organisations made for Agentforce Service today have no Open CTI.",
    "Salesforce, Open CTI Developer Guide",
)  # fmt: skip


class Salesforce(Limits, People, Registration, CallCenter, Lists, Bulk):
    """A Salesforce organisation: OAuth2, Crm, PeopleDirectory, EmbedHost, CallingListSource and CampaignResults."""

    key = "salesforce"
    label = "Salesforce.com"
    type = catalogue.SALESFORCE
    valid_message = "Connection is valid"
    documentation_url = "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/"
    announced = (END_OF_OPEN_CTI,)
    advice = ADVICE
    Properties = SalesforceProperties

    def probes(self) -> Iterator[Passed]:
        return probes(self)

    @action(
        "Forget tokens",
        help_text="Deletes the tokens here and withdraws them at Salesforce. The account has to be authorised again.",
    )
    def forget_tokens(self) -> Result:
        access.forget(self)
        return Result(True, "The tokens were deleted here, and Salesforce was asked to withdraw them.")
