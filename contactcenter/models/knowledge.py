"""The contact centre's own knowledge base."""

from django.conf import settings
from django.db import models


class KnowledgeTopic(models.Model):
    """A topic that agents find from the desktop. What an agent submits is a draft until somebody publishes it."""

    title = models.CharField(max_length=200)
    text = models.TextField()
    published = models.BooleanField(default=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title
