"""The own knowledge base: what agents find, and what they proposed."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from contactcenter.models import KnowledgeTopic
from integrations import marks
from integrations.admin.screens import Screen


@admin.register(KnowledgeTopic)
class KnowledgeTopicAdmin(Screen):
    intro = _("What agents find from the desktop. Topics that they propose are drafts until you publish them.")
    nothing_yet = _("No topic yet. Add one, or let agents propose them from the desktop.")
    list_display = ("title", "state", "submitted_by", "updated_at")
    list_filter = ("published",)
    list_select_related = ("submitted_by",)
    search_fields = ("title", "text")
    fields = ("title", "text", "published")

    @admin.display(description=_("State"), ordering="published")
    def state(self, topic: KnowledgeTopic) -> SafeString:
        return marks.status(_("Published") if topic.published else _("Draft"), "ok" if topic.published else "warn")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"published": True}
