"""Single sign-on to the administration."""

from .sso import SamlSignOn
from .sso_properties import GroupMapField, SsoProperties

DOOR = "/admin/"


class AdminSsoProperties(SsoProperties):
    advanced = (*SsoProperties.advanced, "group_map")

    door = DOOR
    group_map = GroupMapField(
        label="Groups",
        required=False,
        help_text="Which group at the identity provider brings which of our groups (see Groups). Somebody who was "
        "created at log-in and is in none of them is not let in.",
    )


class AdminSso(SamlSignOn):
    """Logs administrators in. Whoever it creates has the rights of the mapped groups and no others."""

    key = "sso_admin"
    label = "Administrator SSO"
    door = DOOR
    Properties = AdminSsoProperties
