"""Where the database and the cache are, read from URLs, so that another engine or another host is one variable."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

ENGINES = {
    "postgres": "django.db.backends.postgresql",
    "postgresql": "django.db.backends.postgresql",
    "mysql": "django.db.backends.mysql",
}


def database(url):
    """`postgres://user:password@host:port/name`, `mysql://…` or `sqlite:///absolute/path` as Django's settings."""
    if url.startswith("sqlite:///"):
        # Three slashes and a path, as most tools write it; the path is always absolute here.
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(Path("/") / unquote(url[len("sqlite:///") :]))}
    parts = urlsplit(url)
    if parts.scheme not in ENGINES:
        raise ValueError(f"DATABASE_URL: {parts.scheme or 'nothing'}:// is none of postgres, mysql and sqlite")
    if not parts.hostname or not parts.path.strip("/"):
        raise ValueError("DATABASE_URL: it names no host or no database")
    settings = {
        "ENGINE": ENGINES[parts.scheme],
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": str(parts.port or ""),
        # A connection for each request: after the database has moved, the next request finds it by its name.
        "CONN_MAX_AGE": 0,
    }
    if parts.scheme == "mysql":
        settings["OPTIONS"] = {"charset": "utf8mb4", "connect_timeout": 5}
    else:
        settings["OPTIONS"] = {"connect_timeout": 5}
    return settings


def cache(url):
    """`memcached://host:port` as Django's settings; without one each process remembers for itself."""
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "shop"}
    parts = urlsplit(url)
    if parts.scheme != "memcached" or not parts.hostname:
        raise ValueError("CACHE_URL: it is not of the form memcached://host:port")
    return {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": f"{parts.hostname}:{parts.port or 11211}",
        # A shop whose cache is away is slower, not down; and it comes back to it within two seconds.
        "OPTIONS": {"ignore_exc": True, "connect_timeout": 0.5, "timeout": 1, "no_delay": True, "retry_timeout": 1, "dead_timeout": 2},
    }
