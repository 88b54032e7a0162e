"""Addresses for vendors. Included at the root, before the admin, under whose path the OAuth callbacks lie."""

from django.urls import path

from . import views

app_name = "integrations"
urlpatterns = [
    path("admin/integrations/oauth/callback/", views.oauth_callback, name="oauth_callback"),
    # Registered at Salesforce in thousands of set-ups: the address of the original integration guide.
    path("admin/salesforcecallback.html", views.oauth_callback, name="salesforce_callback"),
    path("integrations/webhooks/<uuid:public_id>/", views.webhook, name="webhook"),
]
