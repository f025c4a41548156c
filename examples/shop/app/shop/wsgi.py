import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

# What serves for a developer's own machine would only hide a mistake here: two servers with keys or databases of their own
# could not read each other's sessions.
for variable in ("SECRET_KEY", "DATABASE_URL"):
    if not os.environ.get(variable):
        raise ImproperlyConfigured(f"{variable} is not set")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
