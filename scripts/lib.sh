# What the scripts share: Debian packages and the virtual environment. Sourced, from the checkout.

SITE_PACKAGES=(python3-venv redis-tools)
LAB_PACKAGES=(mmdebstrap systemd-container gcc libc6-dev iproute2 openssh-client)
CHECK_PACKAGES=(python3-venv gettext git)
TEST_PACKAGES=(chromium fonts-noto-cjk)

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

apt_install() {
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends \
        -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

# Installs those Debian packages that are missing. Where it can't, it says which and goes on: what
# needs one of them will say so.
ensure_packages() {
    local package missing=()
    command -v dpkg-query >/dev/null || return 0
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    if [ "$(id -u)" -ne 0 ]; then
        echo "Missing Debian packages, to be installed by root: ${missing[*]}" >&2
        return
    fi
    echo "Installing Debian packages: ${missing[*]} …"
    # The package lists may be missing or old: they are fetched only if it fails without.
    apt_install "${missing[@]}" >/dev/null 2>&1 && return
    apt-get update --quiet=2 </dev/null || true
    apt_install "${missing[@]}" >/dev/null || echo "Not all of them could be installed." >&2
}

make_venv() {
    rm -rf .venv
    if command -v uv >/dev/null; then uv venv --quiet .venv; else python3 -m venv .venv; fi
}

install_requirements() {
    if command -v uv >/dev/null; then
        uv pip install --quiet --python .venv/bin/python -r "$1"
    else
        .venv/bin/python -m pip install -qq --disable-pip-version-check -r "$1"
    fi
}

# Brings .venv to what a requirements file says; the stamp tells that it is there already.
ensure_venv() {
    local stamp
    stamp=".venv/.has-$1-$(cat requirements*.txt | sha256sum | cut -c1-16)"
    [ -e "$stamp" ] && .venv/bin/python -c '' 2>/dev/null && return
    echo "Installing Python packages from $1 …"
    .venv/bin/python -c 'import sys' 2>/dev/null || make_venv
    install_requirements "$1"
    rm -f .venv/.has-"$1"-*
    touch "$stamp"
}
