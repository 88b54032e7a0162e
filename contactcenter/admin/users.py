"""Users and groups: Django's screens in our frame."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db import models
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import SignOnIdentity
from integrations import marks
from integrations.admin.screens import Screen

admin.site.unregister(User)
admin.site.unregister(Group)


class SignOnInline(admin.TabularInline):
    model = SignOnIdentity
    extra = 0
    fields = ("account", "subject", "last_login_at")
    readonly_fields = ("last_login_at",)
    verbose_name = _("person at an identity provider")
    verbose_name_plural = _("Single sign-on")


@admin.register(User)
class UserAdmin(Screen, DjangoUserAdmin):
    intro = _("Who may log in. Agents need no rights here; supervisors belong to the group “Supervisors”.")
    list_display = ("username", "name", "email", "may", "seen")
    list_filter = ("is_staff", "is_superuser", "is_active", "groups")
    ordering = ("username",)
    filter_horizontal = ()
    formfield_overrides = {models.ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}
    readonly_fields = ("seen", "joined")
    inlines = (SignOnInline,)
    # Rights go through groups: a list of 100 single permissions helps nobody.
    fieldsets = (
        (None, {"fields": ("username", "password", "first_name", "last_name", "email")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "groups")}),
        (_("Dates"), {"fields": ("seen", "joined")}),
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

    @admin.display(description=_("Added"))
    def joined(self, user: User) -> SafeString:
        return marks.exact(user.date_joined)


VERBS = {"view": _("see"), "add": _("add"), "change": _("change"), "delete": _("delete")}
APPS = ("contactcenter", "integrations", "auth", "auditlog")
# Tables of the machinery, which have no screen.
MACHINERY = ("permission", "agentevent", "callerchoice", "heartbeat", "recordingqueueitem", "oauthtoken")


class RightsField(forms.ModelMultipleChoiceField):
    """Rights in words: "agent: see"."""

    def label_from_instance(self, obj: Any) -> str:
        verb = obj.codename.partition("_")[0]
        return f"{obj.content_type.name}: {VERBS.get(verb, obj.name)}"


class GroupForm(forms.ModelForm):
    permissions = RightsField(
        label=_("Rights"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        queryset=Permission.objects.filter(content_type__app_label__in=APPS)
        .exclude(content_type__model__in=MACHINERY)
        .select_related("content_type")
        .order_by("content_type__app_label", "content_type__model", "codename"),
    )

    class Meta:
        model = Group
        fields = ("name", "permissions")


@admin.register(Group)
class GroupAdmin(Screen, DjangoGroupAdmin):
    intro = _("Sets of rights that users get together.")
    form = GroupForm
    filter_horizontal = ()
