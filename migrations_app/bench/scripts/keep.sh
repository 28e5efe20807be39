# Keeps the source's output under a second name, since whoever moves the workload removes the
# first, and waits until the workload has written $3 lines. Arguments: log, second name, lines.
set -eu
for _ in $(seq 600); do
    [ -e "$1" ] && [ "$(wc -l <"$1")" -ge "$3" ] && break
    sleep 0.05
done
[ "$(wc -l <"$1")" -ge "$3" ] || { echo "the workload writes nothing" >&2; exit 1; }
ln -f "$1" "$2"
