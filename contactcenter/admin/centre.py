"""Settings of the contact centre: one row, so the list is the form."""

from typing import Any, cast
from zoneinfo import available_timezones

import phonenumbers
from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contactcenter.models import ContactCenter
from integrations import catalogue
from integrations.admin.screens import Screen

NOT_PLACES = ("Etc/", "posix/", "right/", "SystemV/")


def region_choices() -> list[tuple[str, str]]:
    """Every country with phone numbers, with its calling code: "US (+1)"."""
    return [(r, f"{r} (+{phonenumbers.country_code_for_region(r)})") for r in sorted(phonenumbers.SUPPORTED_REGIONS)]


def zone_choices() -> list[tuple[str, str]]:
    """The zones of places, without the historical names that only machines use."""
    named = sorted(z for z in available_timezones() if "/" in z and not z.startswith(NOT_PLACES))
    return [("UTC", "UTC"), *((z, z.replace("_", " ")) for z in named)]


class ContactCenterForm(forms.ModelForm):
    default_region = forms.ChoiceField(
        choices=region_choices, help_text=_("Country of phone numbers that come without a country code.")
    )
    time_zone = forms.ChoiceField(
        choices=zone_choices, help_text=_("Days in reports and feeds begin at midnight there.")
    )
    enabled_types = forms.MultipleChoiceField(
        label=_("Additional account types"),
        required=False,
        choices=[(t.key, t.label) for t in catalogue.TYPES if t.gated],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("These types stay hidden in “Add integration account” until they are ticked here."),
    )

    class Meta:
        model = ContactCenter
        fields = (
            "name", "tenant", "time_zone", "default_region", "enabled_types",
            "after_call_work_seconds", "answer_timeout_seconds", "feed_alert_after",
            "recordings_kept_days",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField | None, self.fields.get("time_zone"))
        present = self.instance.time_zone
        if field is not None and present not in dict(zone_choices()):
            field.choices = [(present, present), *zone_choices()]


@admin.register(ContactCenter)
class ContactCenterAdmin(Screen):
    form = ContactCenterForm
    fieldsets = (
        (None, {"fields": ("name", "tenant", "time_zone", "default_region")}),
        (_("Handling calls"), {"fields": ("answer_timeout_seconds", "after_call_work_seconds")}),
        (_("Recordings"), {"fields": ("recordings_kept_days",)}),
        (_("Feeds"), {"fields": ("feed_alert_after",)}),
        (_("Integration accounts"), {"fields": ("enabled_types",)}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Which types exist at all is the decision of whoever provides the service."""
        sets = super().get_fieldsets(request, obj)
        return sets if request.user.is_superuser else sets[:-1]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        centre = ContactCenter.current()
        return HttpResponseRedirect(reverse("admin:contactcenter_contactcenter_change", args=[centre.pk]))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """The one row, made when somebody looks at it first."""
        return ContactCenter.current()

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        self.message_user(request, _("The settings are saved."))
        return HttpResponseRedirect(request.path)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
