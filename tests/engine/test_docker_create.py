"""From a recorded inspect to the call that makes another container like it."""

from dataclasses import replace

import pytest

from migrations_app.engine import Strategy
from migrations_app.engine.errors import NotPossible
from migrations_app.engine.tools import docker, docker_create
from migrations_app.engine.workloads.belongings import refuse_unfit

from .samples import text

SAMPLE = docker.parse_inspect(text("docker-inspect.json"))
VOLUME = {"Type": "volume", "Name": "data", "Destination": "/data", "RW": True}
NETWORK = {"IPAddress": "172.20.0.9", "MacAddress": "02:42:ac:14:00:09", "DriverOpts": None}


def with_host(**values):
    return replace(SAMPLE, host_config={**SAMPLE.host_config, **values})


def test_whole_configuration_goes_into_the_call():
    body = docker_create.create_body(SAMPLE, "busybox:latest")
    own = ("HostConfig", "NetworkingConfig", "Image")
    assert {k: v for k, v in body.items() if k not in own} == {
        k: v for k, v in SAMPLE.config.items() if k not in ("Image", "MacAddress")
    }
    assert body["Env"] == ["GREETING=hello world", "PATH=/usr/local/bin:/bin"]
    kept = {k: v for k, v in body["HostConfig"].items() if k not in ("Binds", "Runtime")}
    assert kept == {k: v for k, v in SAMPLE.host_config.items() if k not in ("Binds", "Runtime")}


def test_image_is_called_as_the_target_knows_it():
    assert docker_create.create_body(SAMPLE, "sha256:1")["Image"] == "sha256:1"


@pytest.mark.parametrize(("runtime", "asked"), [(None, ""), ("migration-lab", "migration-lab")])
def test_runtime_is_the_targets_own_business(runtime, asked):
    sample = with_host(Runtime="somebody-elses")
    assert docker_create.create_body(sample, "x", runtime)["HostConfig"]["Runtime"] == asked


def test_container_on_its_way_is_started_again_by_nobody():
    sample = with_host(RestartPolicy={"Name": "always", "MaximumRetryCount": 0})
    assert docker_create.create_body(sample, "x")["HostConfig"]["RestartPolicy"]["Name"] == "no"


@pytest.mark.parametrize(
    ("policy", "word"),
    [
        ({"Name": "no", "MaximumRetryCount": 0}, "no"),
        ({"Name": "", "MaximumRetryCount": 0}, "no"),
        ({"Name": "always", "MaximumRetryCount": 0}, "always"),
        ({"Name": "on-failure", "MaximumRetryCount": 3}, "on-failure:3"),
        ({"Name": "on-failure", "MaximumRetryCount": 0}, "on-failure"),
    ],
)
def test_policy_of_restarts_is_said_as_docker_takes_it(policy, word):
    assert docker_create.restart_word(policy) == word


def test_volume_that_nobody_asked_for_by_name_keeps_its_number():
    sample = replace(SAMPLE, mounts=[VOLUME, {**VOLUME, "Name": "f00", "Destination": "/anon"}])
    sample = replace(sample, host_config={**sample.host_config, "Binds": ["data:/data:z"]})
    assert docker_create.binds(sample) == ["data:/data:z", "f00:/anon"]
    assert docker_create.volumes(sample) == ["data", "f00"]


def test_volume_that_is_mounted_by_the_longer_option_is_not_mounted_twice():
    mounts = [{"Type": "volume", "Source": "data", "Target": "/data"}]
    sample = replace(with_host(Mounts=mounts), mounts=[VOLUME])
    assert docker_create.binds(sample) == []


def test_volume_for_reading_only_stays_so():
    sample = replace(SAMPLE, mounts=[{**VOLUME, "RW": False}])
    assert docker_create.binds(sample) == ["data:/data:ro"]


def test_address_of_its_own_goes_along_with_its_hardware_address():
    fixed = {
        **NETWORK,
        "IPAMConfig": {"IPv4Address": "172.20.0.9"},
        "Aliases": ["db", "79f75a7cd432"],
    }
    sample = replace(SAMPLE, networks={"lab": fixed})
    assert docker_create.endpoints(sample)["lab"] == {
        "IPAMConfig": {"IPv4Address": "172.20.0.9"},
        "DriverOpts": None,
        "Aliases": ["db"],
        "MacAddress": "02:42:ac:14:00:09",
    }
    assert docker_create.networks(sample) == {"lab": "172.20.0.9"}


def test_address_that_docker_gave_is_given_anew():
    sample = replace(SAMPLE, networks={"lab": {**NETWORK, "IPAMConfig": {}}, "bridge": NETWORK})
    assert docker_create.endpoints(sample) == {"lab": {"IPAMConfig": {}, "DriverOpts": None}}
    assert docker_create.networks(sample) == {"lab": None}


def test_only_ports_that_somebody_chose_have_to_be_free():
    bindings = {
        "80/tcp": [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "::1", "HostPort": "8081"}],
        "53/udp": [{"HostIp": "127.0.0.1", "HostPort": "5353"}],
        "90/tcp": [{"HostIp": "", "HostPort": ""}],
        "91/tcp": None,
    }
    ports = docker_create.ports(with_host(PortBindings=bindings))
    assert ports == [" 8080/tcp", "127.0.0.1 5353/udp", "::1 8081/tcp"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"Devices": [{"PathOnHost": "/dev/fuse"}]}, "container-devices"),
        ({"DeviceRequests": [{"Driver": "nvidia"}]}, "container-devices"),
        ({"NetworkMode": "container:abc"}, "container-shares"),
        ({"PidMode": "host"}, "container-shares"),
        ({"IpcMode": "container:abc"}, "container-shares"),
        ({"Links": ["/db:/cr/db"]}, "container-shares"),
        ({"AutoRemove": True}, "container-auto-remove"),
    ],
)
def test_what_no_target_could_take_is_refused_with_the_reason(values, code):
    with pytest.raises(NotPossible) as caught:
        refuse_unfit(with_host(**values), Strategy.COLD)
    assert caught.value.code == code and SAMPLE.name in caught.value.message


@pytest.mark.parametrize("values", [{}, {"NetworkMode": "host"}, {"IpcMode": "private"}])
def test_ordinary_container_is_not_refused(values):
    refuse_unfit(with_host(**values), Strategy.COLD)


def test_container_that_goes_by_itself_can_be_handed_over():
    refuse_unfit(with_host(AutoRemove=True), Strategy.POST_COPY)
