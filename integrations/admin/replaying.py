"""An exchange of the wire log beside the last one that went well, and once more."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from integrations import marks
from integrations.models import ApiCall
from integrations.wire import comparison, replays

CHANGE = "admin:integrations_apicall_change"


class Replaying:
    """Mixed into the screen of the wire log. Looking needs the right to look; replaying, to change accounts."""

    admin_site: admin.AdminSite
    opts: Any

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:number>/compare/", view(self.compare_view), name="integrations_apicall_compare"),
            path("<int:number>/replay/", view(self.replay_view), name="integrations_apicall_replay"),
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"may_replay": may_replay(request), **(extra_context or {})}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)  # type: ignore[misc]
        return response

    def compare_view(self, request: HttpRequest, number: int) -> HttpResponse:
        call = self._call(request, number)
        other = comparison.last_success(call)
        context = {"other": other, "parts": comparison.compare(call, other) if other else []}
        return self._page(request, call, "compare", context)

    def replay_view(self, request: HttpRequest, number: int) -> HttpResponse:
        """GET shows where it may go; POST sends it, asking once more where something may change at the vendor."""
        call = self._call(request, number)
        if not may_replay(request):
            raise PermissionDenied
        reason = replays.obstacle(call)
        targets = {target.key: target for target in (replays.to_simulator(call), replays.to_vendor(call))}
        target = targets.get(request.POST.get("target", ""))
        ready = request.method == "POST" and target is not None and target.signer is not None and not reason
        if target is None or not ready:
            context = {"reason": reason, "safe": replays.is_safe(call), **targets}
            return self._page(request, call, "replay", context)
        if target.key == "vendor" and not replays.is_safe(call) and "confirmed" not in request.POST:
            return self._page(request, call, "replay_confirm", {})
        return self._send(request, call, target)

    def _send(self, request: HttpRequest, call: ApiCall, target: replays.Target) -> HttpResponse:
        row, failure = replays.replay(call, target)
        if row is None:
            messages.error(request, _("Nothing was sent. %s") % marks.say(failure))
            return HttpResponseRedirect(reverse("admin:integrations_apicall_replay", args=[call.pk]))
        if failure is None:
            messages.success(request, _("Sent again. This is the new exchange."))
        else:
            messages.warning(request, _("Sent again, and it failed: %s") % failure)
        return HttpResponseRedirect(reverse(CHANGE, args=[row.pk]))

    def _call(self, request: HttpRequest, number: int) -> ApiCall:
        if not request.user.has_perm("integrations.view_apicall"):
            raise PermissionDenied
        call = ApiCall.objects.select_related("account").filter(pk=number).first()
        if call is None:
            raise Http404(_("This exchange is not in the log any more."))
        return call

    def _page(self, request: HttpRequest, call: ApiCall, name: str, context: dict[str, Any]) -> HttpResponse:
        page = {**self.admin_site.each_context(request), "opts": self.opts, "original": call, "call": call, **context}
        page["may_replay"] = may_replay(request)
        return TemplateResponse(request, f"integrations/wirelog/{name}.html", page)


def may_replay(request: HttpRequest) -> bool:
    return bool(request.user.has_perm("integrations.change_integrationaccount"))
