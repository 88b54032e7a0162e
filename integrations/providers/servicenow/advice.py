"""What each cause means at ServiceNow and who clicks what there, over the doctor's general advice."""

from integrations.diagnosis.doctor import Advice
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, VENDOR, YOU
from integrations.errors import Cause

CLIENT_RECORD = (
    "System OAuth > Application Registry (today: Machine Identity Console > Inbound integrations): open our client",
)

ADVICE: dict[Cause, Advice] = {
    Cause.NEVER_AUTHORISED: Advice(
        "Nobody has signed in for this account yet, so there is no token.",
        YOU,
        "Press Request Refresh Token and enter a ServiceNow user (Password grant), or press Authorise "
        "(Authorisation code grant).",
    ),
    Cause.BAD_CREDENTIALS: Advice(
        "ServiceNow refuses us and gives one answer (access_denied) for many reasons: user name, password, Client ID "
        "or Client Secret wrong; user inactive, locked, asked for a second factor or for web services only; the grant "
        "switched off; a refresh token older than 100 days.",
        YOU,
        "Copy Client ID and Client Secret again from ServiceNow, then try the user name and password in its log-in "
        "page. If both are right, ask its administrator to check the grant and the user.",
        (
            *CLIENT_RECORD,
            "Compare the Client ID; click the lock beside Client Secret and compare it; Active must be ticked",
            "User Administration > Users: the user is Active, not Locked out; for the Password grant not Web service "
            "access only",
            "sys_properties.list: glide.oauth.inbound.ropc.grant_type.disabled must not be true (Password grant); "
            "glide.oauth.inbound.client.credential.grant_type.enabled must be true and the client must name an OAuth "
            "Application User (Client credentials)",
        ),
    ),
    Cause.TOKEN_EXPIRED: Advice(
        "The access token is not accepted and a new one could not be used either.",
        YOU,
        "Authorise the account again: Request Refresh Token, or Authorise.",
    ),
    Cause.REFRESH_REVOKED: Advice(
        "The permission that was given once has ended: withdrawn, unused for 100 days, or the client's secret was "
        "changed. ServiceNow does not tell which.",
        YOU,
        "Authorise the account again: Request Refresh Token, or Authorise. If that is refused too, compare the Client "
        "Secret.",
        (
            "System OAuth > Manage Tokens: is there a token of our client and user?",
            *CLIENT_RECORD,
            "Check Refresh Token Lifespan (8,640,000 seconds = 100 days by default)",
        ),
    ),
    Cause.ASLEEP: Advice(
        "A developer instance goes to sleep when nobody uses it, and is taken back after ten idle days. An address "
        "that is no instance at all can look the same.",
        YOU,
        "Wake the instance, wait until its log-in page appears, then test again. Check the Instance URL as well.",
        ("developer.servicenow.com: sign in", "Open your profile menu: the instance wakes, or press Wake instance"),
    ),
    Cause.WRONG_HOST: Advice(
        "The address does not lead to a ServiceNow instance: misspelt, moved, or a page of another kind.",
        YOU,
        "Open the instance in a browser, sign in and copy the address up to .service-now.com into Instance URL.",
    ),
    Cause.NO_PERMISSION: Advice(
        "We are signed in, but the user has no right to what we tried.",
        THEIR_ADMINISTRATOR,
        "Give the integration user: sys_user read; incident or sn_customerservice_case read; interaction create, write "
        "and read; interaction_related_record create and read.",
        (
            "User Administration > Users: open the integration user > Roles > Edit",
            "Add a role that grants these rights, for example itil and interaction_agent, or one of your own",
            "System Security > Access Control (ACL): search for the table named in the message",
            "If the client is restricted by auth scopes: Machine Identity Console > our integration > Auth scope: add "
            "the Table API",
        ),
    ),
    Cause.IP_RESTRICTED: Advice(
        "The instance lets this user in only from addresses on its list.",
        THEIR_ADMINISTRATOR,
        "Add the outgoing address of this server.",
        ("System Security > IP Address Access Control", "System Web Services > REST API Access Policies"),
    ),
    Cause.API_DISABLED: Advice(
        "A table that we use does not exist on the instance, because a plugin is not active.",
        THEIR_ADMINISTRATOR,
        "Activate the plugin: Interaction (com.glide.interaction) for interaction records, Customer Service Management "
        "(com.sn_customerservice) for cases; or choose Incident as Related table.",
        ("System Definition > Plugins (today: Admin Center > Application Manager)", "Search for it, press Install"),
    ),
    Cause.RATE_LIMITED: Advice(
        "The instance limits the calls per hour for this user, role or API, and the limit is reached.",
        THEIR_ADMINISTRATOR,
        "Wait as told. If it happens often, raise the limit for the integration user.",
        ("System Web Services > REST > Rate Limit Rules: open the rule that names the Table API",),
    ),
    Cause.NOT_FOUND: Advice(
        "The record does not exist, or an access rule hides it: ServiceNow answers both alike.",
        THEIR_ADMINISTRATOR,
        "Look for the record as administrator. If it is there, give the integration user the right to read it.",
        ("System Security > Access Control (ACL): read rules of the table",),
    ),
    Cause.INVALID_DATA: Advice(
        "ServiceNow understood us and refuses the content: a mandatory field, a value that is no choice of its list, "
        "or an answer of a shape that its Table API does not have.",
        THEIR_ADMINISTRATOR,
        "Read ServiceNow's own words below. Mandatory fields come from data policies; choices can be looked up.",
        ("System Policy > Rules > Data Policies", "System Definition > Choice Lists"),
    ),
    Cause.REMOTE_ERROR: Advice(
        "The instance itself failed. Upgrades, clones and overload look like this.",
        VENDOR,
        "Try again in a few minutes. If it lasts, look at the instance's status.",
        ("support.servicenow.com > Manage instances", "On the instance: System Logs > Errors"),
    ),
}
