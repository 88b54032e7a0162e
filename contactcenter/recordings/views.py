"""The permanent address of a call's recordings, and the sound itself, whole or in parts."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from typing import Any, cast
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from integrations.capabilities import OpenRecording
from integrations.errors import IntegrationError

from ..errors import NotPossible
from ..models import CallRecording, Interaction
from . import playing, ranges
from .audio_files import ENDINGS

LISTEN = "contactcenter.listen_callrecording"
SEE_CALL = "contactcenter.view_interaction"


def may_listen(user: Any) -> bool:
    """Supervisors and administrators who were given the right, while they may see calls at all."""
    return bool(user.is_staff and user.has_perms([LISTEN, SEE_CALL]))


@require_safe
@login_required
def of_call(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """To the page of the call, for those who may listen."""
    if not may_listen(request.user):
        raise PermissionDenied("You may not listen to recordings. Ask an administrator for the right.")
    interaction = get_object_or_404(Interaction.objects.only("pk"), public_id=public_id)
    return HttpResponseRedirect(
        reverse("admin:contactcenter_interaction_change", args=[interaction.pk]) + "#recordings"
    )


@require_safe
def audio(request: HttpRequest, recording: CallRecording) -> HttpResponseBase:
    """The sound, or the part of it that a Range header asks for. The caller has checked who may listen."""
    wanted = ranges.wanted(request.headers, size=recording.size, tag=recording.sha256)
    if wanted is ranges.UNSATISFIABLE:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{recording.size}"})
    headers = _headers(recording, wanted, save="save" in request.GET)
    status = 200 if wanted is None else 206
    if request.method == "HEAD":
        return HttpResponse(status=status, headers=headers)
    holder = ExitStack()
    try:
        part = {} if wanted is None else {"start": wanted.first, "length": wanted.length}
        found = holder.enter_context(playing.opened(recording, **part))
    except (NotPossible, IntegrationError) as reason:
        return HttpResponse(f"The recording cannot be played. {reason}", status=503, content_type="text/plain")
    playing.note_listening(recording, cast(User, request.user))
    flow: Any = _aflow if isinstance(request, ASGIRequest) else _flow
    return StreamingHttpResponse(flow(holder, found), status=status, headers=headers)


def _headers(recording: CallRecording, wanted: "ranges.Part | None", *, save: bool) -> dict[str, str]:
    name = f"{recording.interaction.reference}_{recording.public_id.hex[:8]}.{ENDINGS[recording.content_type]}"
    headers = {
        "Content-Type": recording.content_type,
        "Content-Length": str(recording.size if wanted is None else wanted.length),
        "Content-Disposition": content_disposition_header(save, name) or "inline",
        "Accept-Ranges": "bytes",
        "ETag": f'"{recording.sha256}"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return headers if wanted is None else {**headers, "Content-Range": wanted.header(recording.size)}


def _flow(holder: ExitStack, found: OpenRecording) -> Iterator[bytes]:
    """Closes what is open also when the listener goes away."""
    with holder:
        yield from found.pieces


async def _aflow(holder: ExitStack, found: OpenRecording) -> AsyncIterator[bytes]:
    """The same under ASGI, where a plain iterator would be read into memory first."""
    pieces = iter(found.pieces)
    try:
        while piece := await sync_to_async(lambda: next(pieces, b""), thread_sensitive=False)():
            yield piece
    finally:
        holder.close()
