"""What goes wrong with identity providers, and where to click at Okta and ForgeRock."""

from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU, Advice
from integrations.errors import Cause

ADVICE = {
    Cause.INCOMPLETE: Advice(
        "The account lacks what is needed to believe an answer: the issuer, the address or the certificate.",
        YOU,
        "Enter the three values from the identity provider, or its metadata URL under Advanced and press “Load "
        "metadata”.",
        (
            "Okta: Applications > your application > Sign On > View SAML setup instructions",
            "ForgeRock: Applications > Federation > Entity Providers > the hosted identity provider",
        ),
    ),
    Cause.TOKEN_EXPIRED: Advice(
        "The certificate with which answers are verified has ended. People may still be let in, because its key is "
        "trusted and not its date; the identity provider will change to another one at any moment, and then nobody is.",
        THEIR_ADMINISTRATOR,
        "Ask for the new certificate and add it below the old one, or press “Load metadata”.",
        ("Okta: Applications > your application > Sign On > SAML Signing Certificates",),
    ),
    Cause.CONFLICT: Advice(
        "The identity provider's own metadata says something else than the account. Answers will be refused.",
        YOU,
        "If the identity provider was changed on purpose, press “Load metadata” and compare the fingerprint with the "
        "one that its administrator reads to you.",
    ),
    Cause.BAD_CREDENTIALS: Advice(
        "The identity provider asks for a log-in where its log-in page is due.",
        THEIR_ADMINISTRATOR,
        "Compare the Identity Provider Single Sign-On URL: it is the address for SAML requests, not an API.",
    ),
    Cause.NO_PERMISSION: Advice(
        "The identity provider refuses our request: it does not know us by the name (entity id) that we give.",
        THEIR_ADMINISTRATOR,
        "Have the entity id and the ACS URL of this account (Advanced) entered at the identity provider, letter by "
        "letter.",
        (
            "Okta: Applications > your application > General > SAML Settings: Single sign-on URL and Audience URI",
            "ForgeRock: Entity Providers > Remote service provider: import the metadata of this account",
        ),
    ),
    Cause.NOT_FOUND: Advice(
        "There is no SAML log-in at this address, or the application behind it was switched off.",
        YOU,
        "Copy the Identity Provider Single Sign-On URL again and ask whether the application is active.",
    ),
    Cause.INVALID_DATA: Advice(
        "The identity provider does not take our request.",
        THEIR_ADMINISTRATOR,
        "Have the entity id, the ACS URL and the NameID format of this account compared with its settings.",
    ),
}
