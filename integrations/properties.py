"""Properties of an account: plain Django forms, the one schema for screen, import, shell and tests."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from integrations.models import IntegrationAccount


LONGEST_SECRET = 10_000  # nothing that travels in a header is longer


class SecretInput(forms.PasswordInput):
    """Renders empty always: a secret goes in and never comes out. Knows only whether a value is stored."""

    template_name = "integrations/widgets/secret.html"
    stored = False
    unreadable = False
    #: Where the value is, when it is not stored here.
    elsewhere = ""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"autocomplete": "new-password", "spellcheck": "false", **(attrs or {})}, render_value=False)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, None, attrs)
        context["widget"]["stored"] = self.stored
        context["widget"]["unreadable"] = self.unreadable
        context["widget"]["elsewhere"] = self.elsewhere
        context["widget"]["clear_name"] = f"{name}-clear"
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        typed = data.get(name)
        if not typed and data.get(f"{name}-clear"):
            return CLEAR
        return typed


class SecretTextarea(SecretInput):
    """The same for a secret of several lines, such as a private key."""

    template_name = "integrations/widgets/secret_text.html"


class Clear:
    """Marks a secret whose *Clear* box was ticked."""

    def __repr__(self) -> str:
        return "CLEAR"


CLEAR = Clear()


class SecretField(forms.CharField):
    """An encrypted property. Empty on save keeps what is stored. One line, unless its widget is a `SecretTextarea`:
    a line break at the end came along with a copy and is left out, one inside means that something else was copied."""

    widget = SecretInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"strip": True, "max_length": LONGEST_SECRET, **kwargs})

    def clean(self, value: Any) -> Any:
        if value is CLEAR:
            return "" if not self.required else super().clean("")
        if isinstance(value, str) and not isinstance(self.widget, SecretTextarea):
            value = self._one_line(value)
        return super().clean(value)

    @staticmethod
    def _one_line(text: str) -> str:
        text = text.rstrip("\r\n")
        if "\n" in text or "\r" in text:
            raise ValidationError("There is a line break in this. Paste the value alone, on one line.")
        return text


class PropertiesForm(forms.Form):
    """Base of every provider's `Properties`. `advanced` names the fields of the *Advanced* fieldset, `heading` is what
    the vendor's guide calls the others.

    `needed_for_real` names what may stay empty only while the account is simulated. `simulated` is None where the
    caller does not know yet; the model's `clean()` always does."""

    heading: ClassVar[str] = ""
    advanced: ClassVar[tuple[str, ...]] = ()
    needed_for_real: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *args: Any, simulated: bool | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.simulated = simulated

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.simulated is False:
            for name in self.needed_for_real:
                self.need(name, "This is needed, because the account is not simulated.")
        return cleaned

    def need(self, name: str, sentence: str) -> None:
        """Put the sentence on the field when it is empty and has no other error. A stored secret counts as filled."""
        if name not in self.errors and not self.filled(name):
            self.add_error(name, sentence)

    def filled(self, name: str) -> bool:
        """Whether the property will have a value after saving: typed now, or a stored secret that is kept."""
        if self[name].data is CLEAR:
            return False
        return bool(self.cleaned_data.get(name)) or bool(getattr(self.fields[name].widget, "stored", False))

    def offer(self, account: "IntegrationAccount") -> None:
        """Called when the form of a stored account is made: choices that depend on what its vendor told go in here."""

    @classmethod
    def secret_names(cls) -> list[str]:
        return [name for name, field in cls.base_fields.items() if isinstance(field, SecretField)]

    @classmethod
    def plain_names(cls) -> list[str]:
        return [name for name, field in cls.base_fields.items() if not isinstance(field, SecretField)]

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Initial values of the plain properties, merged under the stored ones when an account is read."""
        return {name: cls.base_fields[name].initial for name in cls.plain_names()}
