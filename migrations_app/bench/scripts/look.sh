# What a trial may leave behind on a host: names of things, one a line, each after what it is.
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
each() {
    sed "s|^|$1: |"
}
docker ps --all --format '{{.Names}}' | each container
podman ps --all --format '{{.Names}}' | each 'podman container'
ls /var/lib/migration-lab/jobs 2>/dev/null | each job
ls /var/lib/migration-lab/workloads 2>/dev/null | each workload
ls -d /var/lib/docker/containers/*/checkpoints/* 2>/dev/null | each checkpoint
ls -d /tmp/ctrd-checkpoint* /tmp/*criu* /tmp/*.tar 2>/dev/null | each file
# The engine's own folder there stays, once it was made; what matters is what it holds.
find /dev/shm -mindepth 1 -maxdepth 3 ! -path /dev/shm/migration-lab | each 'in memory'
ps -e -o comm= | grep -E '^(criu|runc|migration-lab-m|conmon)' | each process
findmnt --noheadings --output TARGET --list | grep -E 'migration|criu' | each mount
(iptables-save; nft list ruleset) 2>/dev/null | grep -i criu | each 'firewall rule'
ls -A /var/lib/containerd/io.containerd.runtime.v2.task/moby 2>/dev/null | each task
true
