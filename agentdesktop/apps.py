"""The Agent Desktop: a page of ours that stands alone or lives inside a CRM's page."""

from django.apps import AppConfig


class AgentDesktopConfig(AppConfig):
    name = "agentdesktop"
    verbose_name = "Agent Desktop"
