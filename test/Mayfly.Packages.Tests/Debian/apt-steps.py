"""Answers with apt's own library what apt-get would install and in which order, for one set a line of input.

apt-get opens its cache anew for each answer, reads every package's record and draws its simulation by looking at all packages after each step; that
is most of its time. Here the cache is open once, and each answer is found in a copy of this process, so none knows of another. The calls are those
of apt-get's own "install": mark what is asked for, then mark again with dependencies, let the problem resolver put right what is left, and order.

Arguments: options as NAME=VALUE. Input: names. Output: lines of "Inst NAME VERSION", "Conf …", "Remv …" up to
the last one that unpacks; or "none"; or "ask", where apt-get would take back marks that nothing needs, so that it must be asked itself. An empty line
ends each answer.
"""
import os
import sys

import apt_pkg

# What apt's library itself has to say goes elsewhere.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

apt_pkg.init_config()
for option in sys.argv[1:]:
    apt_pkg.config.set(*option.split("=", 1))
# The order is all that is wanted. Once it is found the library would have dpkg configure what is pending: it is told to print that instead, it finds no
# dpkg, no hooks and no log files, should that ever change.
apt_pkg.config.clear("DPkg")
apt_pkg.config.set("Debug::pkgDPkgPM", "true")
apt_pkg.config.set("Dir::Bin::dpkg", "/bin/false")
apt_pkg.config.set("Dir::Log::Terminal", "")
apt_pkg.config.set("Dir::Log::History", "")
apt_pkg.init_system()
cache = apt_pkg.Cache(None)
depcache = apt_pkg.DepCache(cache)
sources = apt_pkg.SourceList()
sources.read_main_list()


class Order(apt_pkg.PackageManager):
    steps = []

    def install(self, package, _):
        return self.note("Inst", package)

    def configure(self, package):
        return self.note("Conf", package)

    def remove(self, package, _):
        return self.note("Remv", package)

    def note(self, verb, package):
        version = package.current_ver if verb == "Remv" else depcache.get_candidate_ver(package)
        self.steps.append(f"{verb} {package.get_fullname(True)} {version.ver_str}")
        return True


def meant(name):
    """The package of that name, or the one that alone provides it."""
    package = cache[name]
    if depcache.get_candidate_ver(package):
        return package
    owners = {version.parent_pkg.id: version.parent_pkg for _, _, version in package.provides_list
              if depcache.get_candidate_ver(version.parent_pkg) == version}
    return owners.popitem()[1] if len(owners) == 1 else None


def answer(names):
    resolver = apt_pkg.ProblemResolver(depcache)
    packages = [meant(name) for name in names]
    if None in packages:
        return None
    for package in packages:
        resolver.clear(package)
        resolver.protect(package)
        depcache.mark_install(package, False, True)
    for package in packages:
        depcache.mark_install(package, True, True)
    try:
        resolver.resolve(True)
        if depcache.broken_count:
            return None
        if any(depcache.marked_install(package) and depcache.is_garbage(package) for package in cache.packages):
            return ["ask"]
        order = Order(depcache)
        order.get_archives(apt_pkg.Acquire(), sources, apt_pkg.PackageRecords(cache))
        if order.do_install(-1) == apt_pkg.PackageManager.RESULT_FAILED:
            return None
    except apt_pkg.Error:
        return None
    last = max((at for at, step in enumerate(order.steps) if step.startswith("Inst")), default=-1)
    return [step for at, step in enumerate(order.steps) if at <= last or step.startswith("Remv")]


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        steps = answer(line.split())
        answers.write("none\n" if steps is None else "".join(step + "\n" for step in steps))
        answers.write("\n")
        answers.flush()
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(f"no answer for {line}")
