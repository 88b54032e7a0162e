"""Error pages and error mails without secrets.

Django's own filter hides settings and marked variables, and nothing at all while `DEBUG` is on. Here the finished page
is masked once more: whatever secret this process knows, and whatever the request carried in a field that is named like
one, does not appear on it."""

from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from . import redaction


class ReporterFilter(SafeExceptionReporterFilter):
    """Django's filter, active also while `DEBUG` is on, and hiding form fields by their name."""

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        parameters = super().get_post_parameters(request)
        return {
            name: self.cleansed_substitute if is_secret_field(name) else redaction.mask(str(value))
            for name, value in dict(parameters.items()).items()
        }

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: FrameType) -> ItemsView[str, Any]:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return {n: self.cleansed_substitute if redaction.is_sensitive(n) else v for n, v in variables}.items()


class Reporter(ExceptionReporter):
    """Masks the finished report."""

    def get_traceback_html(self) -> SafeString:
        return self._masked(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return self._masked(super().get_traceback_text())

    def _masked(self, report: str) -> SafeString:
        with redaction.temporarily(*self._typed_secrets()):
            return mark_safe(redaction.mask(report))  # noqa: S308 - the page as Django escaped it, with less in it

    def _typed_secrets(self) -> list[str]:
        post = getattr(self.request, "POST", None) or {}
        return [value for name, value in post.items() if is_secret_field(name) and isinstance(value, str) and value]


def is_secret_field(name: str) -> bool:
    """Whether a form field holds a secret: by its name, or because a provider declares it as one."""
    return redaction.is_sensitive(name) or name in declared_secrets()


def declared_secrets() -> set[str]:
    """Names of all secret properties of all providers; empty where the registry itself is what broke."""
    from ..providers import registry

    try:
        return {name for provider in registry().values() for name in provider.Properties.secret_names()}
    except Exception:  # an error page must come out whatever is broken
        return set()
