# Calls one hook of a project's build backend (PEP 517) in the folder of its sources; argv names a file of JSON with what is asked, and the answer is written where that says. It runs in Python 3.8 and later.
import importlib, json, os, sys

# This file's own folder has nothing that a project could want.
sys.path.pop(0)
with open(sys.argv[1], encoding="utf-8") as file:
    order = json.load(file)


def answer(**said):
    with open(order["answer"], "w", encoding="utf-8") as file:
        json.dump(said, file)
    sys.exit(0)


source = os.path.realpath(os.getcwd())
places = [os.path.realpath(os.path.join(source, place)) for place in order["backend_path"]]
for place in places:
    if os.path.commonpath([source, place]) != source:
        answer(error="its backend-path leads out of it, to " + place)
sys.path[:0] = places
module, _, path = order["backend"].partition(":")
try:
    backend = importlib.import_module(module)
except ModuleNotFoundError as error:
    # What the backend itself misses is shown as it is.
    if error.name is None or not (module + ".").startswith(error.name + "."):
        raise
    answer(error="its build backend " + order["backend"] + " is not among what it says that building needs: there is no module " + error.name)
if places and not any(os.path.realpath(getattr(backend, "__file__", None) or "").startswith(place + os.sep) for place in places):
    answer(error="its build backend " + order["backend"] + " is not in its backend-path")
for name in filter(None, path.split(".")):
    backend = getattr(backend, name)
hook = getattr(backend, order["hook"], None)
if hook is None:
    answer(missing=True)
answer(value=hook(*order["arguments"], config_settings=order["settings"] or None))
