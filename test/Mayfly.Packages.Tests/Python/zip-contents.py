# Makes zip archives in the ways that Python has, and tells what it reads in others: an answer a line for each question a line.
import hashlib
import io
import json
import sys
import zipfile


class Pipe(io.RawIOBase):
    """Cannot go back, so sizes have to follow the data."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


def make(path, kind, files):
    with open(path, "wb") as file:
        method = zipfile.ZIP_STORED if kind == "stored" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(Pipe(file) if kind == "piped" else file, "w", method) as archive:
            for name, text in files.items():
                if kind == "large":
                    with archive.open(zipfile.ZipInfo(name), "w", force_zip64=True) as entry:
                        entry.write(text.encode())
                else:
                    archive.writestr(name, text)
            if kind == "comment":
                archive.comment = b"a comment"


def read(path):
    with zipfile.ZipFile(path) as archive:
        return [[info.filename, hashlib.sha256(archive.read(info)).hexdigest()] for info in archive.infolist()]


for line in sys.stdin:
    question = json.loads(line)
    try:
        print(json.dumps(make(*question["make"]) if "make" in question else read(question["read"])))
    except Exception as e:
        print(json.dumps({"refused": str(e)}))
