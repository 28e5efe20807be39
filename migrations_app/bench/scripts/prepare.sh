# Once on each host: podman has the workload's image, the source may sign in on the target.
# Arguments: "source" or "target"; for the source a line of known_hosts.
set -eu
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
if ! podman image exists migration-lab/memory:1; then
    docker save migration-lab/memory:1 | podman load --quiet >/dev/null
fi
if [ "$1" = source ]; then
    mkdir -p /run/migration-lab-bench
    key=/run/migration-lab-bench/key
    [ -e "$key" ] || ssh-keygen -q -t ed25519 -N "" -C migration-lab-bench -f "$key"
    printf '%s\n' "$2" >/run/migration-lab-bench/known_hosts
    cat "$key.pub"
fi
