"""Runs a program on a terminal of its own: pty_run.py COLUMNS ROWS PROGRAM ARGUMENTS...

What it prints goes to stdout. Stdin takes a JSON line each: {"keys": TEXT}, {"size": [COLUMNS, ROWS]}.
Stderr tells a JSON line of each change: {"pid"}, {"stopped": true, ...}, {"exit": CODE, ...}, with how the terminal is set.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def tell(fd, **what):
    flags = termios.tcgetattr(fd)[3]
    set_as = {"echo": bool(flags & termios.ECHO), "canonical": bool(flags & termios.ICANON)}
    print(json.dumps({**what, **set_as}), file=sys.stderr, flush=True)


columns, rows, *program = sys.argv[1:]
begin, go = os.pipe()
pid, fd = pty.fork()
if pid == 0:
    os.close(go)
    os.read(begin, 1)
    os.execvp(program[0], program)
resize(fd, int(columns), int(rows))
tell(fd, pid=pid)
# Its size is there before the program looks.
os.write(go, b"x")
signal.signal(signal.SIGCHLD, lambda *_: None)
wake, waker = os.pipe()
os.set_blocking(waker, False)
signal.set_wakeup_fd(waker)
orders = b""
inputs = [fd, sys.stdin.fileno(), wake]
while True:
    ready, _, _ = select.select(inputs, [], [], 0.5)
    if fd in ready:
        try:
            data = os.read(fd, 65536)
        except OSError:
            data = b""
        if data == b"":
            inputs.remove(fd)
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        continue
    if sys.stdin.fileno() in ready:
        data = os.read(sys.stdin.fileno(), 65536)
        if data == b"":
            os.kill(pid, signal.SIGKILL)
            inputs.remove(sys.stdin.fileno())
        orders += data
        *lines, orders = orders.split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "keys" in order:
                os.write(fd, order["keys"].encode())
            if "size" in order:
                resize(fd, *order["size"])
    if wake in ready:
        os.read(wake, 4096)
    found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
    if found == 0:
        continue
    if os.WIFSTOPPED(status):
        tell(fd, stopped=True)
        continue
    try:
        while left := os.read(fd, 65536):
            sys.stdout.buffer.write(left)
    except OSError:
        pass
    sys.stdout.buffer.flush()
    tell(fd, exit=os.waitstatus_to_exitcode(status))
    break
