# What the scripts by hand share. They run on the source; the target is reached over one SSH
# connection that is open before they begin, so no trial pays for signing in.
set -euo pipefail
export PODMAN_IGNORE_CGROUPSV1_WARNING=1
folder=/run/migration-lab-bench
target=lab-b
on_target() {
    ssh -S "$folder/link" -o BatchMode=yes "$target" "$@"
}
open_link() {
    ssh -S "$folder/link" -O check "$target" 2>/dev/null && return
    ssh -i "$folder/key" -o UserKnownHostsFile="$folder/known_hosts" -o BatchMode=yes \
        -o ControlMaster=yes -o ControlPath="$folder/link" -o ControlPersist=yes -f -N "$target" \
        </dev/null >/dev/null 2>&1
}
# A line for the bench: what has just ended, and when.
ended() {
    printf 'ended %s %s\n' "$1" "$(date +%s%N)"
}
open_link
on_target true </dev/null
