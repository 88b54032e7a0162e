"""What can go wrong between us and a vendor: one base class and four leaves, each with one reaction.

Causes are a closed list, so that the administrator's page, the log and the tests of every provider read the same.
A wrong configuration that we can see ourselves is not one of these: it is a `django.core.exceptions.ValidationError`
or `ImproperlyConfigured`, and nothing that ignores vendor failures may ignore it."""

from enum import StrEnum


class Stage(StrEnum):
    """How far a connection came, in the order in which the doctor tries."""

    SETTINGS = "settings"
    NAME = "name"
    TCP = "tcp"
    TLS = "tls"
    HOST_KEY = "host_key"
    ANSWER = "answer"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    LIMITS = "limits"
    WEBHOOK = "webhook"
    # Where files are brought to.
    FOLDER = "folder"
    WRITE = "write"
    RENAME = "rename"


class Cause(StrEnum):
    OK = "ok"
    INCOMPLETE = "incomplete"
    NEVER_AUTHORISED = "never_authorised"
    BAD_CREDENTIALS = "bad_credentials"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - a cause, not a token
    REFRESH_REVOKED = "refresh_revoked"
    WRONG_HOST = "wrong_host"
    BLOCKED_ADDRESS = "blocked_address"
    TLS_FAILED = "tls_failed"
    ASLEEP = "asleep"
    NO_PERMISSION = "no_permission"
    IP_RESTRICTED = "ip_restricted"
    API_DISABLED = "api_disabled"
    RATE_LIMITED = "rate_limited"
    NOT_FOUND = "not_found"
    INVALID_DATA = "invalid_data"
    CONFLICT = "conflict"
    REMOTE_ERROR = "remote_error"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"


class IntegrationError(Exception):
    """A vendor did not do what we asked. Carries what came back, never a secret.

    `message` is ours and complete in itself; `vendor_message` is the vendor's own words, capped."""

    default_cause = Cause.REMOTE_ERROR

    def __init__(
        self,
        message: str,
        *,
        cause: Cause | None = None,
        stage: Stage | None = None,
        status: int | None = None,
        vendor_code: str = "",
        vendor_message: str = "",
        maybe_done: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause or self.default_cause
        self.stage = stage or Stage.ANSWER
        self.status = status
        self.vendor_code = vendor_code
        self.vendor_message = vendor_message[:500]
        # True where the request may have reached the vendor and been carried out although we saw no answer.
        self.maybe_done = maybe_done

    def __str__(self) -> str:
        if self.vendor_message and self.vendor_message not in self.message:
            return f"{self.message} ({self.vendor_message})"
        return self.message


class AuthenticationFailed(IntegrationError):
    """The vendor does not accept who we are, or what we may do. Ask the administrator; no automatic retry."""

    default_cause = Cause.BAD_CREDENTIALS


class RateLimited(IntegrationError):
    """Too many calls. Wait `retry_after` seconds, as the vendor says.

    `whole_account`: the limit is that of everything we may call. False where the vendor tells that it is narrower, as
    the number of updates of one ticket; then only who hit it has to wait."""

    default_cause = Cause.RATE_LIMITED

    def __init__(
        self, message: str, *, retry_after: float = 60.0, whole_account: bool = True, **kwargs: object
    ) -> None:
        super().__init__(message, **kwargs)  # type: ignore[arg-type]
        self.retry_after = retry_after
        self.whole_account = whole_account


class Unavailable(IntegrationError):
    """The vendor or the way to it is broken. Try later: not before `retry_after` seconds, where the vendor says so."""

    default_cause = Cause.UNREACHABLE

    def __init__(self, message: str, *, retry_after: float | None = None, **kwargs: object) -> None:
        super().__init__(message, **kwargs)  # type: ignore[arg-type]
        self.retry_after = retry_after


class Rejected(IntegrationError):
    """The vendor understood and refuses, or answered nonsense. Do not repeat; show it, on `field` where known."""

    default_cause = Cause.INVALID_DATA

    def __init__(self, message: str, *, field: str | None = None, **kwargs: object) -> None:
        super().__init__(message, **kwargs)  # type: ignore[arg-type]
        self.field = field
