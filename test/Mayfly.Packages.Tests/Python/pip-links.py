# What pip finds on index pages, an answer a line for each question a line: a JSON object with the page, its type and its address.
import glob
import json
import sys

sys.path.insert(0, glob.glob("/usr/share/python-wheels/pip-*.whl")[0])

from pip._internal.index.collector import IndexContent, parse_links

for line in sys.stdin:
    question = json.loads(line)
    try:
        links = list(parse_links(IndexContent(question["page"].encode(), question["type"], "utf-8", question["address"], cache_link_parsing=False)))
        print(json.dumps([[link.filename, link.url_without_fragment, link.hash_name, (link.hash or "").lower() or None, link.requires_python, link.yanked_reason, link.dist_info_metadata is not None] for link in links if not link.path.endswith("/")]))
    except Exception:
        print("null")
