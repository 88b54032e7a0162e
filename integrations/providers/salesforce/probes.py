"""What *Test connection* tries on Salesforce after name, TCP and TLS: who we are, the API version, every object that we
use, and what is left of the day's API calls. It never writes; whether we may create is read off the object."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import requests

from integrations.diagnosis.doctor import Passed
from integrations.errors import AuthenticationFailed, Cause, Rejected, Stage
from integrations.http import json_of

from .answers import mapping, wrong_shape

if TYPE_CHECKING:
    from .limits import Limits

USERINFO = "/services/oauth2/userinfo"


def probes(provider: "Limits") -> Iterator[Passed]:
    yield who_am_i(provider)
    yield version(provider)
    for kind in str(provider.properties["look_up_in"]).split(", "):
        yield usable(provider, kind, "queryable", "read")
    for kind in ("User", "Case", "Task"):
        may, verb = ("queryable", "read") if kind == "User" else ("createable", "create")
        yield usable(provider, kind, may, verb)
    yield calls_left(provider)


def who_am_i(provider: "Limits") -> Passed:
    me = mapping(userinfo(provider), "user_id", "organization_id")
    name, username = str(me.get("name") or ""), str(me.get("preferred_username") or me["user_id"])
    identity = f"{name} ({username})" if name and name != username else username
    text = f"Signed in as {identity}, organisation {me['organization_id']}"
    return Passed(Stage.AUTHENTICATION, text, identity=identity)


def userinfo(provider: "Limits") -> requests.Response:
    """Here a session that ended is a 403 in plain text. Any call to the REST API is a 401 then, which renews it."""
    try:
        return provider.call("GET", USERINFO, purpose="Who am I")
    except AuthenticationFailed as error:
        if (error.status, error.cause) != (403, Cause.TOKEN_EXPIRED):
            raise
    provider.call("GET", provider.data(""), purpose="Renew session")
    return provider.call("GET", USERINFO, purpose="Who am I")


def version(provider: "Limits") -> Passed:
    """The account's API version must be one of those that the organisation has."""
    response = provider.call("GET", "/services/data/", purpose="API versions")
    known = json_of(response)
    if not isinstance(known, list) or not all(isinstance(entry, dict) and "version" in entry for entry in known):
        raise wrong_shape(response, "the list of API versions")
    versions = [str(entry["version"]) for entry in known]
    wanted = str(provider.properties["api_version"])
    newest = versions[-1] if versions else "none"
    if wanted not in versions:
        raise Rejected(
            f"The organisation has no API version {wanted}; its newest is {newest}. Change API version in Advanced.",
            cause=Cause.INCOMPLETE,
            stage=Stage.SETTINGS,
        )
    return Passed(Stage.ANSWER, f"API version {wanted} is there; the newest is {newest}")


def usable(provider: "Limits", kind: str, may: str, verb: str) -> Passed:
    """Whether the user sees an object and may do with it what we need. Raises `AuthenticationFailed`."""
    try:
        response = provider.call("GET", provider.data(f"/sobjects/{kind}"), purpose=f"May we {verb} {kind}")
    except Rejected as error:
        if error.cause != Cause.NOT_FOUND:
            raise
        raise hidden(kind, verb, error.status) from None
    description = mapping(response, "objectDescribe")["objectDescribe"]
    if not isinstance(description, dict):
        raise wrong_shape(response, "the description of the object")
    if description.get(may) is not True:
        raise hidden(kind, verb, response.status_code)
    return Passed(Stage.PERMISSION, f"{kind}: we may {verb}")


def hidden(kind: str, verb: str, status: int | None) -> AuthenticationFailed:
    return AuthenticationFailed(
        f"The integration user may not {verb} {kind} records.",
        cause=Cause.NO_PERMISSION, stage=Stage.PERMISSION, status=status,
    )  # fmt: skip


def calls_left(provider: "Limits") -> Passed:
    """The gauge is for administrators only, so a refusal is told and is no failure."""
    try:
        gauge = next((m for m in provider.limits() if m.label == "Daily API requests"), None)
    except AuthenticationFailed as error:
        if error.cause != Cause.NO_PERMISSION:
            raise
        return Passed(Stage.LIMITS, "Connected; the limits are not visible to this user")
    return Passed(Stage.LIMITS, f"API calls of the last 24 hours: {gauge.text}" if gauge else "No limit of API calls")
