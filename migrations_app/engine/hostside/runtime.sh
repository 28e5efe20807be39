#!/bin/sh
# The OCI runtime of Migration Lab: hands every call to runc, but for a container that is armed.
#
# Docker calls it as `runtime [global options] create --bundle B --pid-file P … ID` and so on.
# A container is armed when the hostside program has made a folder for it here:
#   /run/migration-lab/armed/ID/restore   arguments for `runc restore`, one a line
#   /run/migration-lab/armed/ID/environment   NAME=value, one a line
# Its `create` is then a restore from an image (which waits for its word in the criu that stands
# between runc and CRIU), and its `start` has nothing left to do.
for id; do :; done
armed=/run/migration-lab/armed/$id
[ -n "$id" ] && [ -d "$armed" ] || exec runc "$@"

command='' bundle='' pid_file='' previous=''
for word; do
    case $previous in
        --bundle | -b) bundle=$word ;;
        --pid-file) pid_file=$word ;;
    esac
    case $word in
        create | start) [ -n "$command" ] || command=$word ;;
    esac
    previous=$word
done

if [ "$command" = start ] && [ -e "$armed/restored" ]; then
    exit 0
fi
if [ "$command" != create ] || [ -e "$armed/restored" ]; then
    exec runc "$@"
fi

# What stands before `create` are options of runc itself: they stay.
count=$#
for word; do
    [ "$word" = create ] && break
    set -- "$@" "$word"
done
shift "$count"
while IFS= read -r word; do
    export "${word?}"
done <"$armed/environment"
# What attaches the network runs now, instead of in the middle of the restore.
python3 -IS "$MIGRATION_LAB_ARCHIVE" bundle-network "$bundle" "$id" >"$armed/network" || exit 1
set -- "$@" restore
while IFS= read -r word; do
    set -- "$@" "$word"
done <"$armed/restore"
runc "$@" --detach --no-subreaper --bundle "$bundle" --pid-file "$pid_file" "$id"
status=$?
[ "$status" -eq 0 ] && : >"$armed/restored"
exit "$status"
