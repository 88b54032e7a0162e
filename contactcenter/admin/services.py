"""Services with their numbers, and dispositions."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.forms import ModelForm
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import ContactCenter, Disposition, Report, Service, ServiceMessenger, ServiceNumber
from contactcenter.phone import normalise
from integrations import marks
from integrations.admin.screens import Screen


class NumberForm(ModelForm):
    """Two services cannot share a number: the derived form decides, so the error belongs on what was typed."""

    class Meta:
        model = ServiceNumber
        fields = ("number",)

    def clean_number(self) -> str:
        text = str(self.cleaned_data["number"])
        phone = normalise(text, ContactCenter.current().default_region)
        taken = (
            ServiceNumber.objects.filter(e164=phone.plain)
            .exclude(pk=self.instance.pk)
            .select_related("service")
            .first()
        )
        if taken is not None and taken.service_id != self.instance.service_id:
            self.add_error(
                "number", _("%(number)s reaches “%(service)s” already.") % {"number": text, "service": taken.service}
            )
        return text


class NumberFormSet(BaseInlineFormSet):
    """The same number twice on one page would only be seen by the database."""

    def clean(self) -> None:
        super().clean()
        seen: set[str] = set()
        for form in self.forms:
            text = form.cleaned_data.get("number") if hasattr(form, "cleaned_data") else ""
            if not text or form.cleaned_data.get("DELETE"):
                continue
            key = normalise(text).plain
            if key in seen:
                form.add_error("number", _("This number is listed twice."))
            seen.add(key)


class NumberInline(admin.TabularInline):
    model = ServiceNumber
    form = NumberForm
    formset = NumberFormSet
    extra = 0
    fields = ("number", "as_dialled")
    readonly_fields = ("as_dialled",)
    verbose_name = _("number")
    verbose_name_plural = _("Numbers that reach this service")

    @admin.display(description=_("International form"))
    def as_dialled(self, number: ServiceNumber) -> str:
        return number.e164 or marks.NOTHING


class MessengerInline(admin.TabularInline):
    model = ServiceMessenger
    extra = 0
    fields = ("account",)
    verbose_name = _("messenger")
    verbose_name_plural = _("Messengers whose customers reach this service")


EVERY_SERVICE = (None, {"fields": ("name", "code", "media", "scenario", "service_level_seconds", "enabled")})
FOR_CALLS = (_("Calls"), {"fields": ("recordings",)})
FOR_CHATS = (_("Chats"), {"fields": ("chat_bot", "agent_words", "suggestion_engine")})


@admin.register(Service)
class ServiceAdmin(Screen):
    intro = _(
        "What customers call or write to. A service has numbers or messengers, agents, and the scenario that runs when "
        "somebody arrives."
    )
    nothing_yet = _("No service yet. Add one, give it a number and a scenario.")
    list_display = ("name", "media", "reached_by", "scenario", "size", "state")
    list_filter = ("media", "enabled")
    list_select_related = ("scenario",)
    search_fields = ("name", "code", "numbers__number")
    inlines = (NumberInline, MessengerInline)
    prepopulated_fields = {"code": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .prefetch_related("numbers", "messengers__account")
            .annotate(agent_count=Count("agents", distinct=True))
        )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A report of no chosen queue is one of all queues: the last chosen one has to stay until that is changed."""
        found, counts, lacking, protected = super().get_deleted_objects(objs, request)
        going = [service.pk for service in objs]
        bereft = Report.objects.filter(services__in=going).exclude(services__in=Service.objects.exclude(pk__in=going))
        kept = [_("Scheduled report about this queue alone: %s") % report for report in bereft.distinct()]
        return found, counts, lacking, [*protected, *kept]

    def get_fieldsets(self, request: HttpRequest, obj: Service | None = None) -> Any:
        """Of a service that is there, only what its medium makes sense of."""
        if obj is None:
            return [EVERY_SERVICE, FOR_CALLS, FOR_CHATS]
        return [EVERY_SERVICE, FOR_CALLS if obj.media == Service.Media.VOICE else FOR_CHATS]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj is not None else self.prepopulated_fields

    @admin.display(description=_("Reached by"))
    def reached_by(self, service: Service) -> str:
        numbers = [normalise(number.e164).display for number in service.numbers.all()]
        return ", ".join([*numbers, *(str(entry) for entry in service.messengers.all())]) or marks.NOTHING

    @admin.display(description=_("Agents"), ordering="agent_count")
    def size(self, service: Any) -> int:
        return int(service.agent_count)

    @admin.display(description=_("State"), ordering="enabled")
    def state(self, service: Service) -> SafeString:
        return marks.status(_("Open") if service.enabled else _("Closed"), "ok" if service.enabled else "neutral")


@admin.register(Disposition)
class DispositionAdmin(Screen):
    intro = _("How a call ended, as the agent judges it after the call.")
    nothing_yet = _("No disposition yet. Agents choose one in after-call work.")
    list_display = ("name", "code", "for_which", "list_result", "position")
    list_filter = ("service",)
    list_select_related = ("service",)
    search_fields = ("name", "code")
    prepopulated_fields = {"code": ("name",)}

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj is not None else self.prepopulated_fields

    @admin.display(description=_("For"), ordering="service__name")
    def for_which(self, disposition: Disposition) -> str:
        return str(disposition.service) if disposition.service else str(_("Every service"))
