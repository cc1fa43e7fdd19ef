"""Shuts down another process's TCP connections to a port, as a network that fails would: PID PORT.

It takes the process's own sockets over (pidfd_getfd) and shuts them down, which needs the same user and a kernel
that lets one trace one's own processes. Prints how many there were.
"""

import ctypes
import os
import socket
import sys

PIDFD_GETFD = 438


def inodes_to(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(table) as lines:
                rows = [line.split() for line in lines][1:]
        except OSError:
            continue
        found |= {row[9] for row in rows if int(row[2].rsplit(":", 1)[1], 16) == port}
    return found


def main(pid: int, port: int) -> None:
    wanted = inodes_to(port)
    libc = ctypes.CDLL(None, use_errno=True)
    process = os.pidfd_open(pid)
    shut = 0
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            link = os.readlink(f"/proc/{pid}/fd/{fd}")
        except OSError:
            continue
        if not link.startswith("socket:[") or link[8:-1] not in wanted:
            continue
        taken = libc.syscall(PIDFD_GETFD, process, int(fd), 0)
        if taken < 0:
            sys.exit(f"pidfd_getfd: {os.strerror(ctypes.get_errno())}")
        with socket.socket(fileno=taken) as connection:
            connection.shutdown(socket.SHUT_RDWR)
        shut += 1
    print(shut)


main(int(sys.argv[1]), int(sys.argv[2]))
