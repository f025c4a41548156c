import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

if not os.environ.get("SECRET_KEY"):
    raise ImproperlyConfigured("SECRET_KEY is not set: two servers with keys of their own could not read each other's sessions")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
