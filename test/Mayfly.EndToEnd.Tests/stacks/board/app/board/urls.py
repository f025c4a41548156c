import importlib.metadata
import os
import sys

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path


def page(request):
    made_of = sorted((one.metadata["Name"], one.version) for one in importlib.metadata.distributions() if one.locate_file("").is_relative_to(sys.prefix))
    return render(request, "page.html", {"made_of": made_of, "prefix": sys.prefix, "worker": os.getpid()})


def note(request):
    return HttpResponse(f"noted: {request.POST['text']}\n", content_type="text/plain")


urlpatterns = [path("", page), path("note", note)]
