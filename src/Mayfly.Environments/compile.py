# Compiles modules of an environment that is being made (PEP 3147). argv has its folder and the path that it will have, standard input a list of paths in it; each that compiles is printed with that of its byte code.
# It runs in Python 3.6 and later.
import sys

# The folder that this runs in has nothing that is wanted here.
sys.path.pop(0)
import json, os, py_compile, warnings

made, root = sys.argv[1:]
warnings.simplefilter("ignore")
# Known by the digest of its source (PEP 552), which is compared as it is loaded; Python 3.6 knows dates alone.
known = {"invalidation_mode": py_compile.PycInvalidationMode.CHECKED_HASH} if hasattr(py_compile, "PycInvalidationMode") else {}


def compile_one(path):
    try:
        compiled = py_compile.compile(os.path.join(made, path), dfile=os.path.join(root, path), doraise=True, **known)
    except OSError as error:
        # Without a number it is no refusal of the disk: py_compile itself does not replace what is no file.
        if not error.errno:
            return
        answer = [error.filename or path, error.errno]
    except Exception:
        # For another version of Python, or no module at all: pip leaves it as it is, too.
        return
    else:
        answer = [path, os.path.relpath(compiled, made)]
    # At once: when who asks was killed, nobody listens, and this ends.
    print(json.dumps(answer), flush=True)


def compile_apart(path):
    child = os.fork()
    if child == 0:
        compile_one(path)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    if status:
        sys.exit("compiling %s ended with status %d" % (path, status))


# How a string is written depends on how many have it (marshal), and so on what was compiled before, until they live for ever (PEP 683): in older versions, each is compiled by a process that has compiled nothing yet.
compile_next = compile_one if sys.version_info >= (3, 12) else compile_apart
for path in json.load(sys.stdin):
    compile_next(path)
