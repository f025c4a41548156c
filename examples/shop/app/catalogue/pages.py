"""Pages of the catalogue, kept in the cache that all web servers share.

Only the middle of a page is kept: it is the same for everybody. The frame around it, with the cart, the CSRF token and the
line that says who served it, is made for each request. The key holds a number that every edit and every order raises, so
what is old is never asked for again and falls out of the cache by itself.
"""

import hashlib
import time
from functools import wraps

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.shortcuts import render
from django.template.loader import render_to_string

from catalogue.middleware import HOSTNAME

EDITION = "catalogue-edition"


def forget():
    """Ends all pages kept so far, once the change that wants it is committed."""
    transaction.on_commit(lambda: cache.set(EDITION, time.time_ns(), None))


def forget_on_edit():
    from catalogue.models import Category, Product

    for model in (Category, Product):
        for signal in (post_save, post_delete):
            signal.connect(lambda **_: forget(), sender=model, weak=False, dispatch_uid=f"forget {model.__name__} {id(signal)}")


def _key(request):
    edition = cache.get(EDITION)
    if edition is None:
        # add, not set: two servers that start together must agree.
        cache.add(EDITION, time.time_ns(), None)
        edition = cache.get(EDITION)
    path = hashlib.sha256(request.get_full_path().encode()).hexdigest()
    return f"page:{edition}:{path}"


def cached(view):
    """For views that return a title, a template and its context, and depend on nothing but the address."""

    @wraps(view)
    def inner(request, *args, **kwargs):
        key = _key(request)
        page = cache.get(key)
        hit = page is not None
        if not hit:
            title, template, context = view(request, *args, **kwargs)
            page = {"title": title, "body": render_to_string(template, context), "made_by": HOSTNAME, "made_at": time.time()}
            page.update({name: context[name] for name in ("hour", "query") if name in context})
            cache.set(key, page, settings.PAGE_SECONDS)
        page = {**page, "hit": hit, "age": int(time.time() - page["made_at"])}
        response = render(request, "catalogue/cached.html", {"page": page, "hour": page.get("hour"), "query": page.get("query", "")})
        response["X-Page-Cache"] = "hit" if hit else "miss"
        return response

    return inner
