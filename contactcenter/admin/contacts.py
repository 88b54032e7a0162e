"""People who call, with their numbers."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contactcenter.models import (
    CallerDataAnswer,
    Contact,
    ContactAddress,
    ContactDetail,
    ContactEmail,
    ContactLink,
    ContactPhone,
)
from contactcenter.phone import normalise
from integrations import field_mapping, marks
from integrations.admin.screens import Screen


class PhoneInline(admin.TabularInline):
    model = ContactPhone
    extra = 0
    fields = ("number", "kind", "as_dialled")
    readonly_fields = ("as_dialled",)
    verbose_name = _("phone number")
    verbose_name_plural = _("Phone numbers")

    @admin.display(description=_("International form"))
    def as_dialled(self, phone: ContactPhone) -> str:
        return phone.e164 or marks.NOTHING


class EmailInline(admin.TabularInline):
    model = ContactEmail
    extra = 0
    verbose_name = _("e-mail address")
    verbose_name_plural = _("Further e-mail addresses")


class AddressInline(admin.TabularInline):
    model = ContactAddress
    extra = 0
    verbose_name_plural = _("Addresses")


class LinkInline(admin.TabularInline):
    model = ContactLink
    extra = 0
    verbose_name = _("social link")
    verbose_name_plural = _("Social links")


class DetailInline(admin.TabularInline):
    model = ContactDetail
    extra = 0
    verbose_name = _("detail")
    verbose_name_plural = _("Further fields")


class CallerDataInline(admin.TabularInline):
    """Where values came from; nobody edits that."""

    model = CallerDataAnswer
    extra = 0
    can_delete = False
    fields = readonly_fields = ("account", "asked_at", "taken_over", "left_alone")
    verbose_name_plural = _("From caller-data systems")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("Taken over"))
    def taken_over(self, answer: CallerDataAnswer) -> str:
        return self._fields(answer, taken=True)

    @admin.display(description=_("Left alone, because there was a value"))
    def left_alone(self, answer: CallerDataAnswer) -> str:
        return self._fields(answer, taken=False)

    def _fields(self, answer: CallerDataAnswer, *, taken: bool) -> str:
        found = [field_mapping.label_of(each["target"]) for each in answer.offered if each["taken"] is taken]
        return ", ".join(found) or marks.NOTHING


@admin.register(Contact)
class ContactAdmin(Screen):
    intro = _("People who call. They are recognised by their numbers, whatever way the numbers are written.")
    nothing_yet = _("No contact yet. Callers who are only known to a CRM do not need one.")
    list_display = ("name", "company", "email", "numbers")
    search_fields = ("first_name", "last_name", "company", "email")
    search_help_text = _("Name, company, e-mail or phone number")
    inlines = (PhoneInline, EmailInline, AddressInline, LinkInline, DetailInline, CallerDataInline)
    fieldsets = (
        (None, {"fields": ("title", "first_name", "last_name", "company", "position", "email")}),
        (
            _("More"),
            {"fields": ("segment", "status", "date_of_birth", "messengers", "summary"), "classes": ("collapse",)},
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        return super().get_queryset(request).prefetch_related("phones")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """A phone number finds its owner in whatever form it is typed."""
        phone = normalise(search_term)
        if phone.e164:
            return queryset.filter(phones__line=phone.line), True
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description=_("Name"), ordering="last_name")
    def name(self, contact: Contact) -> str:
        return str(contact)

    @admin.display(description=_("Numbers"))
    def numbers(self, contact: Contact) -> str:
        return ", ".join(normalise(p.e164).display for p in contact.phones.all()) or marks.NOTHING
