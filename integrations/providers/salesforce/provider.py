"""Salesforce on one page: who it is, what it can do, and where each part lives."""

from collections.abc import Iterator

from integrations import catalogue, oauth
from integrations.actions import Result, action
from integrations.doctor import Passed

from .advice import ADVICE
from .bulk import Bulk
from .frame import Frame
from .limits import Limits
from .lists import Lists
from .people import People
from .probes import probes
from .properties import SalesforceProperties


class Salesforce(Limits, People, Frame, Lists, Bulk):
    """A Salesforce organisation: OAuth2, Crm, PeopleDirectory, EmbedHost, CallingListSource and CampaignResults."""

    key = "salesforce"
    label = "Salesforce.com"
    type = catalogue.SALESFORCE
    valid_message = "Connection is valid"
    documentation_url = "https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/"
    advice = ADVICE
    Properties = SalesforceProperties

    def probes(self) -> Iterator[Passed]:
        return probes(self)

    @action(
        "Forget tokens",
        help_text="Deletes the tokens here and withdraws them at Salesforce. The account has to be authorised again.",
    )
    def forget_tokens(self) -> Result:
        oauth.forget(self)
        return Result(True, "The tokens were deleted here, and Salesforce was asked to withdraw them.")
