#!/bin/sh
# The OCI runtime of Migration Lab: hands every call to runc, but for a container that is armed.
#
# Docker calls it as `runtime [global options] create --bundle B --pid-file P … ID` and so on.
# A container is armed when the hostside program has made a folder for it here:
#   /run/migration-lab/armed/ID/restore   arguments for `runc restore`, one a line
#   /run/migration-lab/armed/ID/environment   NAME=value, one a line
#   /run/migration-lab/armed/ID/up, attached   where connections come along on Docker 28 and newer, two
#                   fifos: `create` ends as soon as all is restored, and `start`, when Docker has attached
#                   the network, lets it run; see hostside/late_network.py
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

if [ "$command" = start ] && [ -p "$armed/up" ]; then
    # Both ends, so that nobody who is gone is waited for.
    exec 4<>"$armed/attached" && echo attached >&4
    while [ ! -e "$armed/ended" ]; do sleep 0.01; done
    exit "$(cat "$armed/ended")"
fi
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
if [ -p "$armed/up" ]; then
    exec 3<>"$armed/up"
    {
        status=0
        runc "$@" --detach --no-subreaper --bundle "$bundle" --pid-file "$pid_file.runc" "$id" || status=$?
        [ "$status" -ne 0 ] || : >"$armed/restored"
        echo "$status" >"$armed/ended.new" && mv "$armed/ended.new" "$armed/ended"
        echo end >&3
    } &
    read -r pid <&3
    [ "$pid" != end ] || exit "$(cat "$armed/ended")"
    printf %s "$pid" >"$pid_file"
    exit 0
fi
runc "$@" --detach --no-subreaper --bundle "$bundle" --pid-file "$pid_file" "$id"
status=$?
[ "$status" -eq 0 ] && : >"$armed/restored"
exit "$status"
