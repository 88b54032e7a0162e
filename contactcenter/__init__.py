"""The contact centre: agents, services, interactions, scenarios, feeds.

The Celery application is loaded with the package, so that every process which sends a task knows the broker."""

from .celery import app as celery_app

__all__ = ["celery_app"]
