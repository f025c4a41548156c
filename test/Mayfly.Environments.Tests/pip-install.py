# What pip makes of wheels: argv has an environment's folder and the wheels. Nothing is compiled, no index is asked.
import glob
import sys

sys.path.insert(0, glob.glob("/usr/share/python-wheels/pip-*.whl")[0])

from pip._internal.cli.main import main

sys.exit(main(["--isolated", "--disable-pip-version-check", "--no-cache-dir", "--quiet", "install", "--no-compile", "--no-deps", "--no-index", *sys.argv[1:]]))
