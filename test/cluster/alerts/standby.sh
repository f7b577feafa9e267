# Runs a standby of a server beside it, in its pod, as PostgreSQL's manual describes it (25.3.4, "Making a Base Backup Using
# the Low Level API"): not every image has a pg_basebackup that suits its server. It goes on until it is stopped.
set -eu
export PGHOST=/var/run/postgresql PGUSER=postgres PGPASSWORD="$POSTGRES_PASSWORD" COPY="$1"
rm -rf "$COPY"
mkdir -m 700 "$COPY"
psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 <<'SQL'
SELECT pg_create_physical_replication_slot('standby', true) \g /dev/null
SELECT pg_backup_start('standby', fast => true) \g /dev/null
SELECT current_setting('data_directory') AS data \gset
\setenv DATA :data
-- Files may vanish while they are copied: the log mends that.
\! cd "$DATA" && tar -c --exclude='./pg_wal/*' --exclude='./pg_replslot/*' --exclude='./postmaster.*' . | tar -x -C "$COPY"
\getenv copy COPY
\set label :copy '/backup_label'
SELECT labelfile FROM pg_backup_stop(wait_for_archive => false) \g :label
SQL
touch "$COPY/standby.signal"
exec postgres -D "$COPY" -c listen_addresses= -c unix_socket_directories=/tmp -c port=5433 -c shared_buffers=16MB \
  -c primary_slot_name=standby \
  -c primary_conninfo="host=$PGHOST user=$PGUSER password=$PGPASSWORD application_name=standby"
