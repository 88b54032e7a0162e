"""The form of an account: its own columns and its provider's properties as one form.

The provider's `Properties` is inherited, not copied, so its cleaning is the only validation there is: the screen, an
import and the shell agree. Whatever is wrong lands on the field that caused it, also what the database would refuse
(one default per type, one exclusive account)."""

from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.forms.models import BaseModelForm, ModelFormMetaclass
from django.utils.translation import gettext as _

from .fields import Sealed, SecretUnreadable
from .models import IntegrationAccount
from .properties import CLEAR, PropertiesForm, SecretInput
from .providers.base import Provider

ACCOUNT_FIELDS = ("name", "is_default", "enabled", "simulated")
DEFAULT_CONSTRAINT_FIELD = "type"


class AccountForm(forms.ModelForm):
    """Base of the combined forms. `account_form` adds a provider's properties to it."""

    provider: type[Provider]
    changed_secrets: list[str]

    # Shown only when another account is the default: nobody loses the flag without being asked.
    move_default = forms.BooleanField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = IntegrationAccount
        fields = ACCOUNT_FIELDS
        error_messages = {"name": {"unique": "Another account has this name already."}}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.changed_secrets = []
        self.instance.provider = self.provider.key
        self.secrets_unreadable = False
        self.default_elsewhere: IntegrationAccount | None = None
        self._show_stored()
        if not self.provider.type.has_default:
            del self.fields["is_default"]
        if not self.provider.remote:
            del self.fields["simulated"]

    # -- what is stored

    def _show_stored(self) -> None:
        """Stored plain values as initial ones; of secrets only the mark that there is one."""
        plain = self.instance.values() if self.instance.pk else self.provider.Properties.defaults()
        self.initial = {**plain, **self.initial}
        stored = self._stored_secrets()
        for name in self.provider.Properties.secret_names():
            widget = cast(SecretInput, self.fields[name].widget)
            widget.stored = name in stored
            widget.unreadable = self.secrets_unreadable
            if name in stored:
                self.fields[name].required = False
        if self.instance.pk:
            cast(PropertiesForm, self).offer(self.instance)

    def _stored_secrets(self) -> set[str]:
        try:
            return {name for name, value in self.instance.secrets.reveal().items() if value}
        except SecretUnreadable:
            self.secrets_unreadable = True
            return set()

    # -- cleaning

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        cast(PropertiesForm, self).simulated = bool(cleaned.get("simulated"))
        # ModelForm.clean() ends its line of inheritance; the provider's own clean() comes after it.
        self.cleaned_data = super(BaseModelForm, self).clean() or cleaned
        self._refuse_clearing_what_is_needed()
        self._ask_about_default()
        return self.cleaned_data

    def _refuse_clearing_what_is_needed(self) -> None:
        for name in self.provider.Properties.secret_names():
            if self._typed(name) is CLEAR and self.provider.Properties.base_fields[name].required:
                self.add_error(
                    name, ValidationError(_("This cannot be cleared, because the account needs it."), code="required")
                )

    def _ask_about_default(self) -> None:
        """Making a second account the default asks first; with the answer, saving moves the flag."""
        if not self.cleaned_data.get("is_default"):
            return
        others = IntegrationAccount.objects.filter(type=self.provider.type.key, is_default=True)
        self.default_elsewhere = others.exclude(pk=self.instance.pk).first()
        if self.default_elsewhere and not self.cleaned_data.get("move_default"):
            # Ticked already: saving again is the answer "yes", unticking *Default account* is "no".
            self.fields["move_default"].widget = forms.CheckboxInput()
            self.fields["move_default"].label = _("Make this the default account instead")
            text = _("“%s” is the default account of this type now. Tick the box below to move it here.")
            self.add_error("is_default", text % self.default_elsewhere.name)

    def _post_clean(self) -> None:
        """The instance gets its properties before Django validates it, because the model checks them too."""
        if not self.errors:
            self._hand_over()
        try:
            super()._post_clean()  # type: ignore[misc]
        except SecretUnreadable:
            if not self.errors:
                raise  # said on the form in every other case

    def _hand_over(self) -> None:
        properties = self.provider.Properties
        secrets = {name: self._typed_or_clear(name) for name in properties.secret_names()}
        if self.secrets_unreadable and any(secrets.values()):
            self.instance.secrets = Sealed("")  # entered again: what nobody can read is given up
        if not self.secrets_unreadable or self.instance.secrets == Sealed(""):
            plain = {name: self.cleaned_data.get(name) for name in properties.plain_names()}
            self.changed_secrets = self.instance.apply(plain, secrets)
        else:
            self.add_error(None, str(SecretUnreadable()))

    def _typed(self, name: str) -> Any:
        return self[name].data

    def _typed_or_clear(self, name: str) -> Any:
        return CLEAR if self._typed(name) is CLEAR else self.cleaned_data.get(name)

    # -- what the database would refuse

    def _get_validation_exclusions(self) -> set[str]:
        """Django leaves out constraints on fields that a form does not show; ours are checked all the same."""
        excluded = set(super()._get_validation_exclusions())  # type: ignore[misc]
        excluded -= {"type", "provider", "exclusive_key"}
        if self.default_elsewhere:
            excluded.add(DEFAULT_CONSTRAINT_FIELD)  # asked above, or about to be moved
        return excluded

    def _update_errors(self, errors: ValidationError) -> None:
        """Errors of the model on columns that the form does not have: to the field that stands for them."""
        found: dict[str, Any] = (
            errors.error_dict if hasattr(errors, "error_dict") else {NON_FIELD_ERRORS: errors.error_list}
        )
        for name in [name for name in found if name != NON_FIELD_ERRORS and name not in self.fields]:
            left = found.pop(name)
            if name != "properties" or not self.errors:
                found.setdefault(NON_FIELD_ERRORS, []).extend(left)
        if found:
            super()._update_errors(ValidationError(found))  # type: ignore[misc]

    @transaction.atomic
    def move_the_default(self) -> None:
        """Take the flag from the account that has it, right before this one is saved."""
        if self.default_elsewhere and self.cleaned_data.get("is_default"):
            self.default_elsewhere.is_default = False
            self.default_elsewhere.save(update_fields=["is_default", "updated_at"])


def account_form(provider: type[Provider]) -> type[AccountForm]:
    """The form of a provider's accounts."""
    name = f"{provider.__name__}AccountForm"
    form = ModelFormMetaclass(name, (AccountForm, provider.Properties), {"provider": provider, "__module__": __name__})
    return cast(type[AccountForm], form)
