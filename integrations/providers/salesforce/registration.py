"""What Salesforce's administrator enters about us (step 2 of the integration guide)."""

from integrations.oauth import access
from integrations.our_addresses import EnteredAtVendor, OurAddress

from .login import CALLBACK_PATH, Login
from .sign_in_properties import AUTHORIZATION_CODE


class Registration(EnteredAtVendor, Login):
    def our_addresses(self) -> list[OurAddress]:
        """The address of the desktop is in the file of *Call centre file*."""
        if self.properties["grant_type"] != AUTHORIZATION_CODE:
            return []
        where = (
            "Setup > External Client App Manager > the app > Settings > OAuth Settings (connected apps: App Manager > "
            "the app > API (Enable OAuth Settings))."
        )
        return [OurAddress("Callback URL", access.callback_url(CALLBACK_PATH), where)]
