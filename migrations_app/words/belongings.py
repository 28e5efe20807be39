"""Why what belongs to a container cannot come along; all but the last are said before the freeze."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

BELONGINGS: dict[str, Word] = {
    "port-taken": Word(
        _("A port of the container is taken on the target"),
        _("It publishes a port that something else on the target uses already."),
        _("The message names the port. End what uses it there, or choose another target."),
    ),
    "network-missing": Word(
        _("The target lacks a network of the container"),
        _("The container belongs to a Docker network that is not there."),
        _("Make it on the target with docker network create, with the same subnet."),
    ),
    "network-differs": Word(
        _("The network of the target has other addresses"),
        _("The container has an address of its own, which lies in none of the subnets there."),
        _("Make the network on the target anew, with the same subnet as on the source."),
    ),
    "address-taken": Word(
        _("The container's address is in use on the target"),
        _("Two containers of one network can't have the same address."),
        _("The message says who has it. End that one, or choose another target."),
    ),
    "tcp-needs-address": Word(
        _("The container has no address of its own"),
        _(
            "Open connections go on only where the container's address is, and it has none that it keeps."
        ),
        _(
            "Start it with --network and --ip on a macvlan network that both hosts have, or leave the option out."
        ),
    ),
    "tcp-needs-macvlan": Word(
        _("The container's network ends at the host"),
        _("Behind a bridge of Docker's, peers see the address of the host, and that stays behind."),
        _("Use a macvlan network that both hosts have, or leave the option out."),
    ),
    "network-not-silenced": Word(
        _("The container's network could not be held still"),
        _(
            "While it changes hosts, only one of them may answer for its address; rules of nftables see to that."
        ),
        _(
            "The message has the words of nft. Install nftables on both hosts; the kernel needs its inet and arp families."
        ),
    ),
    "address-not-announced": Word(
        _("The network could not be told of the move"),
        _("After a move the switches must learn on which port the address is now."),
        _("The message says why; the report says where the container runs."),
    ),
    "client-elsewhere": Word(
        _("The client outside talks with another address"),
        _(
            "A client of this workload's name is there already, from an earlier run at another address."
        ),
        _("End it on its host, or choose another host for the client."),
    ),
    "client-absent": Word(
        _("There is no client outside"),
        _("The host was asked what a client saw that does not run there."),
        _("It may have been ended, or the host started again. Launch the run once more."),
    ),
    "client-ended": Word(
        _("The client outside has ended"),
        _("It ended by itself while the run lasted."),
        _("The message has its last words."),
    ),
    "client-silent": Word(
        _("The client outside hears nothing"),
        _("It was not answered within ten seconds."),
        _("Look whether its host reaches the workload's address."),
    ),
    "volume-driver": Word(
        _("A volume is not a plain folder"),
        _(
            "It is made by a driver or with options, so its files can't be copied from host to host."
        ),
        _("Use a volume made with docker volume create NAME alone."),
    ),
    "volume-shared": Word(
        _("Another container uses the same volume"),
        _("It would stay behind, and both would write into copies that drift apart."),
        _("Stop the other container, or give each a volume of its own."),
    ),
    "volume-missing": Word(
        _("A volume is gone"),
        _("Docker does not know it any more."),
        _("Look at the volumes on the host: docker volume ls."),
    ),
    "volume-differs": Word(
        _("The target has a volume of this name with other content"),
        _("It would be overwritten; it may belong to somebody else."),
        _(
            "Remove it on the target if nobody needs it (docker volume rm), or choose another target."
        ),
    ),
    "target-no-room": Word(
        _("The target has no room for it"),
        _("The image, the files or the volumes of the container would not fit there."),
        _("The message says how much is needed where. Free some space, or choose another target."),
    ),
    "bind-mount": Word(
        _("A folder of the host is mounted into the container"),
        _(
            "It stays behind. Only what is mounted for reading, and is the same on both hosts, can be left to the target."
        ),
        _("Use a volume instead: it comes along."),
    ),
    "layer-unknown": Word(
        _("The files that the container has changed can't be found"),
        _("Its storage driver does not keep them in an overlay file system."),
        _("Use Docker's overlay2 storage driver, or the containerd image store."),
    ),
    "container-devices": Word(
        _("The container has devices of the host"),
        _("CRIU can't take the state of a device to another host."),
        _("Start it without --device and --gpus."),
    ),
    "container-shares": Word(
        _("The container hangs on something outside of it"),
        _("It shares a namespace with another container or with the host, or has links to others."),
        _("Start it with a network, process and IPC namespace of its own."),
    ),
    "container-auto-remove": Word(
        _("The container was started with --rm"),
        _(
            "A cold migration ends the original when its image is written; Docker would remove it, and its image with it."
        ),
        _("Start it without --rm, or choose another strategy."),
    ),
    "create-refused": Word(
        _("Docker on the target does not create the container"),
        _("Something of its configuration is not possible there."),
        _("The message has Docker's own words."),
    ),
    "files-failed": Word(
        _("A file could not be read or written"),
        _("Files of the container could not all be copied. It goes on where it was."),
        _("The message names the file and says why."),
    ),
    "files-differ": Word(
        _("Files did not arrive as they were sent"),
        _("The checksums of both hosts differ. The container goes on where it was."),
        _("Run the job again; if it happens again, look at the disks and at the network."),
    ),
}
