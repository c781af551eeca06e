# shellcheck shell=bash disable=SC2034  # ./dev reads the lists
# Functions of ./dev: packages, Node, npm, CMake. Each may be called again; a second call does nothing.

BUILD_PACKAGES=(ca-certificates g++ cmake ninja-build ccache mold pkg-config libboost1.81-dev libboost-json1.81-dev
  libboost-url1.81-dev libssl-dev libcurl4-openssl-dev libsqlite3-dev libpq-dev libhiredis-dev libfmt-dev
  libmpg123-dev libsndfile1-dev libpugixml-dev prometheus-cpp-dev libcli11-dev libjemalloc-dev libsystemd-dev zlib1g-dev)
AUDIO_PACKAGES=(espeak-ng sox lame libsox-fmt-mp3)
TEST_PACKAGES=(libgtest-dev libgmock-dev patch chromium systemd openssl nginx-light prometheus redis-server redis-sentinel redis-tools
  postgresql-15 python3-swift ceph-mon ceph-osd radosgw awscli rclone spin strace sqlite3 curl espeak-ng sox lame
  libsox-fmt-mp3)
CLUSTER_PACKAGES=(postgresql-15 redis-server redis-tools nginx-light)
BENCH_PACKAGES=(wrk aria2 nginx-light curl postgresql-15 redis-server sqlite3 sox lame ffmpeg)
LINT_PACKAGES=(clang-19 clang-format-19 clang-tidy-19)

# The oldest Node that runs the tools of the page.
NODE_MAJOR_MIN=18
# Memory that one compiler may need, in kB.
COMPILER_MEMORY_KB=1500000

say() { printf '== %s\n' "$*" >&2; }
die() {
  printf './dev: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "there is no sudo; run this as root: $*"
  fi
}

# is_installed PACKAGE
is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# need_packages PACKAGE...: installs the missing ones.
need_packages() {
  local package missing=()
  if ! command -v apt-get >/dev/null; then
    say "no apt-get here: assuming that these packages, or their equivalents, are installed: $*"
    return
  fi
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update >&2 ||
    die "apt-get update failed"
  install_quietly "${missing[@]}" || die "apt-get could not install: ${missing[*]}"
}

# Installs packages and starts no service: nginx, Prometheus and PostgreSQL are tools of the tests here, not daemons.
install_quietly() {
  local policy=/usr/sbin/policy-rc.d placed="" status=0 package
  # Debian's PostgreSQL creates a cluster when it is installed; the tests create their own.
  local clusters=/etc/postgresql-common/createcluster.d/tapedeck.conf
  case " $* " in
    *" postgresql"*)
      as_root mkdir -p "${clusters%/*}"
      printf 'create_main_cluster = false\n' | as_root tee "$clusters" >/dev/null
      ;;
  esac
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    placed=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
    install --no-install-recommends "$@" >&2 || status=1
  [ -z "$placed" ] || as_root rm -f "$policy"
  as_root rm -f "$clusters"
  if [ -d /run/systemd/system ]; then
    for package in "$@"; do
      case "$package" in
        nginx-light) as_root systemctl --quiet disable nginx || true ;;
        prometheus) as_root systemctl --quiet disable prometheus || true ;;
      esac
    done
  fi
  return $status
}

# An installed Node is used, with its own npm: Debian's npm would install Debian's Node beside it.
need_node() {
  if ! command -v node >/dev/null; then
    need_packages nodejs npm
  elif ! command -v npm >/dev/null; then
    dpkg-query --search "$(readlink -f "$(command -v node)")" >/dev/null 2>&1 ||
      die "found a node without an npm: $(command -v node). Put its npm on PATH."
    need_packages npm
  fi
  local major
  major=$(node --print 'process.versions.node.split(".")[0]')
  [ "$major" -ge $NODE_MAJOR_MIN ] || die "node $major is too old: $NODE_MAJOR_MIN or newer is needed ($(command -v node))"
}

# npm_packages FOLDER: runs npm ci there, unless lock file and Node are the same as the last time.
npm_packages() {
  need_node
  local stamp wanted
  stamp="$1/node_modules/.tapedeck-stamp"
  wanted="$(sha256sum <"$1/package-lock.json") $(node --version)"
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return; fi
  say "npm ci in $1"
  npm --prefix "$1" ci --no-audit --no-fund --loglevel=error >&2
  printf '%s\n' "$wanted" >"$stamp"
}

# Builds the page into web/dist, which the binary embeds, when one of its files has changed.
build_web() {
  npm_packages web
  local stamp=build/page-stamp wanted
  wanted=$(find web \( -name node_modules -o -name dist \) -prune -o -type f -print0 | sort -z | xargs -0 sha256sum |
    sha256sum)
  if [ -f web/dist/index.html ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return; fi
  say "building the page"
  npm --prefix web run --silent build >&2
  mkdir -p build
  printf '%s\n' "$wanted" >"$stamp"
}

# Prints the number of compilers to run: one for each core, but no more than fit into memory.
build_jobs() {
  local cores memory fit
  cores=$(nproc)
  memory=$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)
  fit=$((memory / COMPILER_MEMORY_KB))
  [ "$fit" -ge 1 ] || fit=1
  [ "$fit" -lt "$cores" ] && echo "$fit" || echo "$cores"
}

# build_preset PRESET [-D...] [-k 0] [TARGET...]: configures it and builds the targets, or everything.
build_preset() {
  local preset=$1 settings=() keep_going=() targets=()
  shift
  while [ $# -gt 0 ]; do
    case "$1" in
      -k) keep_going=(-k "$2") && shift ;;
      -D*) settings+=("$1") ;;
      *) targets+=("$1") ;;
    esac
    shift
  done
  say "building preset $preset"
  local log="build/$preset-configure.log"
  mkdir -p build
  cmake --preset "$preset" "${settings[@]}" >"$log" 2>&1 || {
    cat "$log" >&2
    return 1
  }
  ninja -C "build/$preset" -j "$(build_jobs)" "${keep_going[@]}" "${targets[@]}" >&2
}
