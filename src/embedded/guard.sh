#!/bin/sh
# Runs a program that would outlive its parent, and ends it when the parent is gone:
#   guard.sh GRACE_SECONDS PROGRAM ARGUMENTS...
# It must lead its own process group. Standard input is the lifeline: at its end, however the parent
# died, the group gets SIGTERM and after the grace SIGKILL. The program's pid goes to descriptor 3;
# SIGTERM is passed on; the exit status is the program's.
grace=$1
shift
exec 4<&0 </dev/null

"$@" 3>&- 4<&- &
program=$!
echo "$program" >&3
exec 3>&-

# The watcher is a process of its own, so that it also works when this shell was killed.
(
  trap '' TERM INT HUP
  while read -r _ <&4; do :; done
  exec 4<&-
  kill -TERM 0
  waited=0
  while [ "$waited" -lt "$grace" ] && kill -0 "$program" 2>/dev/null; do
    sleep 1
    waited=$((waited + 1))
  done
  kill -KILL 0
) >/dev/null 2>&1 &
watcher=$!
exec 4<&-

trap 'kill -TERM "$program" 2>/dev/null' TERM INT HUP
while :; do
  wait "$program"
  status=$?
  kill -0 "$program" 2>/dev/null || break
done
kill -KILL "$watcher" 2>/dev/null
exit "$status"
