# Runs the program that argv names, with nothing to read, and ends with its exit code; what it has started ends with it, and all of it when standard input does: whoever started this holds
# the other end, and the kernel lets go of that however he ends. It runs in Python 3.6 and later, and loads nothing but Python's own library.
import os, signal, sys, threading, time

SUBREAPER = 36


def adopts():
    """Has a child whose parent has ended become one of this process, and not of the first one: prctl(2)."""
    try:
        import ctypes

        return ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0) == 0
    except (ImportError, OSError, AttributeError):
        return False  # A Python that was built without it.


def read(process, name):
    with open("/proc/" + process + "/" + name, "rb") as file:
        return file.read()


def started():
    """All that descends from this process, or has its mark, and lives."""
    children, below = {}, [os.getpid()]
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            # The second field is the program's name in parentheses, which may hold anything, parentheses too.
            state, parent = read(name, "stat").rpartition(b")")[2].split()[:2]
            is_marked = mark is not None and int(name) != os.getpid() and mark in read(name, "environ").split(b"\0")
        except OSError:
            continue  # It has ended, or is another user's.
        children.setdefault(os.getpid() if is_marked else int(parent), []).append((int(name), state))
    found = []
    while below:
        for one, state in children.get(below.pop(), []):
            below.append(one)
            if state not in b"ZX":
                found.append(one)
    return found


def send(number, to):
    for one in to:
        try:
            os.kill(one, number)
        except OSError:
            pass  # It has ended, or is another user's by now.


def end():
    """Ends what was started; returns when it has ended, or will not within a few seconds."""
    # Halted first, until a look finds no other one: who is ended has no children that could be found, and who runs may start more.
    halted = set()
    while True:
        more = set(started()) - halted
        if not more:
            break
        send(signal.SIGSTOP, more)
        halted |= more
    until = time.monotonic() + 5
    left = halted
    while left and time.monotonic() < until:
        send(signal.SIGKILL, left)
        time.sleep(0.005)
        left = started()


def watch():
    while os.read(0, 4096):
        pass
    end()
    os._exit(128 + signal.SIGKILL)


# What is typed into a terminal, or its end, is for who started this, who then decides.
os.setsid()
mark = None
if not adopts():
    os.environ["MAYFLY_GUARD"] = "%d-%r" % (os.getpid(), time.time())
    mark = b"MAYFLY_GUARD=" + os.environ["MAYFLY_GUARD"].encode()
child = os.fork()
if child == 0:
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        # Python itself ignores these.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execv(sys.argv[1], sys.argv[1:])
    except OSError as error:
        sys.stderr.write(sys.argv[1] + " cannot be started: " + error.strerror + "\n")
    finally:
        os._exit(127)
threading.Thread(target=watch, daemon=True).start()
while True:
    one, status = os.wait()
    if one == child:
        break
end()
os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
