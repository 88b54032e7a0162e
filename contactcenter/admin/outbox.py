"""The outbox: what still has to reach a CRM, why it waits, and the two decisions a person can take."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter import activities
from contactcenter.models import OutboxEntry
from integrations import marks
from integrations.admin.keyset import KeysetScreen
from integrations.admin.screens import ReadOnlyScreen
from integrations.admin.verdicts import CAUSES

from .story import OUTBOX_TONES

OPEN = (OutboxEntry.Status.WAITING, OutboxEntry.Status.SENDING, OutboxEntry.Status.STUCK)
DECISIONS: dict[str, dict[str, Any]] = {
    "retry": {
        "label": _("Send again"),
        "question": _("Send these entries again?"),
        "explanation": _(
            "They are tried at once. Where an earlier attempt may have succeeded unseen, the CRM is asked first, so "
            "that nothing is written twice."
        ),
        "done": _("%d entries will be sent again."),
        "run": activities.retry,
    },
    "drop": {
        "label": _("Drop"),
        "question": _("Give these entries up?"),
        "explanation": _("They will never reach the CRM. What they contain stays readable here."),
        "done": _("%d entries were dropped."),
        "run": activities.drop,
    },
}  # fmt: skip


def status_mark(entry: OutboxEntry) -> SafeString:
    return marks.status(entry.get_status_display(), OUTBOX_TONES.get(OutboxEntry.Status(entry.status), "neutral"))


class StatusFilter(admin.SimpleListFilter):
    """Without a choice: what is still open. What is done is history, and there is much of it."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, Any]]:
        return [*OutboxEntry.Status.choices, ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        found = list(super().choices(changelist))
        found[0]["display"] = _("Open")
        return iter(found)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(status=self.value()) if self.value() else queryset.filter(status__in=OPEN)


@admin.register(OutboxEntry)
class OutboxAdmin(KeysetScreen, ReadOnlyScreen):
    heading = _("Outbox")
    intro = _("What has to be written to a CRM, in order for each record. Nothing is lost while the CRM is away.")
    nothing_yet = _("Nothing waits: everything has reached its CRM. Choose “All” to see what was written.")
    list_display = ("what", "state", "why", "attempts", "due", "of_account", "call")
    list_display_links = None
    list_filter = (StatusFilter, ("account", admin.RelatedOnlyFieldListFilter), "operation")
    list_select_related = ("account", "interaction")
    search_fields = ("record_key", "idempotency_key")
    search_help_text = _("Key of the record or of the entry")
    ordering = ("-id",)
    actions = ("send_again", "drop_them")
    change_form_template = "admin/contactcenter/outboxentry/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxEntry]:
        return super().get_queryset(request).defer("account__secrets")

    def may_decide(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("contactcenter.change_outboxentry"))

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) if self.may_decide(request) else {}

    # -- decisions: asked first, on a page of their own

    @admin.action(description=_("Send again"))
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxEntry]) -> HttpResponse | None:
        return self._decide(request, queryset, "retry")

    @admin.action(description=_("Drop"))
    def drop_them(self, request: HttpRequest, queryset: QuerySet[OutboxEntry]) -> HttpResponse | None:
        return self._decide(request, queryset, "drop")

    def get_urls(self) -> list[URLPattern]:
        one = path(
            "<path:object_id>/decide/<slug:key>/",
            self.admin_site.admin_view(self.decide_view),
            name="contactcenter_outboxentry_decide",
        )
        return [one, *super().get_urls()]

    def decide_view(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """The same question for one entry, from its page."""
        entry = self.get_object(request, unquote(object_id))
        if entry is None or key not in DECISIONS:
            raise Http404
        response = self._decide(request, OutboxEntry.objects.filter(pk=entry.pk), key)
        return response or HttpResponseRedirect(reverse("admin:contactcenter_outboxentry_change", args=[entry.pk]))

    def _decide(self, request: HttpRequest, queryset: QuerySet[OutboxEntry], key: str) -> HttpResponse | None:
        if not self.may_decide(request):
            raise PermissionDenied
        decision = DECISIONS[key]
        entries = list(queryset.filter(status__in=OPEN).select_related("account", "interaction").order_by("id"))
        if not entries:
            messages.warning(request, _("None of these entries is open any more."))
            return None
        if "confirmed" not in request.POST:
            return self._question(request, entries, decision, key)
        for entry in entries:
            decision["run"](entry)
        messages.success(request, str(decision["done"]) % len(entries))
        return None

    def _question(
        self, request: HttpRequest, entries: list[OutboxEntry], decision: dict[str, Any], key: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": decision["question"],
            "decision": decision,
            "danger": key == "drop",
            "entries": entries,
            "action_name": request.POST.get("action", ""),
            "back": reverse("admin:contactcenter_outboxentry_changelist"),
        }
        return TemplateResponse(request, "admin/contactcenter/outboxentry/decide.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entry = self.get_object(request, unquote(object_id))
        extra = {"entry": entry, "cause": cause_words(entry) if entry else "", "may_decide": self.may_decide(request)}
        extra["is_open"] = bool(entry and entry.status in OPEN)
        extra["tone"] = OUTBOX_TONES.get(OutboxEntry.Status(entry.status), "neutral") if entry else ""
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    # -- columns

    @admin.display(description=_("What"))
    def what(self, entry: OutboxEntry) -> SafeString:
        link = reverse("admin:contactcenter_outboxentry_change", args=[entry.pk])
        return format_html(
            '<a class="row-link" href="{}">{}</a><span class="second-line">{}</span>',
            link,
            marks.say(entry.get_operation_display()),
            record_kind(entry),
        )  # fmt: skip

    @admin.display(description=_("Status"))
    def state(self, entry: OutboxEntry) -> SafeString:
        return status_mark(entry)

    @admin.display(description=_("Why it waits"))
    def why(self, entry: OutboxEntry) -> SafeString:
        if entry.status not in OPEN or not entry.last_error:
            return marks.NOTHING
        return format_html('<span class="sentence">{}</span>', entry.last_error[:160])

    @admin.display(description=_("Next attempt"))
    def due(self, entry: OutboxEntry) -> SafeString:
        return marks.moment(entry.due_at) if entry.status in OPEN[:2] else marks.NOTHING

    @admin.display(description=_("Account"))
    def of_account(self, entry: OutboxEntry) -> SafeString:
        return format_html("{} {}", entry.account.name, marks.simulated() if entry.account.simulated else "")

    @admin.display(description=_("Call"))
    def call(self, entry: OutboxEntry) -> SafeString:
        if entry.interaction is None:
            return marks.NOTHING
        link = reverse("admin:contactcenter_interaction_change", args=[entry.interaction_id])
        return format_html('<a href="{}"><code>{}</code></a>', link, entry.interaction.reference)


def cause_words(entry: OutboxEntry) -> str:
    return CAUSES.get(entry.last_cause, entry.last_cause)  # type: ignore[call-overload]


def record_kind(entry: OutboxEntry) -> str:
    """The vendor's name of the table that is written to, where the entry names it."""
    payload = entry.payload if isinstance(entry.payload, dict) else {}
    ref = payload.get("ref")
    return str(payload.get("kind") or (ref.get("kind") if isinstance(ref, dict) else "") or "")
