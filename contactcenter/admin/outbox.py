"""The outbox: what still has to reach a CRM, why it waits, and what a person can decide about it."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import OutboxEntry
from contactcenter.outbox import entries as outbox
from integrations import marks
from integrations.admin.keyset import KeysetScreen
from integrations.admin.screens import ReadOnlyScreen
from integrations.admin.wirelog_filters import AccountFilter
from integrations.models import IntegrationAccount

from .outbox_decisions import DECISIONS, Decision, questions
from .outbox_filters import OPEN, AgeFilter, CauseFilter, StatusFilter, matching
from .outbox_overview import standings
from .outbox_words import attempts, cause_words, masked, record_kind, waits_for
from .story import OUTBOX_TONES

LIVE_OVERVIEW, LIVE_ENTRY = 4000, 3000  # milliseconds


def _sentence(entry: Any) -> SafeString | str:
    """What an entry of this screen's list waits for, by what was read with it."""
    breaker = getattr(entry.account, "breaker", None)
    shut = breaker if breaker is not None and breaker.open_since else None
    return waits_for(entry, shut, entry.earlier)


def tone_of(entry: OutboxEntry) -> str:
    return OUTBOX_TONES.get(OutboxEntry.Status(entry.status), "neutral")


@admin.register(OutboxEntry)
class OutboxAdmin(KeysetScreen, ReadOnlyScreen):
    heading = _("Outbox")
    intro = _("What has to be written to a CRM, in order for each record. Nothing is lost while the CRM is away.")
    nothing_yet = _("Nothing waits: everything has reached its CRM. Choose “All” to see what was written.")
    list_display = ("what", "state", "why", "attempts", "created", "of_account", "call")
    list_display_links = None
    list_filter = (StatusFilter, AccountFilter, "operation", CauseFilter, AgeFilter)
    list_select_related = ("account", "account__breaker", "interaction")
    search_fields = ("record_key",)
    search_help_text = _("Reference or id of a call, id of a record, or key of an entry")
    ordering = ("-id",)
    actions = ("send_again", "drop_them")
    change_list_template = "admin/contactcenter/outboxentry/list.html"
    change_form_template = "admin/contactcenter/outboxentry/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboxEntry]:
        before = outbox.open_entries().filter(record_key=OuterRef("record_key"), pk__lt=OuterRef("pk"))
        rows = super().get_queryset(request).defer("account__secrets")
        return rows.annotate(earlier=Subquery(before.order_by("pk").values("pk")[:1]))

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        term = search_term.strip()
        return (queryset.filter(matching(term)) if term else queryset), False

    def may_decide(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("contactcenter.change_outboxentry"))

    def get_actions(self, request: HttpRequest) -> Any:
        return super().get_actions(request) if self.may_decide(request) else {}

    def get_urls(self) -> list[URLPattern]:
        def url(pattern: str, view: Any, name: str) -> URLPattern:
            return path(pattern, self.admin_site.admin_view(view), name=f"contactcenter_outboxentry_{name}")

        return [
            url("overview/", self.overview_view, "overview"),
            url("account/<int:account_id>/try/", self.try_view, "try"),
            url("account/<int:account_id>/retry/", self.retry_account_view, "retry_account"),
            url("<path:object_id>/live/", self.live_view, "live"),
            url("<path:object_id>/decide/<slug:key>/", self.decide_view, "decide"),
            *super().get_urls(),
        ]

    # -- the list, and above it how each account stands

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {**self._overview(request), **(extra_context or {})})

    def overview_view(self, request: HttpRequest) -> HttpResponse:
        """The part above the list, again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return TemplateResponse(request, "admin/contactcenter/outboxentry/overview.html", self._overview(request))

    def _overview(self, request: HttpRequest) -> dict[str, Any]:
        return {"standings": standings(), "may_decide": self.may_decide(request), "every": LIVE_OVERVIEW}

    def try_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """A person does not want to wait for the next try."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        account = self._account(request, account_id)
        if outbox.try_now(account):
            messages.success(request, _("%s is tried now.") % account.name)
        else:
            messages.info(request, _("%s answers already: what is due goes out.") % account.name)
        return HttpResponseRedirect(reverse("admin:contactcenter_outboxentry_changelist"))

    def retry_account_view(self, request: HttpRequest, account_id: int) -> HttpResponse:
        """Everything of one account, asked first."""
        account = self._account(request, account_id)
        back = reverse("admin:contactcenter_outboxentry_changelist")
        if "confirmed" in request.POST:
            messages.success(request, str(DECISIONS["retry"].done) % outbox.retry_all(account))
            return HttpResponseRedirect(back)
        mine = OutboxEntry.objects.filter(account=account, status__in=OPEN)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Send everything for %s again?") % account.name,
            "account": account,
            "count": mine.exclude(last_cause=outbox.UNKNOWN).count(),
            "left_out": mine.filter(last_cause=outbox.UNKNOWN).count(),
            "back": back,
        }
        return TemplateResponse(request, "admin/contactcenter/outboxentry/retry_account.html", context)

    def _account(self, request: HttpRequest, account_id: int) -> IntegrationAccount:
        """The account of a decision; only those who may decide get it."""
        if not self.may_decide(request):
            raise PermissionDenied
        return get_object_or_404(IntegrationAccount, pk=account_id)

    # -- decisions: asked first, on a page of their own

    @admin.action(description=_("Send again"))
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxEntry]) -> HttpResponse | None:
        return self._decide(request, queryset, "retry")

    @admin.action(description=_("Drop"))
    def drop_them(self, request: HttpRequest, queryset: QuerySet[OutboxEntry]) -> HttpResponse | None:
        return self._decide(request, queryset, "drop")

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
        chosen = OutboxEntry.objects.filter(pk__in=queryset.values("pk"), status__in=OPEN)
        entries = list(chosen.select_related("account", "interaction").order_by("id"))
        if not entries:
            messages.warning(request, _("None of these entries is open any more."))
            return None
        if "confirmed" not in request.POST:
            return self._question(request, entries, decision)
        for entry in entries:
            decision.run(entry)
        messages.success(request, str(decision.done) % len(entries))
        return None

    def _question(self, request: HttpRequest, entries: list[OutboxEntry], decision: Decision) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": decision.question,
            "decision": decision,
            "questions": questions(entries, decision),
            "entries": entries,
            "action_name": request.POST.get("action", ""),
            "back": reverse("admin:contactcenter_outboxentry_changelist"),
        }
        return TemplateResponse(request, "admin/contactcenter/outboxentry/decide.html", context)

    # -- one entry

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        entry = self.get_object(request, unquote(object_id))
        extra = self._entry(request, entry) if entry else {}
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def live_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The changing part of an entry's page, again."""
        entry = self.get_object(request, unquote(object_id))
        if entry is None or not self.has_view_permission(request, entry):
            raise Http404
        return TemplateResponse(
            request, "admin/contactcenter/outboxentry/entry.html", self._entry(request, entry)
        )  # fmt: skip

    def _entry(self, request: HttpRequest, entry: OutboxEntry) -> dict[str, Any]:
        may_see_calls = request.user.has_perm("integrations.view_apicall")
        return {
            "entry": entry,
            "waits_for": _sentence(entry),
            "cause": cause_words(entry.last_cause),
            "tone": tone_of(entry),
            "made": attempts(entry, with_calls=may_see_calls),
            "payload": masked(entry, entry.payload),
            "result": masked(entry, entry.result),
            "is_open": entry.status in OPEN,
            "may_decide": self.may_decide(request),
            "every": LIVE_ENTRY,
        }

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
        return marks.status(entry.get_status_display(), tone_of(entry))

    @admin.display(description=_("What it waits for"))
    def why(self, entry: OutboxEntry) -> SafeString:
        if entry.status not in OPEN:
            return marks.NOTHING
        return format_html('<span class="sentence">{}</span>', _sentence(entry))

    @admin.display(description=_("Since"))
    def created(self, entry: OutboxEntry) -> SafeString:
        return marks.moment(entry.created_at)

    @admin.display(description=_("Account"))
    def of_account(self, entry: OutboxEntry) -> SafeString:
        return format_html("{} {}", entry.account.name, marks.simulated() if entry.account.simulated else "")

    @admin.display(description=_("Call"))
    def call(self, entry: OutboxEntry) -> SafeString:
        if entry.interaction is None:
            return marks.NOTHING
        link = reverse("admin:contactcenter_interaction_change", args=[entry.interaction_id])
        return format_html('<a href="{}"><code>{}</code></a>', link, entry.interaction.reference)
