"""What ServiceNow's administrator enters about us (steps 2, 4 and 5 of the integration guide)."""

from django.conf import settings

from integrations.oauth import access
from integrations.our_addresses import EnteredAtVendor, OurAddress

from .frame import Frame
from .sign_in_properties import AUTHORIZATION_CODE

PAGE = "/agentdesktop/ServiceNow.jsp"
NOT_KNOWN_YET = "https://<instance>.service-now.com"


class Registration(EnteredAtVendor, Frame):
    def our_addresses(self) -> list[OurAddress]:
        ours = str(settings.PUBLIC_URL).rstrip("/")
        instance = self.web_origin() if self.base_url else NOT_KNOWN_YET
        found = [
            OurAddress(
                "URL",
                f"{ours}{PAGE}?topDomain={instance}",
                "OpenFrame > Configurations (before: System Properties > OpenFrame). Tick Active.",
            ),
            OurAddress(
                "Domain, and allowed origin",
                ours,
                "System Web Services > REST > CORS Rules, method POST; and in sys_properties.list, "
                "glide.ui.concourse.onmessage_enforce_same_origin_whitelist.",
            ),
        ]
        if self.properties["grant_type"] == AUTHORIZATION_CODE:
            found.append(
                OurAddress(
                    "Redirect URL",
                    access.callback_url(),
                    "Machine Identity Console > Inbound integrations > our client (before: System OAuth > Application "
                    "Registry).",
                )
            )
        return found
