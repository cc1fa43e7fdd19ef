#!/bin/sh
# Backs up the stack of docker-compose.yml while it runs, in the checkout: backup.sh OUT, a new folder of this machine.
# `dolphin backup` copies the data volume, waits at the moment at which Temporal's databases are to be dumped, and goes
# on when they are: only then does the copy fit the dumps. A complete backup has a backup.json. Keep it in a folder that is
# closed to other users.
set -eu
out=${1:?the folder to create}
place=/var/lib/dolphin/backups/$(basename -- "$out")
wait_for_dumps='touch "$BACKUP_DIR/at-dump"; while [ -e "$BACKUP_DIR/at-dump" ]; do sleep 0.2; done; test -e "$BACKUP_DIR/dumped"'

ours() { docker compose exec -T worker-scan "$@" < /dev/null; }
# Also ends a backup that still waits.
clean_up() {
  status=$?
  trap - EXIT
  ours rm -rf "$place" || true
  if [ "$status" != 0 ]; then rm -rf -- "$out"; fi
  exit "$status"
}

mkdir -- "$out"
trap clean_up EXIT
ours bin/dolphin backup --out "$place" --dump "$wait_for_dumps" &
copying=$!
until ours test -e "$place/at-dump"; do
  if ! kill -0 "$copying" 2> /dev/null; then
    wait "$copying"
    exit 1
  fi
  sleep 1
done
# Over its socket Postgres asks its own container for no password.
for db in temporal temporal_visibility; do
  docker compose exec -T postgres pg_dump -U temporal -Fc "$db" < /dev/null > "$out/$db.dump"
done
ours touch "$place/dumped"
ours rm "$place/at-dump"
wait "$copying"
ours tar -C "$place" -cf - data > "$out/data.tar"
tar -C "$out" -xf "$out/data.tar"
rm "$out/data.tar"
# For the user of the container that restores it. The folder around it is closed.
chmod -R a+rX "$out/data"
# Last: without it the folder is no backup.
ours cat "$place/backup.json" > "$out/backup.json"
