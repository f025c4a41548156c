import secrets

from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse


def alive(request):
    """That this process answers, and nothing else: a database that is away is no reason to restart web servers."""
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request):
    """That the database and the cache answer too."""
    faults = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()
    except Exception as fault:  # whatever a driver raises, it is not ready
        faults.append(f"database: {type(fault).__name__}")
    try:
        word = secrets.token_hex(8)
        cache.set(f"ready:{word}", word, 10)
        if cache.get(f"ready:{word}") != word:
            faults.append("cache: it does not remember")
    except Exception as fault:
        faults.append(f"cache: {type(fault).__name__}")
    return HttpResponse("\n".join(faults or ["ok"]) + "\n", status=503 if faults else 200, content_type="text/plain")
