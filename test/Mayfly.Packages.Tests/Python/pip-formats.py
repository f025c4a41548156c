# Which formats pip allows of three projects after options in their order, an answer a line for each question a line: a JSON list of options.
import glob
import json
import sys

sys.path.insert(0, glob.glob("/usr/share/python-wheels/pip-*.whl")[0])

from pip._internal.models.format_control import FormatControl

for line in sys.stdin:
    control = FormatControl(set(), set())
    for option in json.loads(line):
        one, other = (control.only_binary, control.no_binary) if option["wheels"] else (control.no_binary, control.only_binary)
        FormatControl.handle_mutual_excludes(option["projects"], one, other)
    print(json.dumps({name: " ".join(sorted(control.get_allowed_formats(name))) for name in ("one", "two-x", "three")}), flush=True)
