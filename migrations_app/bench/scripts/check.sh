# Has the workload on the target check its memory, and waits for the answer in its output.
# Arguments: output, tenths of a second to wait at most, then the command that signals it.
set -u
output=$1 tenths=$2
shift 2
"$@" >/dev/null || exit 1
for _ in $(seq "$tenths"); do
    grep -q 'check [0-9]' "$output" && exit 0
    sleep 0.1
done
echo "the workload did not check its memory within $((tenths / 10)) s" >&2
exit 1
