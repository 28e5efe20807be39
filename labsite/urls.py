"""Root URLs. Everything needs a login but what says otherwise."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import include, path
from django.views.i18n import set_language

from migrations_app.api import application

urlpatterns = [
    path("admin/", admin.site.urls),
    # The language can be chosen on the login page already.
    path("language/", login_not_required(set_language), name="set_language"),
    path("api/v1/", application.urls()),
    path("", include("migrations_app.urls")),
]
