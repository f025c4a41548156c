# What pip makes of wheels in the environment whose interpreter this is: argv has the wheels, perhaps with --compile before them. No index is asked.
import glob
import sys

sys.path.insert(0, glob.glob("/usr/share/python-wheels/pip-*.whl")[0])

from pip._internal.cli.main import main

sys.exit(main(["--isolated", "--disable-pip-version-check", "--no-cache-dir", "--quiet", "install", "--no-deps", "--no-index", *([] if "--compile" in sys.argv else ["--no-compile"]), *sys.argv[1:]]))
