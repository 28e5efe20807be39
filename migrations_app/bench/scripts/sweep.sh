# Removes what a workload $1 of the bench, by whatever contender, may have on a host.
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
for id in $(docker ps --all --quiet --filter "name=^/$1$"); do
    timeout 30 docker rm --force --volumes "$id" >/dev/null
done
podman ps --all --format '{{.Names}}' | grep -qx "$1" &&
    timeout 30 podman rm --force --time 0 "$1" >/dev/null 2>&1
output=/var/lib/migration-lab/workloads/$1/output
for process in /proc/[0-9]*; do
    case $(readlink "$process/fd/1") in "$output"*) kill -KILL "${process#/proc/}" ;; esac
done
rm -rf "/var/lib/migration-lab/workloads/$1" /dev/shm/migration-lab-bench \
    /tmp/migration-lab-bench.tar /tmp/ctrd-checkpoint* \
    /var/lib/docker/migration-lab-bench.log /var/lib/containers/migration-lab-bench.log \
    /var/lib/migration-lab/migration-lab-bench.log
# Docker leaves images of checkpoints in containerd's store until the collector comes by: now,
# and not in the midst of the next trial.
socket=/run/containerd/containerd.sock
[ -S "$socket" ] || socket=/run/docker/containerd/containerd.sock
if ctr --address "$socket" --namespace moby content list --quiet 2>/dev/null | grep -q .; then
    ctr --address "$socket" --namespace moby leases create --id migration-lab-bench >/dev/null &&
        ctr --address "$socket" --namespace moby leases delete --sync migration-lab-bench >/dev/null
fi
true
