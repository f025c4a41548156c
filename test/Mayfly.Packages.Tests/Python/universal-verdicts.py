# What the `packaging` library says of a lock for several environments, an answer a line for each question a line: a lock's text, what was wanted, and environments with their tags.
# An answer has for each environment the distributions that its markers and tags choose, and what is wrong with them: needs that are not met, and what nobody needs.
import json
import sys
import tomllib
import urllib.parse
import zipfile
from email.parser import HeaderParser

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version

VARIABLES = {"OsName": "os_name", "SysPlatform": "sys_platform", "PlatformMachine": "platform_machine", "PlatformPythonImplementation": "platform_python_implementation", "PlatformRelease": "platform_release",
    "PlatformSystem": "platform_system", "PlatformVersion": "platform_version", "PythonVersion": "python_version", "PythonFullVersion": "python_full_version", "ImplementationName": "implementation_name",
    "ImplementationVersion": "implementation_version"}
METADATA = {}


def metadata(url):
    if url not in METADATA:
        with zipfile.ZipFile(urllib.parse.unquote(urllib.parse.urlparse(url).path)) as wheel:
            name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
            METADATA[url] = HeaderParser().parsestr(wheel.read(name).decode())
    return METADATA[url]


def holds(marker, environment, extra=""):
    return marker is None or marker.evaluate({**environment, "extra": extra})


def answer(lock, wanted, environment, tags):
    rank = {tag: at for at, tag in enumerate(tags)}
    python, faults, selected = Version(environment["python_full_version"]), [], {}
    if not SpecifierSet(lock["requires-python"]).contains(python, prereleases=True):
        faults.append(f"requires-python {lock['requires-python']}")
    if not any(holds(Marker(text), environment) for text in lock["environments"]):
        faults.append("no environment of the lock")
    for package in lock["packages"]:
        if not holds(Marker(package["marker"]) if "marker" in package else None, environment):
            continue
        if package["name"] in selected:
            faults.append(f"{package['name']} twice")
        wheels = [(min((rank[str(tag)] for tag in parse_wheel_filename(wheel["name"])[3] if str(tag) in rank), default=None), wheel["name"], wheel) for wheel in package["wheels"]]
        fitting = [one for one in wheels if one[0] is not None]
        if not fitting:
            faults.append(f"no wheel of {package['name']}")
            continue
        selected[package["name"]] = (Version(package["version"]), min(fitting)[2])
    pending, done, needed = [requirement for requirement in map(Requirement, wanted) if holds(requirement.marker, environment)], set(), set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        if name not in selected or not requirement.specifier.contains(selected[name][0], prereleases=True):
            faults.append(f"{requirement} is not met")
            continue
        needed.add(name)
        told = metadata(selected[name][1]["url"])
        if not SpecifierSet(told["Requires-Python"] or "").contains(python, prereleases=True):
            faults.append(f"{name} is for Python {told['Requires-Python']}")
        for extra in ["", *requirement.extras]:
            if (name, extra) not in done:
                done.add((name, extra))
                pending += [need for need in map(Requirement, told.get_all("Requires-Dist", [])) if holds(need.marker, environment, extra)]
    faults += [f"nobody needs {name}" for name in selected if name not in needed]
    return {"selected": " ".join(f"{name}=={version} {wheel['name']}" for name, (version, wheel) in selected.items()), "faults": faults}


for line in sys.stdin:
    question = json.loads(line)
    lock = tomllib.loads(question["text"])
    print(json.dumps([answer(lock, question["wanted"], {VARIABLES[key]: value for key, value in one["markers"].items() if key in VARIABLES}, one["tags"]) for one in question["environments"]]))
