#!/bin/sh
# Runs a program that would outlive its parent, and ends it when the parent is gone:
#   guard.sh GRACE_SECONDS PROGRAM ARGUMENTS...
# It must lead its own process group. Standard input is the lifeline: at its end, however the parent
# died, the program gets SIGTERM, and after it ended or after the grace the whole group SIGKILL.
# The program's pid goes to descriptor 3; SIGTERM is passed on; the exit status is the program's.
grace=$1
shift
exec 4<&0 </dev/null

# Set before anybody knows our pid, so that no signal finds us without it.
program=
asked=
pass_on() {
  asked=yes
  [ -z "$program" ] || kill -TERM "$program" 2>/dev/null
}
trap pass_on TERM INT HUP

"$@" 3>&- 4<&- &
program=$!
[ -z "$asked" ] || pass_on

# The watcher is a process of its own, so that it also works when this shell was killed.
(
  trap '' TERM INT HUP
  while read -r _ <&4; do :; done
  exec 4<&-
  kill -TERM "$program"
  waited=0
  while [ "$waited" -lt "$grace" ] && kill -0 "$program" 2>/dev/null; do
    sleep 1
    waited=$((waited + 1))
  done
  kill -KILL 0
) >/dev/null 2>&1 3>&- &
exec 4<&-
echo "$program" >&3
exec 3>&-

wait "$program"
status=$?
while kill -0 "$program" 2>/dev/null; do
  wait "$program"
  status=$?
done
# The wait that a signal interrupted may have been the last one: the program's own status is kept
# until it is asked for.
wait "$program" 2>/dev/null
again=$?
[ "$again" -eq 127 ] || status=$again
# The watcher stays for what else is in the group: the parent, or its death, ends that.
exit "$status"
