# What pip would install, an answer a line for each question a line: a JSON object with an index, requirements and constraints.
import glob
import json
import logging
import os
import sys
import tempfile

sys.path.insert(0, glob.glob("/usr/share/python-wheels/pip-*.whl")[0])

from pip._internal.cli.main import main

answers = os.fdopen(os.dup(1), "w")
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
for line in sys.stdin:
    question = json.loads(line)
    with tempfile.TemporaryDirectory() as folder:
        report, constraints = os.path.join(folder, "report"), os.path.join(folder, "constraints")
        with open(constraints, "w") as file:
            file.write("\n".join(question["constraints"]))
        code = main(["--isolated", "--disable-pip-version-check", "--no-cache-dir", "install", "--dry-run", "--ignore-installed", "--break-system-packages",
            "--only-binary", ":all:", "--report", report, "--constraint", constraints]
            + (["--requirement", question["file"]] if question.get("file") else ["--index-url", question["index"]]) + question["wanted"])
        logging.shutdown()
        found = json.load(open(report))["install"] if code == 0 else None
    print(json.dumps(found and {item["metadata"]["name"]: item["metadata"]["version"] for item in found}), file=answers, flush=True)
