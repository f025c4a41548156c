# How pip takes lines of requirements apart that name a folder, a file or an address: each line of input is [text, editable], and each of output what it is to pip, with the direct_url.json that it would write.
import glob
import json
import sys

sys.path.insert(0, glob.glob("/usr/share/python-wheels/pip-*.whl")[0])

from pip._internal.req.constructors import install_req_from_editable, install_req_from_line
from pip._internal.utils.direct_url_helpers import direct_url_for_editable, direct_url_from_link
from pip._vendor.packaging.utils import canonicalize_name

for line in sys.stdin:
    text, editable = json.loads(line)
    requirement = install_req_from_editable(text) if editable else install_req_from_line(text)
    origin = direct_url_for_editable(requirement.unpacked_source_directory) if editable else direct_url_from_link(requirement.link)
    print(json.dumps({
        "name": requirement.name and canonicalize_name(requirement.name),
        "extras": sorted(canonicalize_name(extra) for extra in requirement.extras),
        "marker": requirement.markers is not None,
        "origin": origin.to_json(),
    }))
