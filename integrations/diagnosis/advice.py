"""What each cause means at any vendor, who acts, and what the next step is. Providers lay their own words over it."""

from ..errors import Cause
from .verdict import NETWORK, THEIR_ADMINISTRATOR, VENDOR, YOU, Advice

GENERAL: dict[Cause, Advice] = {
    Cause.INCOMPLETE: Advice(
        "The account's settings are not complete, or one of them cannot be right.",
        YOU,
        "Open the account, correct the fields named above and save.",
    ),
    Cause.NEVER_AUTHORISED: Advice(
        "Nobody has logged in at the vendor for this account yet, so there is nothing to show it.",
        YOU,
        "Open the account and use its button to request a token or to authorise it.",
    ),
    Cause.BAD_CREDENTIALS: Advice(
        "The vendor does not accept the user name, password, key or secret of this account.",
        YOU,
        "Copy the credentials from the vendor's screens again and save them. If they are right, ask the vendor's "
        "administrator whether the user is active and allowed to use the API.",
    ),
    Cause.TOKEN_EXPIRED: Advice(
        "The access has run out and could not be renewed.",
        YOU,
        "Authorise the account again with its button.",
    ),
    Cause.REFRESH_REVOKED: Advice(
        "The vendor has ended the permission that was once given: it was withdrawn, ran out, or the password changed.",
        YOU,
        "Authorise the account again with its button.",
    ),
    Cause.WRONG_HOST: Advice(
        "The address does not lead to this vendor's interface: it is misspelt, has moved, or is somebody else's.",
        YOU,
        "Open the system in a browser and compare its address with the one in the account, letter by letter.",
    ),
    Cause.BLOCKED_ADDRESS: Advice(
        "The address lies inside a private network. Connections there are blocked, so that nobody reaches internal "
        "systems through an account.",
        NETWORK,
        "If this system really is on your premises, let whoever runs this product add its network to "
        "INTEGRATIONS_ALLOWED_NETWORKS.",
    ),
    Cause.TLS_FAILED: Advice(
        "The system answers, but cannot prove that it is the right one, so nothing was sent.",
        THEIR_ADMINISTRATOR,
        "Have the certificate renewed, or issued for the name that the account uses, together with its intermediate "
        "certificates. TLS 1.2 or later must be switched on.",
    ),
    Cause.ASLEEP: Advice(
        "The system is switched off for now or sleeps until somebody uses it.",
        YOU,
        "Wake it in the vendor's portal, wait until its log-in page appears, and test again.",
    ),
    Cause.NO_PERMISSION: Advice(
        "We are logged in, but this user may not do what we tried.",
        THEIR_ADMINISTRATOR,
        "Give the user of this account the right to what is named above.",
    ),
    Cause.IP_RESTRICTED: Advice(
        "The vendor lets this user in only from certain addresses, and ours is not one of them.",
        THEIR_ADMINISTRATOR,
        "Add the outgoing address of this server to the vendor's list of allowed addresses.",
    ),
    Cause.API_DISABLED: Advice(
        "The interface, or a part of it, is switched off or not included in the contract.",
        THEIR_ADMINISTRATOR,
        "Switch it on, or ask the vendor whether the contract includes it.",
    ),
    Cause.RATE_LIMITED: Advice(
        "The vendor counts calls, and there were too many in a short time.",
        THEIR_ADMINISTRATOR,
        "Wait as long as told. If it happens often, ask for a higher limit.",
    ),
    Cause.NOT_FOUND: Advice(
        "What we asked for is not there, or is hidden from the user of this account.",
        THEIR_ADMINISTRATOR,
        "Check that it exists and that the user of this account may see it.",
    ),
    Cause.INVALID_DATA: Advice(
        "The vendor understood the request and refuses its content.",
        YOU,
        "Read the vendor's own words above; they usually name the field.",
    ),
    Cause.CONFLICT: Advice(
        "Somebody changed the same thing at the same time, or it exists already.",
        YOU,
        "Look at the record in the vendor's system, then try again.",
    ),
    Cause.REMOTE_ERROR: Advice(
        "The vendor's system itself failed, or answered something that makes no sense.",
        VENDOR,
        "Try again in a few minutes. If it lasts, look at the vendor's status page and report it there.",
    ),
    Cause.UNREACHABLE: Advice(
        "No connection came about: the system is down, or something on the way does not let us through.",
        NETWORK,
        "Check that the system is up, and that the firewall lets this server reach that address and port.",
    ),
    Cause.TIMEOUT: Advice(
        "The other side was silent for too long: it is overloaded, or something on the way swallows the data.",
        NETWORK,
        "Try again in a minute. If it lasts, check firewall and proxy between this server and the vendor.",
    ),
}

# For a name that cannot be found although nobody has typed it.
VENDORS_OWN_NAME = Advice(
    "The address is the vendor's own and was not entered by anybody here. Probably this server cannot look up names on "
    "the internet; otherwise the vendor has moved.",
    NETWORK,
    "Have whoever runs this product check this server's name server and its way to the internet. If other vendors are "
    "found, ask this one for today's address.",
)


def advice_for(cause: Cause, own: "dict[Cause, Advice] | None" = None) -> Advice:
    """The provider's advice where it has some, else the general one."""
    return {**GENERAL, **(own or {})}.get(cause) or GENERAL[Cause.REMOTE_ERROR]
