"""What each cause means at Oracle Service Cloud and who clicks what there, over the doctor's general advice.

Menu names are those of the administrator's console; "hidden setting" is Oracle's own word for one that only its support
can show."""

from collections.abc import Mapping

from integrations.diagnosis.doctor import Advice
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, VENDOR, YOU
from integrations.errors import Cause

ACCOUNT = "Configuration > Staff Management > Staff Accounts by Groups: open our account"
PROFILE = "Configuration > Staff Management > Profiles: open the profile of our account"
SETTINGS = "Configuration > Site Configuration > Configuration Settings"

COMMON: dict[Cause, Advice] = {
    Cause.WRONG_HOST: Advice(
        "The address leads to a web page, not to the interface of the site: misspelt, or a site that was moved, "
        "renamed or is under maintenance.",
        YOU,
        "Open the agents' user interface in a browser and copy the address up to .custhelp.com into URL.",
    ),
    Cause.ASLEEP: Advice(
        "The site is down for maintenance or an upgrade.",
        VENDOR,
        "Wait until the agents can sign in again, then test. Oracle announces upgrades by mail to the site's owner.",
    ),
    Cause.IP_RESTRICTED: Advice(
        "The site lets this staff account in only from addresses on its list.",
        THEIR_ADMINISTRATOR,
        "Add the outgoing address of this server to the list.",
        (
            f"{SETTINGS}: search for SEC_VALID_INTEG_HOSTS (or the valid hosts of your release)",
            f"{PROFILE} > Permissions: is the profile tied to a range of addresses?",
        ),
    ),
    Cause.NOT_FOUND: Advice(
        "There is no such object or record, or the staff account may not see it.",
        THEIR_ADMINISTRATOR,
        "Look for the record in the agents' user interface. If it is there, compare the object's name and the rights "
        "of our profile.",
        (f"{PROFILE} > Permissions > Contacts, Service: Read",),
    ),
    Cause.RATE_LIMITED: Advice(
        "The site limits the calls in a time, and there were too many.",
        THEIR_ADMINISTRATOR,
        "Wait as told. If it happens often, ask Oracle for the limits of your site.",
    ),
    Cause.TIMEOUT: Advice(
        "The site gave up on a query, or was silent for too long.",
        THEIR_ADMINISTRATOR,
        "Try again. If one query does it every time, let it ask for less: a narrower condition, or an indexed field.",
    ),
    Cause.REMOTE_ERROR: Advice(
        "The site itself failed, or answered something that its interface does not have. Upgrades and overload look "
        "like this.",
        VENDOR,
        "Try again in a few minutes. If it lasts, open a service request at Oracle with the words below.",
    ),
}

REST_ADVICE: Mapping[Cause, Advice] = {
    **COMMON,
    Cause.BAD_CREDENTIALS: Advice(
        "The site does not accept our login. It gives the same answer when the staff account is locked, disabled or "
        "its password has run out, and possibly when our address is not on the site's list.",
        YOU,
        "Try user name and password in the agents' log-in page. If they are right, ask the site's administrator.",
        (
            f"{ACCOUNT}: Disabled from Assignment is no problem, Account Locked and Permanently Disabled are",
            f"{ACCOUNT}: Password Expires; set a new one with Change Password",
            "With OAuth: the staff account is mapped to the application, and its profile has SSO Login (SAML 2.0)",
            f"{SETTINGS}: search for SEC_VALID_INTEG_HOSTS",
        ),
    ),
    Cause.TOKEN_EXPIRED: Advice(
        "The site does not accept the token: the agent signed out (session), or the token is not from the identity "
        "provider that the site trusts (OAuth: the issuer must equal the entity id, to the last slash).",
        YOU,
        "Session: sign in again and enter the new token. OAuth: compare Token URL and Scope with the site's identity "
        "provider.",
        (
            "Configuration > Site Configuration > Single Sign-On Configurations: the identity provider's entity id",
            "The same place > Manage Access Tokens: was our token revoked?",
        ),
    ),
    Cause.NO_PERMISSION: Advice(
        "We are known, but the staff account's profile does not allow what we tried.",
        THEIR_ADMINISTRATOR,
        "Allow the profile the public REST API with account authentication, and to read, create and edit contacts and "
        "incidents.",
        (
            f"{PROFILE} > Permissions > Administration: Public REST API > Account Authentication (OAuth, session: "
            "Session Authentication)",
            "The same place > Contacts, Organizations, Service: Read, Create, Edit",
        ),
    ),
    Cause.API_DISABLED: Advice(
        "Connect REST is switched off for the whole site, or not part of the contract.",
        THEIR_ADMINISTRATOR,
        "Have it switched on.",
        (f"{SETTINGS}: search for REST", "If there is nothing to switch: a service request at Oracle"),
    ),
    Cause.INVALID_DATA: Advice(
        "The site understood us and refuses the content: a version, language or header that it does not take, a field "
        "or value that it does not know, or an answer of a shape that Connect REST does not have.",
        YOU,
        "Read the site's own words above. For a setting of the account: correct API version, Language or Application "
        "context. For a record: compare the names with /services/rest/connect/ on your site.",
        (
            "Configuration > Site Configuration > Interfaces: the language of the interface",
            "Configuration > Application Appearance > Customizable Menus: names of statuses and other choices",
        ),
    ),
}  # fmt: skip

SOAP_ADVICE: Mapping[Cause, Advice] = {
    **COMMON,
    Cause.BAD_CREDENTIALS: Advice(
        "The site does not accept user name and password (INVALID_LOGIN). It says the same when the staff account is "
        "locked, disabled or its password has run out.",
        YOU,
        "Try both in the agents' log-in page. If they are right there, ask the site's administrator.",
        (
            f"{ACCOUNT}: Account Locked and Permanently Disabled must not be ticked",
            f"{ACCOUNT}: Password Expires; set a new one with Change Password",
        ),
    ),
    Cause.NO_PERMISSION: Advice(
        "The site answers ACCESS_DENIED for two things: Connect is not enabled on this interface, or the staff "
        "account's profile does not allow the public SOAP API.",
        THEIR_ADMINISTRATOR,
        "Check both, in this order.",
        (
            f"{PROFILE} > Permissions > Administration: Public SOAP API > Account Authentication",
            "The same place > Contacts, Organizations, Service: Read, Create, Edit",
            "Configuration > Site Configuration > Interfaces: is the one named in Interface enabled for Connect? "
            "If there is no such switch: a service request at Oracle",
        ),
    ),
    Cause.INVALID_DATA: Advice(
        "The site understood us and refuses the content: a field that does not exist, something missing, or an answer "
        "of a shape that Connect Web Services does not have.",
        YOU,
        "Read the site's own words above. Compare API version and field names with the WSDL: open the service's "
        "address with ?wsdl=typed.",
        ("Configuration > Application Appearance > Customizable Menus: names of statuses and other choices",),
    ),
}  # fmt: skip
