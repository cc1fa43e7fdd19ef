#!/bin/sh
# Upgrades Temporal's two databases in Postgres to the schema of this temporal-sql-tool; creates missing ones.
# Idempotent: run it before each start of the server, and after each upgrade of its image, with the tool of that image.
# Environment: SQL_HOST, SQL_PORT, SQL_USER, and SQL_PASSWORD or SQL_PASSWORD_FILE; TEMPORAL_DB, TEMPORAL_VISIBILITY_DB.
set -eu

: "${SQL_HOST:=127.0.0.1}" "${SQL_PORT:=5432}" "${SQL_USER:=temporal}" "${SQL_PLUGIN:=postgres12}"
: "${TEMPORAL_DB:=temporal}" "${TEMPORAL_VISIBILITY_DB:=temporal_visibility}" "${TRIES:=30}"
if [ -n "${SQL_PASSWORD_FILE:-}" ]; then SQL_PASSWORD=$(cat "$SQL_PASSWORD_FILE"); fi
: "${SQL_PASSWORD:=}"
export SQL_HOST SQL_PORT SQL_USER SQL_PLUGIN SQL_PASSWORD

bring() {
  database=$1
  schema=$2
  # It connects to Postgres' own database, because this one may not exist yet.
  tries=0
  until SQL_DATABASE=$database temporal-sql-tool create-database --defaultdb postgres; do
    tries=$((tries + 1))
    if [ "$tries" -ge "$TRIES" ]; then
      echo "Postgres at $SQL_HOST:$SQL_PORT has not taken $database in $TRIES tries: is it there, may $SQL_USER create databases?" >&2
      exit 1
    fi
    sleep 1
  done
  # A database that has a version already keeps it.
  SQL_DATABASE=$database temporal-sql-tool setup-schema --version 0.0
  SQL_DATABASE=$database temporal-sql-tool update-schema --schema-name "$schema"
}

bring "$TEMPORAL_DB" postgresql/v12/temporal
bring "$TEMPORAL_VISIBILITY_DB" postgresql/v12/visibility
