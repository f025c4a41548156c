# What Debian's python3-license-expression, which is not Mayfly's, says of licence expressions: a line of JSON each, null where it refuses one, else
# the ways of fulfilling it, each as the list of its licences.
import json
import sys

from license_expression import ExpressionError, LicenseWithExceptionSymbol, get_spdx_licensing

spdx = get_spdx_licensing()


def ways(node):
    if isinstance(node, (spdx.AND, spdx.OR)):
        parts = [ways(part) for part in node.args]
        if isinstance(node, spdx.OR):
            return {way for part in parts for way in part}
        all_of = {frozenset()}
        for part in parts:
            all_of = {one | other for one in all_of for other in part}
        return all_of
    if isinstance(node, LicenseWithExceptionSymbol):
        return {frozenset(["%s WITH %s" % (node.license_symbol.key, node.exception_symbol.key)])}
    return {frozenset([node.key])}


for line in sys.stdin:
    try:
        parsed = spdx.parse(json.loads(line), validate=True, strict=True)
        answer = None if parsed is None else sorted(sorted(way) for way in ways(parsed))
    except Exception as refused:
        answer = None
    print(json.dumps(answer))
