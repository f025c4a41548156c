# How pip reads requirements files, an answer a line for each question a line: a JSON object with each file's text and the variables of the environment.
import glob
import json
import os
import sys

sys.path.insert(0, glob.glob("/usr/share/python-wheels/pip-*.whl")[0])

from pip._internal.exceptions import PipError
from pip._internal.req import req_file


def read(files):
    def content(path, session):
        if path not in files:
            raise PipError(path)
        return path, files[path]

    req_file.get_file_content = content
    entries, options = [], {"index": None, "further": [], "noIndex": False, "links": [], "wheels": False, "hashes": False, "pre": False, "hosts": []}
    for line in req_file.RequirementsFileParser(None, req_file.get_line_parser(None)).parse("requirements.txt", False):
        one = line.opts
        if line.is_requirement:
            hashes = [] if line.is_editable else [f"{name}:{digest}" for name, digests in (one.hashes or {}).items() for digest in digests]
            entries.append([line.filename, line.lineno, line.requirement, line.is_editable, line.constraint, sorted(hashes)])
            continue
        options["index"] = one.index_url or options["index"]
        options["further"] += one.extra_index_urls or []
        options["noIndex"] |= bool(one.no_index)
        options["links"] += one.find_links or []
        options["wheels"] |= bool(one.prefer_binary)
        options["hashes"] |= bool(one.require_hashes)
        options["pre"] |= bool(one.pre)
        options["hosts"] += one.trusted_hosts or []
    return [entries, options]


# It writes what it does not like.
sys.stderr = open(os.devnull, "w")
for line in sys.stdin:
    question = json.loads(line)
    for name in list(os.environ):
        if name.startswith("MAYFLY_TEST"):
            del os.environ[name]
    os.environ.update(question["variables"])
    try:
        answer = read(question["files"])
    except (PipError, req_file.OptionParsingError, RecursionError):
        answer = None
    print(json.dumps(answer))
