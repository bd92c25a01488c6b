# A PostgreSQL in a folder of its own, until standard input ends. Prints the folder of its socket when it is up.
# PURSE_FSYNC=on: commits are durable, which no test needs.
set -eu
PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)"
command -v initdb >/dev/null || { echo "PostgreSQL is not installed" >&2; exit 1; }
folder=$(mktemp -d /tmp/purse-postgres.XXXXXX)
cd "$folder"
initdb -D data -A trust -U purse --no-sync >initdb.log 2>&1 || { cat initdb.log >&2; exit 1; }
settings="-k $folder -c listen_addresses= -c fsync=${PURSE_FSYNC:-off} -c max_connections=200 -c max_locks_per_transaction=256"
pg_ctl -D data -w -l server.log -o "$settings" start >/dev/null || { cat server.log >&2; exit 1; }
# Ends with its standard input, not with the signals that end the tests.
trap "" HUP INT TERM
echo "$folder"
# Each line that comes is a crash of the server and its return.
while read -r _; do
    pg_ctl -D data -w -m immediate -l server.log -o "$settings" restart </dev/null >/dev/null || break
    echo restarted
done
pg_ctl -D data -m immediate stop >/dev/null
rm -rf "$folder"
