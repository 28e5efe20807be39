# A process by hand, pid $1 that writes into $2: dump into memory, copy, restore.
# Its output file goes along: CRIU wants it there, with the same size.
images=/dev/shm/migration-lab-bench
mkdir -p "$images"
on_target mkdir -p "$(dirname "$2")"
ended begin
criu dump --tree "$1" --images-dir "$images" --log-file dump.log >&2
ended dump
tar -C / -c "${images#/}" "${2#/}" | on_target tar -C / -x
ended copy
on_target criu restore --images-dir "$images" --log-file restore.log --restore-detached >&2
ended restore
