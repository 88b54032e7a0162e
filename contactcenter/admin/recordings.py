"""Recordings: which calls have one, where it lies, what it waits for, and what a person can decide about it."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _t

from contactcenter.models import CallRecording, Service, Transcript
from contactcenter.recordings import deleting, search, views, work
from contactcenter.recordings.playing import GONE
from integrations import marks
from integrations.admin.keyset import KeysetScreen
from integrations.admin.screens import ReadOnlyScreen

from .interactions import uuid_range
from .recording_view import TONES, TRANSCRIPT_TONES, shown, transcript_of, why

State = CallRecording.State
LIST = "admin:contactcenter_callrecording_changelist"
PAGE = "admin:contactcenter_callrecording_change"


class AttentionFilter(admin.SimpleListFilter):
    title = _t("state")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [("attention", _("Needs attention")), ("open", _("Under way")), *State.choices[2:4], *State.choices[6:]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.value()
        if wanted == "attention":
            return queryset.filter(Q(state=State.STUCK) | Q(transcript__state=Transcript.State.STUCK))
        if wanted == "open":
            return queryset.filter(state__in=list(work.STEPS))
        return queryset.filter(state=wanted) if wanted in State.values else queryset


class OfServiceFilter(admin.SimpleListFilter):
    title = _t("service")
    parameter_name = "service"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        keeping = Service.objects.exclude(recordings=Service.Recordings.REFUSED)
        return [(str(pk), name) for pk, name in keeping.order_by("name").values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(interaction__service_id=chosen) if chosen.isdigit() else queryset


@admin.register(CallRecording)
class CallRecordingAdmin(KeysetScreen, ReadOnlyScreen):
    heading = _t("Recordings")
    intro = _t("What was recorded of calls, newest first: where it lies, and what was said.")
    nothing_yet = _t("No recording. The telephone system hands them over for services that keep recordings.")
    list_display = ("call", "state_now", "transcript_now", "of_service", "length", "size_shown", "received")
    list_display_links = None
    list_filter = (AttentionFilter, OfServiceFilter)
    list_select_related = ("interaction__service", "account", "transcript")
    search_fields = ("key",)
    search_help_text = _t("Words that were said, reference or call id")
    actions = ("try_again", "delete_them")
    change_form_template = "admin/contactcenter/callrecording/page.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[CallRecording]:
        return super().get_queryset(request).defer("account__secrets", "source", "transcript__utterances")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        found = Q(interaction__call_id=term)
        if first_last := uuid_range(term):
            found |= Q(interaction__public_id__range=first_last)
        if views.may_listen(request.user):  # others must not find out what was said
            found |= Q(pk__in=search.holding(term).values("recording_id"))
        return queryset.filter(found), False

    def get_actions(self, request: HttpRequest) -> Any:
        rights = {"try_again": "change", "delete_them": "delete"}
        offered = super().get_actions(request)
        return {name: offered[name] for name in offered if self._may(request, rights[name])}

    def get_urls(self) -> list[URLPattern]:
        def url(pattern: str, view: Any, name: str) -> URLPattern:
            return path(pattern, self.admin_site.admin_view(view), name=f"contactcenter_callrecording_{name}")

        return [
            url("<path:object_id>/audio/", self.audio_view, "audio"),
            url("<path:object_id>/retry/", self.retry_view, "retry"),
            url("<path:object_id>/remove/", self.remove_view, "remove"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        recording = self.get_object(request, unquote(object_id))
        extra = {"item": shown(recording, request.user)} if recording else {}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def audio_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The sound, for the player and for saving."""
        recording = self._recording(request, object_id)
        if not views.may_listen(request.user):
            raise PermissionDenied
        if recording.state in GONE or not recording.size:
            raise Http404(_("There is no sound any more."))
        return views.audio(request, recording)

    # -- decisions

    @admin.action(description=_t("Try again"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[CallRecording]) -> None:
        count = sum(work.retry(recording) for recording in queryset)
        if count:
            messages.success(request, _("Recordings that are tried again now: %d.") % count)
        else:
            messages.info(request, _("Nothing to do: these recordings wait for nothing."))

    @admin.action(description=_t("Delete"))
    def delete_them(self, request: HttpRequest, queryset: QuerySet[CallRecording]) -> HttpResponse | None:
        return self._delete(request, queryset, back=reverse(LIST))

    def retry_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """POST: *Try again* on the page of one recording."""
        recording = self._recording(request, object_id)
        if not self._may(request, "change"):
            raise PermissionDenied
        if request.method == "POST":
            self.try_again(request, CallRecording.objects.filter(pk=recording.pk))
        return HttpResponseRedirect(reverse(PAGE, args=[recording.pk]))

    def remove_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """*Delete* on the page of one recording: asked first."""
        recording = self._recording(request, object_id)
        page = reverse(PAGE, args=[recording.pk])
        chosen = CallRecording.objects.filter(pk=recording.pk)
        return self._delete(request, chosen, back=page) or HttpResponseRedirect(page)

    def _delete(self, request: HttpRequest, queryset: QuerySet[CallRecording], *, back: str) -> HttpResponse | None:
        if not self._may(request, "delete"):
            raise PermissionDenied
        alive = list(queryset.exclude(state__in=GONE).select_related("interaction"))
        if not alive:
            messages.info(request, _("There is nothing left to delete."))
            return None
        if request.method != "POST" or "confirmed" not in request.POST:
            context = {
                **self.admin_site.each_context(request), "opts": self.opts, "title": _("Delete these recordings?"),
                "recordings": alive, "action_name": request.POST.get("action", ""), "back": back,
            }  # fmt: skip
            return TemplateResponse(request, "admin/contactcenter/callrecording/delete.html", context)
        reason = _("Deleted by %s") % request.user.get_username()
        count = sum(deleting.ask(recording, reason) for recording in alive)
        messages.success(request, _("Recordings that are deleted now: %d.") % count)
        return None

    def _may(self, request: HttpRequest, right: str) -> bool:
        return bool(request.user.has_perm(f"contactcenter.{right}_callrecording"))

    def _recording(self, request: HttpRequest, object_id: str) -> CallRecording:
        recording = self.get_object(request, unquote(object_id))
        if recording is None or not self.has_view_permission(request, recording):
            raise Http404
        return recording

    # -- columns

    @admin.display(description=_t("Call"))
    def call(self, recording: CallRecording) -> SafeString:
        link = reverse(PAGE, args=[recording.pk])
        return format_html(
            '<a class="row-link" href="{}">{}</a><span class="second-line"><code>{}</code></span>',
            link, recording.interaction, recording.interaction.reference,
        )  # fmt: skip

    @admin.display(description=_t("State"))
    def state_now(self, recording: CallRecording) -> SafeString:
        mark = marks.status(recording.get_state_display(), TONES[State(recording.state)])
        reason = why(recording)
        if not reason:
            return mark
        return format_html('{}<span class="second-line sentence">{}</span>', mark, marks.shortened(reason))

    @admin.display(description=_t("Transcript"))
    def transcript_now(self, recording: CallRecording) -> SafeString:
        found = transcript_of(recording)
        if found is None:
            return marks.NOTHING
        mark = marks.status(found.get_state_display(), TRANSCRIPT_TONES[Transcript.State(found.state)])
        if not found.last_error:
            return mark
        return format_html('{}<span class="second-line sentence">{}</span>', mark, marks.shortened(found.last_error))

    @admin.display(description=_t("Service"))
    def of_service(self, recording: CallRecording) -> str:
        return str(recording.interaction.service or marks.NOTHING)

    @admin.display(description=_t("Length"))
    def length(self, recording: CallRecording) -> str:
        return marks.clock(recording.duration_ms / 1000) if recording.duration_ms else marks.NOTHING

    @admin.display(description=_t("Size"))
    def size_shown(self, recording: CallRecording) -> str:
        return filesizeformat(recording.size) if recording.size else marks.NOTHING

    @admin.display(description=_t("Received"))
    def received(self, recording: CallRecording) -> SafeString:
        return marks.moment(recording.received_at)
