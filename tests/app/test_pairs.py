"""What a pair of hosts can do: on the hosts page and in the launch form."""

from django.urls import reverse

from migrations_app import selectors
from migrations_app.services.obstacles import warnings_between
from tests.engine.test_preflight import FACTS

from .makers import make_host, make_workload
from .pages import text_of

OLDER = FACTS | {"criu": FACTS["criu"] | {"version": "3.16.1"}}


def pair_of(source, target, kind="container"):
    found = selectors.pairs([source, target])
    return next(p for p in found if (p.source, p.target, p.kind) == (source, target, kind))


def test_hosts_that_differ_in_cgroups_carry_processes_and_no_containers(db):
    one, two = make_host(facts=FACTS), make_host(facts=FACTS | {"cgroup_version": 2})
    container, process = pair_of(one, two), pair_of(one, two, "process")
    assert {refused.code for refused in container.obstacles.values()} == {"cgroup-differs"}
    assert set(process.obstacles.values()) == {None}


def test_a_pair_that_can_but_may_go_wrong_says_so_on_both_pages(browser):
    one, two = make_host("one", facts=FACTS), make_host("two", facts=OLDER)
    workload = make_workload(one)
    hosts = text_of(browser.get(reverse("host-list")))
    launch = text_of(browser.get(reverse("launch"), {"workload": workload.pk}))
    for page in (hosts, launch):
        assert "CRIU 3.16.1 on the target is older than" in page
    assert warnings_between(two, one, "container") == []


def test_a_warning_of_one_host_concerns_the_pair(db):
    warning = {"code": "criu-too-old", "severity": "warn", "kinds": ["process"], "values": {}}
    one, two = make_host(problems=[warning]), make_host()
    assert [w.code for w in warnings_between(one, two, "process")] == ["criu-too-old"]
    assert warnings_between(one, two, "container") == []
