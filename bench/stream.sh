#!/usr/bin/env bash
# Measures the stream of a stored recording. The peer is nginx with the same file: same run, as many loops as nginx workers, wrk
# for both, in alternating pairs, so that a change of the machine's speed affects both.
#
#   bench/stream.sh                                      the real server, with a recording that it has fetched
#   bench/stream.sh engine                               the HTTP engine alone (http_bench_server)
#   bench/stream.sh URL FILE 'Authorization: Bearer KEY' a running server; FILE holds the same bytes, for nginx
#
# On a busy machine, `chrt -r 1 bench/stream.sh` keeps other work out of the figures.
#
# PAIRS (5), SECONDS_EACH (2), LOOPS (2), CONNECTIONS (64) and TAPEDECK_BIN_DIR change the run; NGINX_HTTP adds directives to
# nginx's http block ('open_file_cache max=100;' spares it an open and a close per request). Ends with status 1 when a ratio is
# below GOAL (0.9).
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
pairs=${PAIRS:-5}
seconds=${SECONDS_EACH:-2}
loops=${LOOPS:-2}
connections=${CONNECTIONS:-64}
goal=${GOAL:-0.9}
binaries=${TAPEDECK_BIN_DIR:-$here/build/release/bin}
mode=${1:-tapedeck}
file_bytes=480000
key=tk_benchmark_key_of_sixty_four_characters_as_long_as_a_real_one_is

for program in nginx wrk curl awk; do
  command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin
  command -v "$program" >/dev/null || { echo "stream: $program is needed" >&2; exit 2; }
done

work=$(mktemp -d)
: >"$work/server.out"
started=()
stage=
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
  # Last, because the processes above also hold the other end of its standard input open.
  if [ -n "$stage" ]; then exec 9>&-; wait "$stage" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT

wait_for() { # url
  for _ in $(seq 100); do
    curl -s -o /dev/null "$1" && return
    sleep 0.05
  done
  echo "stream: $1 does not answer" >&2
  exit 2
}

json() { node -p "JSON.parse(require('fs').readFileSync('$work/server.out')).$1"; }

if [ $# -ge 2 ]; then
  our_url=$1
  header=${3:-X-No-Header: 1}
  cp "$2" "$work/file.mp3"
elif [ "$mode" = engine ]; then
  head -c "$file_bytes" /dev/urandom >"$work/file.mp3"
  "$binaries/http_bench_server" "$work/file.mp3" --loops "$loops" --key "$key" >"$work/server.out" &
  started+=($!)
  until grep -q port "$work/server.out"; do kill -0 "${started[0]}"; sleep 0.05; done
  our_url=http://127.0.0.1:$(awk '{print $NF}' "$work/server.out")/api/recordings/CA0123456789abcdef0123456789abcdef/stream
  header="Authorization: Bearer $key"
else
  # The program and its children end when its standard input does.
  mkfifo "$work/until"
  TAPEDECK_BIN_DIR=$binaries node "$here/bench/stream/stored_recording.mjs" "$work/file.mp3" "$loops" \
    <"$work/until" >"$work/server.out" &
  stage=$!
  exec 9>"$work/until"
  until grep -q url "$work/server.out"; do kill -0 "$stage"; sleep 0.05; done
  our_url=$(json url)
  header="Authorization: Bearer $(json key)"
fi

chmod 755 "$work"
# A port that was free a moment ago, because nginx cannot choose one.
nginx_port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
cat >"$work/nginx.conf" <<CONF
user root;
worker_processes $loops;
daemon off;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  keepalive_timeout 300;
  ${NGINX_HTTP:-}
  default_type audio/mpeg;
  client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3;
  uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  server { listen 127.0.0.1:$nginx_port reuseport backlog=4096; root $work; }
}
CONF
[ "$(id -u)" = 0 ] || sed -i '/^user /d' "$work/nginx.conf"
nginx -e "$work/error.log" -c "$work/nginx.conf" &
started+=($!)
nginx_url=http://127.0.0.1:$nginx_port/file.mp3
wait_for "$nginx_url"
wait_for "$our_url"

same=$(curl -s -H "$header" "$our_url" | cmp - "$work/file.mp3" && echo yes || true)
[ "$same" = yes ] || { echo "stream: our server does not send the file's bytes" >&2; exit 2; }

rate() { # url range
  local range=()
  [ -z "$2" ] || range=(-H "Range: $2")
  wrk -c"$connections" -t2 -d"${seconds}s" -H "$header" "${range[@]}" "$1" >"$work/wrk.out"
  if grep -qE 'Non-2xx|Socket errors' "$work/wrk.out"; then
    grep -E 'Non-2xx|Socket errors' "$work/wrk.out" >&2
    exit 2
  fi
  awk '/Requests\/sec/ {print $2}' "$work/wrk.out"
}
median() { sort -n | awk '{v[NR]=$1} END {print NR%2 ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }

status=0
measure() { # name range
  : >"$work/ours"; : >"$work/theirs"
  rate "$our_url" "$2" >/dev/null # warm
  for _ in $(seq "$pairs"); do
    rate "$our_url" "$2" >>"$work/ours"
    rate "$nginx_url" "$2" >>"$work/theirs"
  done
  local ours theirs
  ours=$(median <"$work/ours")
  theirs=$(median <"$work/theirs")
  awk -v n="$1" -v a="$ours" -v b="$theirs" -v g="$goal" 'BEGIN {
    printf "%-14s tapedeck %9.0f/s   nginx %9.0f/s   ratio %.2f %s\n", n, a, b, a/b, a/b < g ? "BELOW" : "ok"
    exit a/b < g }' || status=1
}

echo "stream: $loops loops each, $connections connections, $pairs pairs of ${seconds}s, medians"
measure "whole file" ""
measure "32 kB range" "bytes=65536-98303"
measure "1 kB range" "bytes=65536-66559"
exit $status
