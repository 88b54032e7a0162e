"""Who may call the API: holders of an API token. Runs before the body is parsed, so it also bounds its size."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import HttpError
from ninja.security import HttpBearer

from contactcenter.models import ApiToken
from contactcenter.recordings import spool

LARGEST_BODY = 64 * 1024
LONGEST_TOKEN = 200
# "Last used" is shown to administrators; one write a minute is enough for that.
USE_NOTED_EVERY = timedelta(minutes=1)


class BearerToken(HttpBearer):
    """`Authorization: Bearer <value of an enabled ApiToken>`."""

    openapi_scheme = "bearer"

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        found = ApiToken.find(token) if len(token) <= LONGEST_TOKEN else None
        if found is None:
            return None
        self.refuse_large_body(request)
        note_use(found)
        return found

    def refuse_large_body(self, request: HttpRequest) -> None:
        refuse_large_body(request)


class RecordingToken(BearerToken):
    """The same where the body is a recording: it is left unread, for whoever writes it to the disk."""

    def refuse_large_body(self, request: HttpRequest) -> None:
        refuse_large_recording(request)


def refuse_large_body(request: HttpRequest) -> None:
    """Raises `HttpError` 413."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if (declared.isdigit() and int(declared) > LARGEST_BODY) or len(request.body) > LARGEST_BODY:
        raise HttpError(413, f"The body is larger than {LARGEST_BODY // 1024} KiB. A report needs less than one.")


def refuse_large_recording(request: HttpRequest) -> None:
    """Before a byte of it is read. Raises `HttpError` 413."""
    declared = announced(request)
    if declared is not None and declared > settings.LARGEST_RECORDING:
        raise HttpError(413, spool.TooLarge().sentence)


def announced(request: HttpRequest) -> int | None:
    """The length of the body, where the sender has told it."""
    declared = request.META.get("CONTENT_LENGTH") or ""
    return int(declared) if declared.isdigit() else None


def note_use(token: ApiToken) -> None:
    now = timezone.now()
    long_ago = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USE_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(long_ago, pk=token.pk).update(last_used_at=now)
