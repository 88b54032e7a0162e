from django.urls import include, path

urlpatterns = [path("agentdesktop/", include("agentdesktop.urls"))]
