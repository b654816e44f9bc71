#!/bin/sh
# `make run`: one round trip through the compiled executable, as a person would do it by hand. Starts `fdfs server` on
# loopback in a temporary folder, uploads this project's licence, looks at it, downloads it, compares, stops.
set -eu
cd "$(dirname "$0")/../.."
fdfs=$PWD/dist/fdfs
folder=$(mktemp -d)
server=
cleanup() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }

say fdfs server "$folder/data"
"$fdfs" server "$folder/data" --tracker-port 0 --storage-port 0 --ready-file "$folder/ready" &
server=$!
while [ ! -s "$folder/ready" ]; do
  kill -0 "$server" 2>/dev/null || { echo "the server ended before it was ready" >&2; exit 1; }
  sleep 0.1
done
FDFS_TRACKERS=$(cat "$folder/ready")
export FDFS_TRACKERS

say fdfs upload LICENSE --meta purpose=demonstration
id=$("$fdfs" upload LICENSE --meta purpose=demonstration)
echo "$id"
say fdfs info "$id"
"$fdfs" info "$id"
say fdfs meta get "$id"
"$fdfs" meta get "$id"
say fdfs monitor
"$fdfs" monitor
say fdfs download "$id" -o copy
"$fdfs" download "$id" -o "$folder/copy"
cmp LICENSE "$folder/copy"
echo "the copy is equal to the original"
say fdfs delete "$id"
"$fdfs" delete "$id"

kill "$server"
wait "$server" || { echo "the server did not stop cleanly" >&2; exit 1; }
server=

cat <<'END'

It works. What you need next:
  dist/fdfs server ./data                      a tracker and a storage for yourself, on loopback
  dist/fdfs tracker --conf tracker.conf        the real thing, with the configuration files you have
  dist/fdfs storage --conf storage.conf        (dist/fdfs conf sample storage prints one to start from)
END
