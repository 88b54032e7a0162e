"""What Facebook's errors mean, and what to do about them (Graph API and Messenger Platform error codes)."""

from typing import Any

import requests

from integrations.diagnosis.doctor import Advice
from integrations.diagnosis.verdict import THEIR_ADMINISTRATOR, YOU
from integrations.errors import AuthenticationFailed, Cause, IntegrationError, RateLimited, Rejected, Stage, Unavailable
from integrations.providers import messenger
from integrations.vendor_json import inner, text_of

# Decided by number, never by text. A pair names the subcode too and comes first.
OUT_OF_REACH = {
    (10, 2018108),
    (100, 2018001),
    (100, 33),
    (200, 1545041),
    (200, 2018021),
    (200, 2018027),
    (200, 2018028),
}
WINDOW = {(10, 2018278), (10, 2018065)}
THROTTLED, TEMPORARY, NO_RIGHT, TOKEN = {4, 9, 17, 32, 613}, {1, 2, 1200}, {10, 200, 230}, {102, 190}
ADVICE = {
    Cause.BAD_CREDENTIALS: Advice(
        "Facebook does not accept the page access token: it was mistyped, ran out, or whoever made it changed their "
        "password.",
        YOU,
        "Make a new page access token and paste it into Token.",
        (
            "Open developers.facebook.com, My Apps, and your app",
            "Open Messenger, API Settings, and the section for access tokens",
            "Press Generate beside your page and copy the token",
        ),
    ),
    Cause.NO_PERMISSION: Advice(
        "The token is right, but the app may not write for this page.",
        THEIR_ADMINISTRATOR,
        "Give the app the permission pages_messaging for this page, in App Review where the app is live.",
    ),
    Cause.INCOMPLETE: Advice(
        "Token, Page ID and Page Username do not belong together, or a field is empty.",
        YOU,
        "Compare Page ID and username with the page's About section, page transparency, correct them and save.",
    ),
}


def told(error: IntegrationError, response: requests.Response) -> IntegrationError:
    """Facebook's own meaning, mostly behind a 400."""
    try:
        body = response.json()
    except ValueError:
        return error
    found = inner(body, "error") if isinstance(body, dict) else {}
    code, subcode = found.get("code"), found.get("error_subcode")
    if not isinstance(code, int):
        return error
    more: dict[str, Any] = {
        "status": response.status_code,
        "vendor_code": f"{code}/{subcode}" if subcode else str(code),
        "vendor_message": text_of(found.get("message")),
    }
    return by_number(code, (code, subcode), more) or Rejected("Facebook refuses the request.", **more)


def by_number(code: int, pair: tuple[int, Any], more: dict[str, Any]) -> IntegrationError | None:
    if code == 551 or pair in OUT_OF_REACH:
        return messenger.unreachable_customer("Facebook cannot deliver to this customer.", **more)
    if pair in WINDOW:
        return Rejected("The customer wrote more than 24 hours ago; Facebook lets nobody answer any more.", **more)
    if code in TOKEN:
        return AuthenticationFailed("Facebook does not accept the token.", stage=Stage.AUTHENTICATION, **more)
    if code in THROTTLED:
        return RateLimited("Too many calls to Facebook: wait a minute.", stage=Stage.LIMITS, **more)
    if code in NO_RIGHT:
        words = "The app may not do this for the page."
        return AuthenticationFailed(words, cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, **more)
    if code in TEMPORARY:
        return Unavailable("Facebook has a passing trouble.", cause=Cause.REMOTE_ERROR, maybe_done=True, **more)
    return None
