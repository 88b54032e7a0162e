"""Addresses of the Agent Desktop. `ServiceNow.jsp` is the name that ServiceNow administrators have configured."""

from django.urls import path

from . import sign_on, views, zendesk

app_name = "agentdesktop"

urlpatterns = [
    path("", zendesk.entrance, name="desktop"),
    path("ServiceNow.jsp", views.desktop, {"page": "ServiceNow.jsp"}, name="servicenow"),
    path("Oracle.jsp", views.desktop, {"page": "Oracle.jsp"}, name="oracle"),
    path("Zendesk.jsp", views.desktop, {"page": "Zendesk.jsp"}, name="zendesk"),
    path("ZendeskBackground.jsp", zendesk.background, {"page": "Zendesk.jsp"}, name="zendesk_background"),
    path("Salesforce.jsp", views.desktop, {"page": "Salesforce.jsp"}, name="salesforce"),
    path("login/", views.login, name="login"),
    path("login/cookie", views.cookie, name="cookie"),
    path("sso/login", sign_on.start, name="sign_on_start"),
    path("sso/redirect", sign_on.receive, name="sign_on_receive"),
    path("sso/finish", sign_on.finish, name="sign_on_finish"),
    path("sso/claim", sign_on.claim, name="sign_on_claim"),
    path("sso/metadata", sign_on.metadata, name="sign_on_metadata"),
    path("logout/", views.logout, name="logout"),
    path("overview", views.overview, name="overview"),
    path("events", views.events_need_asgi, name="events"),
    path("lists", views.lists, name="lists"),
    path("messages/<str:login>", views.talk, name="talk"),
    path("knowledge", views.find_topics, name="knowledge"),
    path("chat-media/<int:message>/<int:number>", views.chat_media, name="chat_media"),
    path("pictures/<str:interaction>", views.add_picture, name="add_picture"),
    path("words.js", views.words, name="words"),
    path("commands/<slug:name>", views.command, name="command"),
]
