"""What each cause means at Salesforce and who clicks what there, over the doctor's general advice."""

from integrations.diagnosis.doctor import Advice
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, VENDOR, YOU
from integrations.errors import Cause

APP = "Setup > External Client App Manager (connected apps of before: Setup > App Manager): open our app"
USER = "Setup > Users > Users: open the integration user"

ADVICE: dict[Cause, Advice] = {
    Cause.NEVER_AUTHORISED: Advice(
        "Nobody has allowed this account to use Salesforce yet, so there is no refresh token.",
        YOU,
        "Press Request token, log in as the integration user and allow the access.",
    ),
    Cause.BAD_CREDENTIALS: Advice(
        "Salesforce does not accept the Consumer key, the Consumer secret or the user. A sandbox's key is unknown in "
        "production and the other way round; a new app is known after some ten minutes.",
        YOU,
        "Compare Consumer key and secret, and the box Sandbox environment. If they are right, ask the Salesforce "
        "administrator to look at the user.",
        (
            APP,
            "Settings > OAuth Settings > Consumer Key and Secret: compare both with this account",
            "Callback URL: our address ending in /admin/salesforcecallback.html, letter by letter",
            f"{USER}: Active is ticked, the user is not locked, Login History names the reason of a refusal",
            "If the password has expired: Reset Password, or set Password Never Expires in the user's permission set",
        ),
    ),
    Cause.TOKEN_EXPIRED: Advice(
        "The session has ended and a new one could not be used either, or an authorisation was not finished in time.",
        YOU,
        "Press Request token again (Authorisation code), or test once more (the other grants).",
    ),
    Cause.REFRESH_REVOKED: Advice(
        "The permission that was once given has ended: withdrawn, unused for too long, the password changed, pushed "
        "out because the user allowed this app a sixth time, or - where refresh tokens rotate - because an old one was "
        "used somewhere. Salesforce does not tell which.",
        YOU,
        "Press Request token. If it happens again, let nothing else use the same user and app.",
        (
            f"{USER} > OAuth Apps: how many entries has our app? Five is the most",
            f"{APP} > Policies > Refresh Token Policy: valid until revoked",
            "OAuth scopes of the app: Perform requests at any time (refresh_token, offline_access) is among them",
        ),
    ),
    Cause.IP_RESTRICTED: Advice(
        "The session is good and may not be used from here: an address outside of the allowed ranges, a session of too "
        "low a security level, or an app that may not use the API. Asking again changes nothing.",
        THEIR_ADMINISTRATOR,
        "Let the outgoing address of this server in, or relax the app.",
        (
            f"{APP} > Policies > IP Relaxation: Relax IP restrictions",
            "Setup > Profiles > the integration user's profile > Login IP Ranges",
            "Setup > Security > Network Access: trusted ranges",
            "Setup > Session Settings: Lock sessions to the IP address, and session security levels",
            "Setup > API Access Control: our app is on the list",
        ),
    ),
    Cause.API_DISABLED: Advice(
        "The API, or the way we sign in, is switched off. Professional Edition has the API only as an addition to the "
        "contract.",
        THEIR_ADMINISTRATOR,
        "Switch it on for the organisation, the user and the app.",
        (
            f"{USER} > Permission Set Assignments: API Enabled is in one of them, or in the profile",
            f"{APP} > OAuth Settings: the flow of this account's Grant type is ticked; scopes api and refresh_token",
            f"{APP} > Policies > Client Credentials Flow: a Run As user is chosen (Client credentials)",
            "Setup > Company Information: the edition includes the API",
        ),
    ),
    Cause.NO_PERMISSION: Advice(
        "We are signed in, but the user has no right to what we tried, or the app was not approved for the user.",
        THEIR_ADMINISTRATOR,
        "Give the integration user: read on Contact, Lead, Account and User; create, read and edit on Case and Task; "
        "and the app.",
        (
            "Setup > Permission Sets > New: object settings of Contacts, Leads, Accounts, Cases, Tasks; field "
            "permissions of the phone fields",
            f"{USER} > Permission Set Assignments: add it",
            f"{APP} > Policies > Permitted Users: all users may self-authorise, or pre-approve the user's profile",
        ),
    ),
    Cause.RATE_LIMITED: Advice(
        "Salesforce counts the organisation's API calls of the last 24 hours, of all systems together.",
        THEIR_ADMINISTRATOR,
        "Press Check limits to see what is used up. Find out who uses the most, or buy more calls.",
        ("Setup > Company Information: API Requests, Last 24 Hours", "Setup > System Overview > API Usage"),
    ),
    Cause.ASLEEP: Advice(
        "The organisation is not active: a sandbox that was deleted or put to sleep, a trial that ended, or an "
        "organisation that Salesforce has locked.",
        THEIR_ADMINISTRATOR,
        "Log in to it in a browser. If that does not work either, look at it from production.",
        ("In production: Setup > Environments > Sandboxes: activate or refresh it",),
    ),
    Cause.WRONG_HOST: Advice(
        "The address does not lead to this organisation: the My Domain was renamed, misspelt, or belongs to somebody "
        "else.",
        YOU,
        "Log in to Salesforce in a browser and copy the current My Domain into Url.",
        ("Setup > Company Settings > My Domain: Current My Domain URL",),
    ),
    Cause.NOT_FOUND: Advice(
        "The record was deleted, merged into another, or the integration user may not see it: Salesforce answers all "
        "alike.",
        THEIR_ADMINISTRATOR,
        "Look for the record as administrator. If it is there, share it with the integration user.",
        ("Setup > Sharing Settings: organisation-wide defaults and rules", "Recycle Bin > Org Recycle Bin"),
    ),
    Cause.INVALID_DATA: Advice(
        "Salesforce understood us and refuses the content: a required field, a value that is not on its list, a "
        "validation rule, a field that the user may not see, or an answer of a shape that its API does not have.",
        THEIR_ADMINISTRATOR,
        "Read Salesforce's own words below. They name the field or the rule.",
        (
            "Setup > Object Manager > the object > Validation Rules",
            "Setup > Object Manager > the object > Fields & Relationships > the field > Set Field-Level Security",
        ),
    ),
    Cause.CONFLICT: Advice(
        "A duplicate rule stopped the record, or somebody is writing it at the same moment.",
        THEIR_ADMINISTRATOR,
        "Look whether the record exists already. If the rule should not apply to us, exclude the integration user.",
        ("Setup > Duplicate Rules: the rule named below > Conditions",),
    ),
    Cause.REMOTE_ERROR: Advice(
        "Salesforce itself failed, or is down for maintenance.",
        VENDOR,
        "Try again in a few minutes. If it lasts, look at the status of your instance.",
        ("status.salesforce.com: search for the instance named in Setup > Company Information",),
    ),
}
