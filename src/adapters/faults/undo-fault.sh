#!/bin/sh
# Undoes an injected fault, once:
#   undo-fault.sh SECONDS_MAX continue PID TICKS ...    SIGCONT to these very processes
#   undo-fault.sh SECONDS_MAX remove FILE               a file that fills a disk
#   undo-fault.sh SECONDS_MAX clock FILE                a clock that a preloaded library shifts
#   undo-fault.sh SECONDS_MAX file-size PID TICKS SOFT HARD
# Standard input is the lifeline: it acts at its end, however the process at the other end died, and at the
# latest after SECONDS_MAX; with 0 at once.
seconds_max=$1
verb=$2
shift 2
trap '' TERM INT HUP
[ "$seconds_max" -eq 0 ] || timeout "$seconds_max" cat >/dev/null 2>&1

# A pid may be another process by now: the start time tells.
is_still() {
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  [ "$(echo "${stat##*) }" | cut -d' ' -f20)" = "$2" ]
}

case $verb in
  continue)
    while [ "$#" -ge 2 ]; do
      is_still "$1" "$2" && kill -CONT "$1"
      shift 2
    done
    ;;
  remove) rm -f -- "$1" ;;
  clock) [ ! -e "$1" ] || printf '\000\000\000\000\000\000\000\000' | dd of="$1" conv=notrunc 2>/dev/null ;;
  file-size) is_still "$1" "$2" && prlimit --pid "$1" --fsize="$3:$4" ;;
  *) exit 64 ;;
esac
exit 0
