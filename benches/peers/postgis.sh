#!/usr/bin/env bash
# Makes a PostgreSQL cluster of its own in a temporary folder, reached through a socket there and through no port; runs the client against it;
# stops and removes it. PostgreSQL refuses to run as root, so root gives the cluster to the user that its package made.
# usage: postgis.sh CLIENT FOLDER
set -euo pipefail
client=$1 folder=$2

initdb=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1) || initdb=$(command -v initdb) || {
  echo "absent no PostgreSQL server is installed"
  exit 0
}
bin=$(dirname "$initdb")
cluster=$(mktemp -d)
as=()
if [ "$(id -u)" -eq 0 ]; then
  as=(runuser -u postgres --)
  chown postgres "$cluster"
fi
cd /
finish() {
  "${as[@]}" "$bin/pg_ctl" --pgdata "$cluster/data" --mode immediate stop >/dev/null 2>&1 || true
  rm -rf "$cluster"
}
trap finish EXIT

"${as[@]}" "$bin/initdb" --pgdata "$cluster/data" --auth trust --username wangge --encoding UTF8 --no-sync >/dev/null
# One core, as every peer; memory enough to hold everything; generic plans, since planning each call is not what is asked about.
cat >>"$cluster/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$cluster'
fsync = off
shared_buffers = 1GB
work_mem = 256MB
maintenance_work_mem = 512MB
jit = off
max_parallel_workers_per_gather = 0
plan_cache_mode = force_generic_plan
CONF
"${as[@]}" "$bin/pg_ctl" --pgdata "$cluster/data" --log "$cluster/log" --wait start >/dev/null
"$client" "$folder" "host=$cluster user=wangge dbname=postgres"
