# Podman's own way by hand, container $1: into one archive, copy it, restore from it.
# Debian's crun can't (it lacks libcriu), so both sides are told to use runc.
archive=/tmp/migration-lab-bench.tar
ended begin
podman container checkpoint "$1" --export "$archive" --compress none >/dev/null
ended checkpoint
on_target "cat >$archive" <"$archive"
ended copy
on_target PODMAN_IGNORE_CGROUPSV1_WARNING=1 \
    podman --runtime runc container restore --import "$archive" >/dev/null
ended restore
