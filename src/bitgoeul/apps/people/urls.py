from django.urls import path

from bitgoeul.apps.people import document_views, views

app_name = "people"

urlpatterns = [
    path("", views.index, name="index"),
    path("me/", views.me, name="me"),
    path("me/data.json", views.my_data, name="my_data"),
    path("me/erase/", views.erase, name="erase"),
    path("privacy/", views.privacy, name="privacy"),
    path("tokens/", views.tokens, name="tokens"),
    path("tokens/<str:token_id>/revoke/", views.revoke_token, name="revoke_token"),
    path("clients/", views.clients, name="clients"),
    path("clients/<str:client_id>/remove/", views.remove_client, name="remove_client"),
    path("organisations/", views.organisations, name="organisations"),
    path("organisations/new/", views.found, name="found"),
    path("organisations/<slug:slug>/", views.organisation, name="organisation"),
    path("organisations/<slug:slug>/edit/", views.edit, name="edit"),
    path("organisations/<slug:slug>/documents/", document_views.index, name="documents"),
    path("documents/<str:document_id>/", document_views.download, name="document"),
    path("documents/<str:document_id>/remove/", document_views.remove, name="remove_document"),
    path("organisations/<slug:slug>/invite/", views.invite, name="invite"),
    path("organisations/<slug:slug>/leave/", views.leave, name="leave"),
    path("organisations/<slug:slug>/members/<str:person_id>/role/", views.change_role, name="change_role"),
    path(
        "organisations/<slug:slug>/members/<str:person_id>/remove/", views.remove_member, name="remove_member"
    ),
    path("invitations/<str:invitation_id>/withdraw/", views.withdraw, name="withdraw"),
    path("invitations/<str:invitation_id>/accept/", views.accept, name="accept"),
    path("invitations/<str:invitation_id>/decline/", views.decline, name="decline"),
    path("invitations/<str:token>/", views.invitation, name="invitation"),
]
