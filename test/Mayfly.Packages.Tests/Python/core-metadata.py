# The fields of metadata files as Python's own library reads them, an answer a line for each path a line.
import email
import json
import sys

for line in sys.stdin:
    with open(json.loads(line), "rb") as file:
        message = email.message_from_string(file.read().decode("utf-8", "replace"))
    print(json.dumps([[name, value.strip()] for name, value in message.items()], ensure_ascii=False, separators=(",", ":")))
