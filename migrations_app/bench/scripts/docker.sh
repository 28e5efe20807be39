# The exercise by hand, container $1: checkpoint, copy its folder into the clone's, start from it.
source_id=$(docker inspect --format '{{.Id}}' "$1")
clone_id=$(on_target docker inspect --format '{{.Id}}' "$1")
containers=/var/lib/docker/containers
on_target mkdir -p "$containers/$clone_id/checkpoints"
ended begin
docker checkpoint create "$1" bench >/dev/null
ended checkpoint
tar -C "$containers/$source_id/checkpoints" -c bench |
    on_target tar -C "$containers/$clone_id/checkpoints" -x
ended copy
on_target docker start --checkpoint bench "$1"
ended start
