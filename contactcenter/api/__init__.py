"""The HTTP API at /api/v1, described at /api/v1/openapi.json.

from contactcenter.api.root import api
urlpatterns = [path("api/v1/", api.urls)]
"""
