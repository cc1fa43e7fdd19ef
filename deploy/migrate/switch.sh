#!/bin/sh
# Switches the writer of the shared names in Hazelcast: DOLPHIN, or the first generation. Each direction is one command,
# and there are never two writers: the present writer is stopped first, and a failure before that changes nothing.
#   switch.sh ours      stops the first generation, removes our prefix, restarts DOLPHIN
#   switch.sh theirs    restores our prefix, restarts DOLPHIN beside it, starts the first generation: the way back
# Environment: FIRST_STOP and FIRST_START, commands that stop and start the first generation; OURS_STOP and OURS_START,
# DOLPHIN; DOLPHIN_CONFIG, the file with the one line that ends in `# migrate`; PREFIX, our prefix on that line.
set -eu

: "${FIRST_STOP:?a command that stops the first generation}" "${FIRST_START:?a command that starts it}"
: "${OURS_STOP:?a command that stops our workers}" "${OURS_START:?a command that starts them}"
: "${DOLPHIN_CONFIG:=dolphin.yaml}" "${PREFIX:=NEXT_}"
# A link stays one: what it leads to is replaced.
DOLPHIN_CONFIG=$(readlink -f -- "$DOLPHIN_CONFIG")

case ${1:-} in
  ours) prefix=null ;;
  theirs) prefix=$PREFIX ;;
  *)
    echo "usage: switch.sh ours|theirs" >&2
    exit 64
    ;;
esac

marked='^\( *prefix:\) .* # migrate$'
lines=$(grep -c "$marked" "$DOLPHIN_CONFIG" || true)
if [ "$lines" != 1 ]; then
  echo "$DOLPHIN_CONFIG has $lines lines 'prefix: ... # migrate' below 'hazelcast:', and must have one; nothing was changed" >&2
  exit 78
fi

# By rename, so that a concurrent reader gets a complete file. Its mode and owner stay, because it may contain secrets.
# Written before anything is stopped: if it cannot be written, nothing changes.
trap 'rm -f "$DOLPHIN_CONFIG.new"' EXIT
cp -p "$DOLPHIN_CONFIG" "$DOLPHIN_CONFIG.new"
sed "s/$marked/\\1 $prefix # migrate/" "$DOLPHIN_CONFIG" > "$DOLPHIN_CONFIG.new"

if [ "$1" = ours ]; then sh -c "$FIRST_STOP"; fi
if ! sh -c "$OURS_STOP"; then
  echo "OURS_STOP failed; $DOLPHIN_CONFIG was not changed" >&2
  if [ "$1" = ours ]; then
    echo "the first generation is started again" >&2
    sh -c "$FIRST_START"
  fi
  exit 1
fi
mv "$DOLPHIN_CONFIG.new" "$DOLPHIN_CONFIG"
status=0
sh -c "$OURS_START" || status=1
# DOLPHIN has another prefix by now: the first generation has the shared names alone, whether DOLPHIN came up or not.
if [ "$1" = theirs ]; then sh -c "$FIRST_START" || status=1; fi
if [ "$status" != 0 ]; then echo "not everything was started; see above" >&2; fi
exit "$status"
