import os
from pathlib import Path

# While the image is built there is no secret; nothing is signed then.
SECRET_KEY = os.environ.get("SECRET_KEY", "none")
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "board.urls"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [Path(__file__).parent / "templates"]}]
