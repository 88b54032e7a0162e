"""Users and groups: Django's screens in our frame."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db import models
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from integrations import marks
from integrations.admin.screens import Screen

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(Screen, DjangoUserAdmin):
    intro = _("Who may log in. Agents need no rights here; supervisors belong to the group “Supervisors”.")
    list_display = ("username", "name", "email", "may", "seen")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    ordering = ("username",)
    filter_horizontal = ()
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    readonly_fields = ("last_login", "date_joined")
    # Rights go through groups: a list of 100 single permissions helps nobody.
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )

    @admin.display(description=_("Name"), ordering="last_name")
    def name(self, user: User) -> str:
        return user.get_full_name() or marks.NOTHING

    @admin.display(description=_("Rights"))
    def may(self, user: User) -> SafeString:
        if not user.is_active:
            return marks.badge(_("Locked"), "bad")
        if user.is_superuser:
            return marks.badge(_("Everything"), "info")
        return (
            marks.badge(_("Administration"), "ok") if user.is_staff else marks.badge(_("Agent Desktop only"), "neutral")
        )

    @admin.display(description=_("Last log-in"), ordering="last_login")
    def seen(self, user: User) -> SafeString:
        return marks.moment(user.last_login)


@admin.register(Group)
class GroupAdmin(Screen, DjangoGroupAdmin):
    intro = _("Sets of rights that users get together.")
