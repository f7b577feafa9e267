#!/bin/sh
# Like the entry point of postgres:18.4-bookworm: the first start creates the data folder and runs the mounted scripts.
set -eu
case "${1-}" in '' | -*) set -- postgres "$@" ;; esac
export PGDATA=/var/lib/postgresql/18/docker
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  echo "$POSTGRES_PASSWORD" > /tmp/password
  initdb --username=postgres --auth=scram-sha-256 --pwfile=/tmp/password --encoding=UTF8 --no-locale
  rm /tmp/password
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  pg_ctl --wait --options='-c listen_addresses= -c unix_socket_directories=/tmp' start
  for script in /docker-entrypoint-initdb.d/*.sql; do
    PGPASSWORD=$POSTGRES_PASSWORD psql --host=/tmp --username=postgres --no-psqlrc -v ON_ERROR_STOP=1 --file="$script"
  done
  pg_ctl --wait --mode=fast stop
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql,/tmp
