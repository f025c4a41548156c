# What an interpreter says of itself, as one line of JSON. It runs in Python 3.8 and later, with -I and -S: nothing of a user's own is loaded.
import json, os, platform, sys, sysconfig

version = sys.implementation.version
release = "{0.major}.{0.minor}.{0.micro}".format(version) + ("" if version.releaselevel == "final" else version.releaselevel[0] + str(version.serial))
try:
    library = os.confstr("CS_GNU_LIBC_VERSION")
except (AttributeError, ValueError, OSError):
    library = None
# What venv takes; older versions have no scheme of that name.
scheme = "venv" if "venv" in sysconfig.get_scheme_names() else "posix_prefix"
print(json.dumps({
    # What a link stands for may be another version tomorrow.
    "executable": os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable),
    "base_prefix": sys.base_prefix,
    "version": list(sys.version_info[:2]),
    # "t" without the global lock (PEP 703), "d" for debugging.
    "flags": getattr(sys, "abiflags", ""),
    "extension": sysconfig.get_config_var("EXT_SUFFIX") or "",
    "packages": sysconfig.get_path("purelib", scheme, {"base": "", "platbase": "", "installed_base": "", "installed_platbase": ""}).lstrip("/"),
    "platform": sysconfig.get_platform(),
    "library": library,
    "bits": 64 if sys.maxsize > 2 ** 32 else 32,
    "os_name": os.name,
    "sys_platform": sys.platform,
    "machine": platform.machine(),
    "implementation": platform.python_implementation(),
    "release": platform.release(),
    "system": platform.system(),
    "system_version": platform.version(),
    "full_version": platform.python_version(),
    "implementation_name": sys.implementation.name,
    "implementation_version": release,
}))
