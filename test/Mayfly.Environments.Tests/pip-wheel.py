# What pip builds of sources in the environment whose interpreter this is, with the backends that are there: argv has a folder for wheels, and the sources. No index is asked.
import glob
import sys

sys.path.insert(0, glob.glob("/usr/share/python-wheels/pip-*.whl")[0])

from pip._internal.cli.main import main

sys.exit(main(["--isolated", "--disable-pip-version-check", "--no-cache-dir", "--quiet", "wheel", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", *sys.argv[1:]]))
