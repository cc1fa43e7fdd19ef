#!/bin/sh
# Creates the namespace and the search attributes of DOLPHIN on a running server, and sets the retention of closed
# workflows. Idempotent. Needs the Temporal CLI. Environment: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_RETENTION.
set -eu

: "${TEMPORAL_ADDRESS:=127.0.0.1:7233}" "${TEMPORAL_NAMESPACE:=default}" "${TEMPORAL_RETENTION:=720h}" "${TRIES:=60}"
export TEMPORAL_ADDRESS TEMPORAL_NAMESPACE

# A server that has just started knows a new namespace or attribute only some seconds after it was created.
insist() {
  tries=0
  until answer=$("$@" 2>&1); do
    tries=$((tries + 1))
    if [ "$tries" -ge "$TRIES" ]; then
      echo "$* failed $TRIES times: $answer" >&2
      exit 1
    fi
    sleep 1
  done
  printf '%s\n' "$answer"
}

has_namespace() { temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; }

make_namespace() {
  if has_namespace; then
    temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"
  else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"
  fi
}

make_attributes() {
  known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE") || return 1
  for name in DolphinLayer DolphinService DolphinStatus; do
    case $known in
      *"$name"*) ;;
      *) temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type Keyword || return 1 ;;
    esac
  done
}

insist temporal operator cluster health >/dev/null
insist make_namespace >/dev/null
insist make_attributes >/dev/null
echo "namespace $TEMPORAL_NAMESPACE at $TEMPORAL_ADDRESS is ready, closed workflows are kept for $TEMPORAL_RETENTION"
