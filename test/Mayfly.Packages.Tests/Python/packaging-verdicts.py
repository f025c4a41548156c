# What the `packaging` library says, an answer a line for each question a line: a JSON array of a kind and its arguments.
# An answer is JSON too; null where the library refuses.
import json
import re
import sys

from packaging import _manylinux, _musllinux, markers, tags
from packaging._parser import parse_requirement
from packaging.markers import UndefinedComparison
from packaging.requirements import Requirement
from packaging.specifiers import Specifier, SpecifierSet
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version


def specifier(text, version, pre):
    return SpecifierSet(text).contains(Version(version), prereleases=pre)


def compare(left, right):
    left, right = Version(left), Version(right)
    return (left > right) - (left < right)


def marker_by_the_text(text, environment):
    usual = markers._eval_op
    markers._eval_op = eval_by_the_text
    try:
        return marker(text, environment)
    finally:
        markers._eval_op = usual


def eval_by_the_text(left, sign, right):
    sign = sign.serialize()
    try:
        Version(left)
        clause = Specifier(sign + right)
        # What is compared with must be a version too, and is compared when it is normalised.
        Version(clause.version.removesuffix(".*"))
        return Specifier(normal(clause)).contains(left, prereleases=True)
    except ValueError:
        if sign == "===":
            return left.lower() == right.lower()
        if sign not in markers._operators:
            raise UndefinedComparison
        return markers._operators[sign](left, right)


def marker(text, environment):
    environment = {re.sub("(?<!^)([A-Z])", r"_\1", name).lower(): value for name, value in environment.items()}
    try:
        # By way of a dependency: alone, the library does not mind what follows a marker.
        return Requirement("project;" + text).marker.evaluate(environment)
    except UndefinedComparison:
        return "undefined"


def dependency(text):
    one = Requirement(text)
    return [canonicalize_name(one.name), sorted({canonicalize_name(extra) for extra in one.extras}), sorted({normal(Specifier(clause)) for clause in parse_requirement(text).specifier.split(",") if clause.strip()}), one.url, one.marker is not None]


def normal(clause):
    if clause.operator == "===":
        return str(clause)
    prefix = clause.version.endswith(".*")
    return f"{clause.operator}{Version(clause.version.removesuffix('.*'))}{'.*' if prefix else ''}"


def wheel(file):
    name, version, build, all_tags = parse_wheel_filename(file)
    return [name, str(version), [str(build[0]), build[1]] if build else None, sorted(map(str, all_tags))]


def interpreter(implementation, major, minor, abis, machine, library):
    _manylinux._have_compatible_abi = lambda executable, arch: arch in {"x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x"}
    _manylinux._get_glibc_version = lambda: tuple(library[1:]) if library and not library[0] else (-1, -1)
    _musllinux._get_musl_version = lambda executable: _musllinux._MuslVersion(*library[1:]) if library and library[0] else None
    platforms = [*_manylinux.platform_tags(f"linux_{machine}", machine), *_musllinux.platform_tags(machine), f"linux_{machine}"]
    version = (major, minor)
    if implementation == "cp":
        found = [*tags.cpython_tags(version, abis, platforms), *tags.compatible_tags(version, f"cp{major}{minor}", platforms)]
    else:
        own = f"{implementation}{major}{minor}"
        found = [*tags.generic_tags(own, abis, platforms), *tags.compatible_tags(version, "pp3" if implementation == "pp" else None, platforms)]
    return list(map(str, found))


ASK = {
    "version": lambda text: str(Version(text)),
    "compare": compare,
    "specifier": specifier,
    "marker": marker,
    "marker by the text": marker_by_the_text,
    "dependency": dependency,
    "name": canonicalize_name,
    "wheel": wheel,
    "source": lambda file: [parse_sdist_filename(file)[0], str(parse_sdist_filename(file)[1])],
    "interpreter": interpreter,
    "mac": lambda major, machine: list(tags.mac_platforms((major, 0), machine)),
    "this": lambda: list(map(str, tags.sys_tags())),
}

for line in sys.stdin:
    kind, *arguments = json.loads(line)
    try:
        answer = ASK[kind](*arguments)
    except ValueError:
        answer = None
    print(json.dumps(answer))
