from django.urls import path

from bitgoeul.apps.credits import views
from bitgoeul.apps.credits.views import benefits, prices

app_name = "credits"

urlpatterns = [
    path("", views.index, name="index"),
    path("prices/", prices.index, name="prices"),
    path("prices/start/", prices.start, name="prices_start"),
    path("prices/<int:number>/", prices.detail, name="prices_detail"),
    path("prices/<int:number>/edit/", prices.edit, name="prices_edit"),
    path("prices/<int:number>/publish/", prices.publish, name="prices_publish"),
    path("prices/<int:number>/drop/", prices.drop, name="prices_drop"),
    path("incentives/", prices.incentives, name="incentives"),
    path("<slug:slug>/", views.detail, name="detail"),
    path("<slug:slug>/grant/", views.grant, name="grant"),
    path("<slug:slug>/reverse/", views.reverse_transfer, name="reverse"),
    path("<slug:slug>/benefits/", benefits.statement, name="benefits"),
    path("<slug:slug>/benefits/post/", benefits.post, name="benefit_post"),
    path("<slug:slug>/benefits/reverse/", benefits.reverse, name="benefit_reverse"),
]
