"""The log-in form of the desktop: who, and on which phone."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contactcenter.models import Agent
from contactcenter.models.agents import PhoneDevice

from . import throttle

DEVICES = (
    (PhoneDevice.SOFTPHONE, _("Softphone"), _("Calls come to this computer.")),
    (PhoneDevice.HARDPHONE, _("Internal phone"), _("Calls ring on a phone of the company's own system.")),
    (PhoneDevice.EXTERNAL, _("External phone"), _("Calls ring on any phone, for example a mobile.")),
    (PhoneDevice.NONE, _("No phone"), _("Chats only; no calls.")),
)
NUMBERED = (PhoneDevice.HARDPHONE, PhoneDevice.EXTERNAL)


class LoginForm(forms.Form):
    """User name, password, phone device. A wrong password is counted; its sentence stands on the field."""

    username = forms.CharField(max_length=150, strip=True, error_messages={"required": _("Enter your user name.")})
    password = forms.CharField(
        strip=False, max_length=1000, widget=forms.PasswordInput, error_messages={"required": _("Enter your password.")}
    )
    device = forms.ChoiceField(choices=PhoneDevice.choices, required=False)
    device_number = forms.CharField(max_length=40, required=False)

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(data)
        self.request = request
        self.agent: Agent | None = None

    def clean_device(self) -> str:
        return self.cleaned_data["device"] or PhoneDevice.SOFTPHONE

    def clean_device_number(self) -> str:
        number = self.cleaned_data["device_number"].strip()
        if self.cleaned_data.get("device") not in NUMBERED:
            return ""
        if sum(character.isdigit() for character in number) < 2:
            raise forms.ValidationError(_("Enter the number of the phone, for example 204 or +1 415 555 0132."))
        return number

    def clean(self) -> dict[str, Any]:
        if not self.errors:
            self._check_password(self.cleaned_data["username"], self.cleaned_data["password"])
        return self.cleaned_data

    def _check_password(self, username: str, password: str) -> None:
        if throttle.is_paused(self.request, username):
            sentence = gettext("Too many wrong passwords. Wait five minutes, then try again.")
            return self.add_error("password", sentence)
        user = authenticate(self.request, username=username, password=password)
        if user is None:
            throttle.count_failure(self.request, username)
            sentence = gettext("User name and password do not match. Check both; capital letters count.")
            return self.add_error("password", sentence)
        throttle.forget(self.request, username)
        self.agent = Agent.objects.select_related("user").filter(user_id=user.pk).first()
        if self.agent is None:
            sentence = gettext("This user is not an agent. Ask your administrator to add an agent for it.")
            return self.add_error("username", sentence)
        return None
