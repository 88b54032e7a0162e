"""Addresses for vendors. Included at the root, before the admin, under whose path the OAuth callback lies."""

from django.urls import path

from . import views

app_name = "integrations"
urlpatterns = [
    path("admin/integrations/oauth/callback/", views.oauth_callback, name="oauth_callback"),
    path("integrations/webhooks/<uuid:public_id>/", views.webhook, name="webhook"),
]
