from django.contrib import admin
from django.urls import include, path

from catalogue import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("admin/", admin.site.urls),
    path("", include("catalogue.urls")),
]
