#!/bin/sh
# Starts the Temporal server with its database's password from a file: neither its image nor its binary reads one.
# Environment: POSTGRES_PWD_FILE, and what the server's own template knows (DB, POSTGRES_SEEDS, DB_PORT, POSTGRES_USER,
# DBNAME, VISIBILITY_DBNAME, NUM_HISTORY_SHARDS, BIND_ON_IP, DYNAMIC_CONFIG_FILE_PATH).
set -eu

if [ -n "${POSTGRES_PWD_FILE:-}" ]; then
  POSTGRES_PWD=$(cat "$POSTGRES_PWD_FILE")
  export POSTGRES_PWD
fi
# The image finds its own address; on a machine the address is given.
if [ -x /etc/temporal/entrypoint.sh ]; then exec /etc/temporal/entrypoint.sh; fi
exec temporal-server --allow-no-auth start
