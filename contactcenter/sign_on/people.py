"""Who somebody is here whom an identity provider vouches for, and what they may do.

A person is their issuer and NameID. Existing users are linked by an administrator, or by an equal user name where the
account says so; never by e-mail, which at many identity providers people can change themselves. Whoever is created at
the desktop's door is an agent without staff rights; at the administration's door, staff with the mapped groups only.
A session remembers its door, because both doors know the same users."""

from typing import Any

from auditlog.models import LogEntry
from django.contrib import auth
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from integrations import sign_on
from integrations.capabilities import Identity, SignOnRefused, SingleSignOn
from integrations.models import IntegrationAccount
from integrations.sign_on import Accepted

from ..models import Agent, SignOnIdentity

DESKTOP, ADMIN = "sso_agent_desktop", "sso_admin"
SESSION_DOOR = "sign_on"
BACKEND = "django.contrib.auth.backends.ModelBackend"
FIRST_EXTENSION = 1000
# After this the identity provider is asked again, so that somebody who left there is out here too.
SESSION_SECONDS = 12 * 3600


# -- sessions


def log_in(request: HttpRequest, user: User, door: str) -> None:
    """Begin a session that is good at this door only. The session's key changes."""
    auth.login(request, user, backend=BACKEND)
    request.session[SESSION_DOOR] = door
    request.session.set_expiry(SESSION_SECONDS)


def is_of_door(session: Any, door: str) -> bool:
    """Whether a session may be used at a door. One that a password began may be used at both."""
    return bool(session.get(SESSION_DOOR, door) == door)


# -- people


def user_for(accepted: Accepted) -> User:
    """The user, found or made. Raises `SignOnRefused`, with the reason recorded for the account page."""
    try:
        user = _found_or_made(accepted)
        _check(user, accepted.account)
    except SignOnRefused as refused:
        sign_on.note_outcome(accepted, str(refused))
        raise
    return user


def _found_or_made(accepted: Accepted) -> User:
    try:
        return _linked(accepted)
    except IntegrityError:  # the same person logs in for the first time in two windows: the other one was faster
        return _linked(accepted)


@transaction.atomic
def _linked(accepted: Accepted) -> User:
    account, identity = accepted.account, accepted.identity
    if not identity.lasting:
        raise SignOnRefused("The NameID is of the transient kind: it says nothing about who comes next time.")
    whose = {"account": account, "issuer": identity.issuer, "subject": identity.subject}
    link = SignOnIdentity.objects.select_related("user").filter(**whose).first()
    if link is None:
        user, is_new = _matched_or_created(accepted)
        link = SignOnIdentity(**whose, user=user, provisioned=is_new)
        _note(user, "Added" if is_new else "Linked", accepted, is_new=is_new)
    link.last_login_at = timezone.now()
    link.save()
    if link.provisioned and account.provider == ADMIN:
        _take_over_groups(link.user, accepted)
    return link.user


def _matched_or_created(accepted: Accepted) -> tuple[User, bool]:
    provider, identity = sign_on.provider_of(accepted.account), accepted.identity
    if provider.matches_login_names:
        user = User.objects.filter(username=identity.subject, is_superuser=False).first()
        if user is not None:
            _check(user, accepted.account)
            return user, False
    if not provider.creates_users:
        raise SignOnRefused(f"Nobody here is “{identity.subject}”, and just-in-time user provisioning is not enabled.")
    return _created(accepted, provider), True


def _created(accepted: Accepted, provider: SingleSignOn) -> User:
    identity, for_admin = accepted.identity, accepted.account.provider == ADMIN
    if for_admin and not _mapped(identity, provider):
        raise SignOnRefused(f"“{identity.subject}” is in none of the mapped groups, so there is no right to give.")
    user = User(
        username=identity.login or identity.subject,
        first_name=identity.first_name,
        last_name=identity.last_name,
        email=identity.email,
        is_staff=for_admin,
    )
    user.set_unusable_password()
    _check_user_name(user)
    user.save()
    if not for_admin:
        Agent.objects.create(user=user, extension=_free_extension())
    return user


def _check_user_name(user: User) -> None:
    if User.objects.filter(username__iexact=user.username).exists():
        raise SignOnRefused(
            f"There is a user “{user.username}” already. If it is the same person, link them: Users > "
            f"{user.username} > Single sign-on."
        )
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise SignOnRefused(f"No user can be made of this answer: {' '.join(error.messages)}") from None


def _free_extension() -> str:
    taken = [int(number) for number in Agent.objects.values_list("extension", flat=True) if number.isdecimal()]
    return str(max([FIRST_EXTENSION, *taken]) + 1)


def _check(user: User, account: IntegrationAccount) -> None:
    if not user.is_active:
        raise SignOnRefused(f"The user “{user.username}” is locked.")
    if account.provider == ADMIN and not user.is_staff:
        raise SignOnRefused(f"The user “{user.username}” has no right to the administration.")
    if account.provider == DESKTOP and not Agent.objects.filter(user=user).exists():
        raise SignOnRefused(f"The user “{user.username}” is not an agent. Add an agent for it.")


# -- rights


def _mapped(identity: Identity, provider: SingleSignOn) -> set[str]:
    return {role for group in identity.groups for role in provider.role_map.get(group, ())}


def _take_over_groups(user: User, accepted: Accepted) -> None:
    """The mapped groups as the identity provider says; groups that are in no line of the map stay as they are."""
    provider = sign_on.provider_of(accepted.account)
    wanted = _mapped(accepted.identity, provider)
    governed = set().union(*provider.role_map.values()) if provider.role_map else set()
    before = set(user.groups.filter(name__in=governed).values_list("name", flat=True))
    user.groups.remove(*Group.objects.filter(name__in=before - wanted))
    user.groups.add(*Group.objects.filter(name__in=wanted))
    if user.is_staff != bool(wanted):
        user.is_staff = bool(wanted)
        user.save(update_fields=["is_staff"])
    if before != wanted:
        _note(user, f"Groups {', '.join(sorted(wanted)) or '(none)'} given", accepted)


def _note(user: User, what: str, accepted: Accepted, *, is_new: bool = False) -> None:
    """An entry of the change history."""
    sentence = f"{what} by single sign-on “{accepted.account.name}” for {accepted.identity.subject} of "
    LogEntry.objects.log_create(
        user,
        force_log=True,
        action=LogEntry.Action.CREATE if is_new else LogEntry.Action.UPDATE,
        additional_data={"sentence": sentence + accepted.identity.issuer},
    )
