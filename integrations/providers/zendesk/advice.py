"""What each cause means at Zendesk and who clicks what there, over the doctor's general advice."""

from integrations.diagnosis.doctor import Advice
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, VENDOR, YOU
from integrations.errors import Cause

APIS = "Admin Center > Apps and integrations > APIs"
TEAM_MEMBERS = "Admin Center > People > Team > Team members: open our user"

ADVICE: dict[Cause, Advice] = {
    Cause.NEVER_AUTHORISED: Advice(
        "Nobody has allowed us the access yet, so there is no token. Tokens made before Zendesk's change of 2026 have "
        "no refresh token either and need this once.",
        YOU,
        "Press Authorise, sign in at Zendesk as the integration user and press Allow.",
    ),
    Cause.BAD_CREDENTIALS: Advice(
        "Zendesk does not know the credentials, or does not accept them any more: OAuth client or secret, user name "
        "and API token, a suspended user, an API token that was unused for 30 days, or any API token after 30 April "
        "2027. A password is never accepted.",
        YOU,
        "With OAuth: copy Identifier and Secret again. With an API token: check the e-mail address, then move to OAuth "
        "with the account's button while the token still works.",
        (
            f"{APIS} > OAuth clients: open our client, compare Identifier and Client kind; Generate new secret if the "
            "secret is lost",
            f"{APIS} > API tokens: our token must be listed as Active",
            f"{TEAM_MEMBERS}: under its name it must not say Suspended; the menu beside it has Unsuspend access",
        ),
    ),
    Cause.TOKEN_EXPIRED: Advice(
        "The access token is not accepted and a new one could not be used either: it was withdrawn, or the OAuth "
        "client was deleted.",
        YOU,
        "Press Authorise again.",
        (f"{APIS} > OAuth clients: is our client still there? Its Tokens tab lists what is valid",),
    ),
    Cause.REFRESH_REVOKED: Advice(
        "The permission that was given once has ended: withdrawn, unused longer than the refresh token's life, or its "
        "refresh token was used by somebody else, for example by a copy of this system with the same account.",
        YOU,
        "Press Authorise again. If this comes back, make sure that no second system uses this account's tokens.",
        (f"{APIS} > OAuth clients: open our client > Tokens",),
    ),
    Cause.WRONG_HOST: Advice(
        "The address does not lead to a help desk: the subdomain is misspelt or was renamed, or it is the address of a "
        "help centre with a name of its own.",
        YOU,
        "Open Zendesk as an agent and copy the address up to .zendesk.com into URL.",
        ("Admin Center > Account > Brand management > Brands: the Subdomain of the default brand",),
    ),
    Cause.NO_PERMISSION: Advice(
        "We are signed in, but our user or our token may not do what we tried. A light agent reads and writes internal "
        "notes only; a customer may do nothing here; a token may do only what its scopes say.",
        THEIR_ADMINISTRATOR,
        "Give the integration user the role Agent or Administrator, with access to all tickets, and authorise again "
        "with the scopes of this account.",
        (
            f"{TEAM_MEMBERS} > Roles and access: Support must be on, with a role that is not Light agent",
            "Admin Center > People > Team > Roles: the role may add and edit tickets and end users",
            f"{APIS} > OAuth clients: open our client > Allowed scopes must hold those of the account (Scope)",
        ),
    ),
    Cause.API_DISABLED: Advice(
        "Access by this way is switched off: API token access for the whole help desk, or the help desk itself, "
        "suspended or cancelled.",
        THEIR_ADMINISTRATOR,
        "Switch token access on, or better, move the account to OAuth, which needs no switch. A suspended or cancelled "
        "help desk is the account owner's business.",
        (
            f"{APIS} > API configuration: Allow API token access. (Allow password access does not help us: it is for "
            "customers only)",
            "Admin Center > Account > Billing > Subscription: the state of the subscription",
        ),
    ),
    Cause.RATE_LIMITED: Advice(
        "Zendesk counts calls per minute for the whole help desk (200 to 2,500 by plan), 30 changes of one ticket in "
        "ten minutes, and 5 changes of one user in a minute.",
        THEIR_ADMINISTRATOR,
        "Wait as told. If it happens often, see who uses the calls, or buy the high volume add-on.",
        (f"{APIS} > API usage: calls per minute, and by which client",),
    ),
    Cause.NOT_FOUND: Advice(
        "The record does not exist, was deleted or merged, or lies where our user may not look.",
        THEIR_ADMINISTRATOR,
        "Look for it as administrator. If it is there, give our user access to all tickets.",
        (f"{TEAM_MEMBERS} > Roles and access: Access to all tickets",),
    ),
    Cause.INVALID_DATA: Advice(
        "Zendesk understood us and refuses the content: a required field is empty, a value is not on its list, the "
        "customer is suspended, or the ticket is closed, which is final.",
        THEIR_ADMINISTRATOR,
        "Read Zendesk's own words below. A closed ticket needs a follow-up; automations decide when tickets close.",
        (
            "Admin Center > Objects and rules > Tickets > Fields: required fields, values of lists",
            "Admin Center > Objects and rules > Business rules > Automations: when solved tickets close",
        ),
    ),
    Cause.CONFLICT: Advice(
        "Somebody changed the ticket after we had read it, or a ticket was made with the same key before.",
        YOU,
        "Open the ticket in Zendesk, see what changed, and write again what is still needed.",
    ),
    Cause.REMOTE_ERROR: Advice(
        "Zendesk itself failed, is under maintenance, or its search is busy.",
        VENDOR,
        "Try again in a few minutes. If it lasts, look at Zendesk's status.",
        ("status.zendesk.com: enter your subdomain",),
    ),
}
