# What does the work on a host, one a line.
printf 'criu %s\n' "$(criu --version | sed -n 's/^Version: *//p')"
printf 'docker %s\n' "$(docker version --format '{{.Server.Version}}')"
printf 'podman %s\n' "$(podman --version | sed 's/.* //')"
printf 'runc %s\n' "$(runc --version | sed -n 's/^runc version *//p')"
