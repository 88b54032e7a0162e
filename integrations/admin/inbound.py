"""What vendors told us, as it arrived, and what became of it."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from integrations import marks
from integrations.models import InboundEvent
from integrations.sign_on import MARKS

from .keyset import KeysetScreen
from .screens import ReadOnlyScreen
from .wirelog_filters import AccountFilter


@admin.register(InboundEvent)
class InboundEventAdmin(KeysetScreen, ReadOnlyScreen):
    intro = _("What vendors told us, newest first.")
    nothing_yet = _("No vendor has told us anything yet.")
    list_display = ("at", "of_account", "kind", "state")
    list_display_links = None
    list_filter = (AccountFilter,)
    list_select_related = ("account",)
    search_fields = ("key",)
    search_help_text = _("The vendor's id of the event")
    ordering = ("-id",)
    change_form_template = "integrations/inbound/detail.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundEvent]:
        return super().get_queryset(request).exclude(kind__in=MARKS).defer("account__secrets")

    @admin.display(description=_("Time"))
    def at(self, event: InboundEvent) -> SafeString:
        link = reverse("admin:integrations_inboundevent_change", args=[event.pk])
        return format_html('<a class="row-link" href="{}">{}</a>', link, marks.exact(event.received_at))

    @admin.display(description=_("Account"))
    def of_account(self, event: InboundEvent) -> SafeString:
        return format_html("{} {}", event.account.name, marks.simulated() if event.account.simulated else "")

    @admin.display(description=_("State"))
    def state(self, event: InboundEvent) -> SafeString:
        if event.processed_at:
            return marks.status(_("Processed"), "ok")
        return marks.status(_("Failed") if event.error else _("Waiting"), "bad" if event.error else "info")
