"""A read-only file system that shows another folder, as a share does: no events for what changes there,
and operations that hang, fail or take their time when told so on standard input. Speaks the kernel's
FUSE protocol itself, so that it needs root and /dev/fuse and nothing installed.

Lines on standard input: `hang OP`, `slow OP MILLISECONDS`, `fail OP ERRNO TIMES`, `answer` (all is
well again); OP is lookup, getattr, open, read or readdir. Each is answered by a line, as is the start.
SIGUSR1 freezes it between two requests, SIGUSR2 thaws it: whoever waits for one that was taken can't be
killed, which is another fault.
"""
import ctypes
import errno
import os
import signal
import stat
import struct
import sys
import threading
import time

BACKING, MOUNT = sys.argv[1], sys.argv[2]
OPCODES = {1: "lookup", 3: "getattr", 14: "open", 15: "read", 27: "opendir", 28: "readdir"}
LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, INIT = 1, 2, 3, 14, 15, 17, 18, 26
OPENDIR, READDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 27, 28, 29, 36, 42
DIRECT_IO = 1
faults = {"hang": None, "slow": {}, "fail": {}}
state = {"busy": False, "freeze": False}
paths, nodes, handles, asked = {1: BACKING}, {BACKING: 1}, {}, threading.Event()


def listen():
    for line in sys.stdin:
        words = line.split()
        if words[0] == "hang":
            asked.clear()
            faults["hang"] = words[1]
        elif words[0] == "slow":
            faults["slow"][words[1]] = int(words[2]) / 1000
        elif words[0] == "fail":
            faults["fail"][words[1]] = [int(words[2]), int(words[3])]
        elif words[0] == "answer":
            faults.update(hang=None, slow={}, fail={})
        elif words[0] == "asked":
            # Answered when an operation hangs.
            asked.wait()
        print("ok", flush=True)
    # The test is gone: so must be the mount.
    faults["hang"] = None
    libc.umount2(MOUNT.encode(), 2)


def attr(path):
    s = os.lstat(path)
    ns = lambda value: divmod(value, 10**9)
    (a, an), (m, mn), (c, cn) = ns(s.st_atime_ns), ns(s.st_mtime_ns), ns(s.st_ctime_ns)
    return struct.pack("<6Q10I", s.st_ino, s.st_size, s.st_blocks, a, m, c, an, mn, cn, s.st_mode,
                       s.st_nlink, s.st_uid, s.st_gid, s.st_rdev, 4096, 0)


def listing(path):
    entries = sorted(os.listdir(os.fsencode(path)))
    return [(name, os.lstat(os.path.join(os.fsencode(path), name))) for name in entries]


def answer(opcode, node, body):
    path = paths.get(node)
    if opcode == INIT:
        return struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 16, 12, 65536, 1, 0, 0, *[0] * 8)
    if opcode == LOOKUP:
        child = os.path.join(os.fsencode(path), body.rstrip(b"\0"))
        told = attr(child)
        key = nodes.setdefault(child, len(nodes) + 1)
        paths[key] = child
        return struct.pack("<4Q2I", key, 0, 0, 0, 0, 0) + told
    if opcode == GETATTR:
        return struct.pack("<Q2I", 0, 0, 0) + attr(path)
    if opcode == OPEN:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        return struct.pack("<Q2I", handle, DIRECT_IO, 0)
    if opcode == READ:
        handle, offset, size = struct.unpack_from("<2QI", body)
        return os.pread(handle, size, offset)
    if opcode == RELEASE:
        os.close(struct.unpack_from("<Q", body)[0])
        return b""
    if opcode == OPENDIR:
        handles[len(handles) + 1] = listing(path)
        return struct.pack("<Q2I", len(handles), 0, 0)
    if opcode == READDIR:
        handle, offset, size = struct.unpack_from("<2QI", body)
        out = b""
        for at, (name, found) in enumerate(handles[handle][offset:], offset + 1):
            entry = struct.pack("<2Q2I", found.st_ino, at, len(name), stat.S_IFMT(found.st_mode) >> 12)
            entry += name + b"\0" * (-(len(entry) + len(name)) % 8)
            if size < len(out) + len(entry):
                break
            out += entry
        return out
    if opcode == RELEASEDIR:
        handles[struct.unpack_from("<Q", body)[0]] = []
        return b""
    if opcode == STATFS:
        return struct.pack("<5Q10I", 1, 1, 1, 1, 1, 4096, 255, 4096, 0, *[0] * 6)
    raise OSError(errno.ENOSYS, "not spoken here")


def freeze(*_):
    if state["busy"]:
        state["freeze"] = True
    else:
        signal.sigwait({signal.SIGUSR2})


def serve(device):
    while True:
        state["busy"] = False
        if state["freeze"]:
            state["freeze"] = False
            signal.sigwait({signal.SIGUSR2})
        try:
            request = os.read(device, 1 << 20)
        except OSError as error:
            if error.errno in (errno.EINTR, errno.ENOENT, errno.EAGAIN):
                continue
            return
        state["busy"] = True
        length, opcode, unique, node = struct.unpack_from("<2I2Q", request)
        if opcode in (FORGET, BATCH_FORGET, INTERRUPT):
            continue
        name = OPCODES.get(opcode)
        while name is not None and faults["hang"] == name:
            asked.set()
            time.sleep(0.01)
        time.sleep(faults["slow"].get(name, 0))
        status, reply = 0, b""
        planned = faults["fail"].get(name)
        try:
            if planned is not None and 0 < planned[1]:
                planned[1] -= 1
                raise OSError(planned[0], "as asked")
            reply = answer(opcode, node, request[40:length])
        except OSError as error:
            status = -error.errno
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(reply), status, unique) + reply)
        except OSError:
            # Whoever asked was killed.
            pass


libc = ctypes.CDLL(None, use_errno=True)
device = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
if libc.mount(b"share", MOUNT.encode(), b"fuse", 1, options.encode()) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
signal.signal(signal.SIGUSR1, freeze)
threading.Thread(target=listen, daemon=True).start()
print("ok", flush=True)
serve(device)
