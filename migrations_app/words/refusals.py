"""Asked for on a page and refused; nothing was changed."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

REFUSALS: dict[str, Word] = {
    "unknown-operation": Word(
        _("There is no such operation"),
        _("The form asked for something that this program does not do."),
        _("Load the page again and choose one of the operations offered."),
    ),
    "unknown-strategy": Word(
        _("There is no such strategy"),
        _("The form asked for a strategy that this program does not have."),
        _("Load the page again and choose one of the strategies offered."),
    ),
    "unknown-option": Word(
        _("There is no such option"),
        _("The form asked for an option that this program does not have."),
        _("Load the page again and choose among the options offered."),
        named=_("There is no option called “{option}”"),
    ),
    "bad-option": Word(
        _("An option has a value that it can't have"),
        _("Numbers are whole; choices are one of those offered."),
        _("Load the page again and choose among the values offered."),
    ),
    "option-out-of-range": Word(
        _("An option is out of its range"),
        _("The range stands beside the field."),
        _("Change the value and send the form again."),
        named=_("An option is out of its range: {low} to {high}"),
    ),
    "option-needs-two-hosts": Word(
        _("A copy can be left running only when there are two hosts"),
        _("On one host the original and the copy would be in each other's way."),
        _("Choose “Migrate”, or do not leave a copy running."),
    ),
    "unknown-workload-type": Word(
        _("There is no such workload in the catalogue"),
        _("The form asked for a type that this program does not have."),
        _("Load the page again and choose a card of the catalogue."),
    ),
    "bad-parameter": Word(
        _("A parameter is out of its range"),
        _("Parameters are whole numbers within the range that stands beside them."),
        _("Change the value and send the form again."),
    ),
    "bad-name": Word(
        _("This name can't be used"),
        _(
            "Docker takes letters, digits, dots, dashes and underscores, and a letter or digit first."
        ),
        _("Choose another name."),
        named=_("“{name}” can't be used as a name"),
    ),
    "bad-host-key": Word(
        _("This is not a host key"),
        _("A host key looks like “ssh-ed25519 AAAA…”."),
        _("Read it on the host itself: /etc/ssh/ssh_host_ed25519_key.pub."),
    ),
    "bad-address": Word(
        _("This is not an address"),
        _("An IPv4 or IPv6 address is needed; names are not looked up."),
        _("Give the address of the host in the lab's network."),
        named=_("“{address}” is not an address"),
    ),
    "address-refused": Word(
        _("This address is not allowed"),
        _(
            "Loopback, link-local and metadata addresses are refused, so that nobody reaches into this machine."
        ),
        _("Use the host's address in the lab's network."),
        named=_("The address {address} is not allowed"),
    ),
    "staff-only": Word(
        _("Only instructors may do this"),
        _("Whoever registers a host gives this site root rights on it."),
        _("Ask your instructor."),
    ),
    "target-is-source": Word(
        _("Source and target are the same host"),
        _("A migration goes to another host."),
        _("Choose another target, or a local clone, which stays on the host."),
        named=_("The workload is on {host} already"),
    ),
    "target-is-not-source": Word(
        _("This operation stays on one host"),
        _("A restore in place and a local clone happen where the workload is."),
        _("Choose “Migrate” to go to another host."),
        named=_("This operation stays on one host and can't go to {host}"),
    ),
    "workload-exists": Word(
        _("There is a workload of this name already"),
        _("Names are unique, so that a name in a log means one workload."),
        _("Choose another name, or remove the other workload first."),
        named=_("There is a workload called {workload} already"),
    ),
    "workload-busy": Word(
        _("The workload has a job that has not ended"),
        _("One workload can be in one migration at a time."),
        _("Wait until the job has ended; it stands in the list of jobs."),
        named=_("{workload} has a job that has not ended"),
    ),
    "workload-not-running": Word(
        _("The workload is not running"),
        _("Only a running workload has a state to take along."),
        _("Wait until it runs, or start a new one."),
        named=_("{workload} is not running"),
    ),
    "host-exists": Word(
        _("There is a host of this name already"),
        _("Names are unique."),
        _("Choose another name."),
        named=_("There is a host called {host} already"),
    ),
    "host-not-checked": Word(
        _("The host has not been checked yet"),
        _("What a host can do is looked at before anything runs on it."),
        _("Press “Check now” on the host's page and wait a few seconds."),
        named=_("{host} has not been checked yet"),
    ),
    "host-quarantined": Word(
        _("The host is in quarantine"),
        _(
            "It showed another key than the one it was registered with, so it may be another machine."
        ),
        _("Ask your instructor to compare the key with the host's own and to register it again."),
        named=_("{host} is in quarantine"),
    ),
    "host-in-use": Word(
        _("The host is in use"),
        _("Workloads are on it, or a job runs there."),
        _("Remove its workloads and wait for its jobs first."),
        named=_("{host} is in use"),
    ),
    "host-has-history": Word(
        _("Former runs belong to this host"),
        _("Removing it would take their results away."),
        _("Keep it; an unreachable host does no harm."),
        named=_("Former runs belong to {host}"),
    ),
    "host-problem": Word(
        _("The host can't do this"),
        _("The last check found a problem that stands in the way."),
        _("The host's page says what is wrong and how to mend it."),
        named=_("{host} can't do this"),
    ),
    "job-finished": Word(
        _("The job has ended already"),
        _("There is nothing left to cancel."),
        _("Look at its result."),
        named=_("Job {job} has ended already"),
    ),
    "job-not-finished": Word(
        _("The job has not ended yet"),
        _("It can be run again once it has."),
        _("Wait for its end."),
        named=_("Job {job} has not ended yet"),
    ),
    "too-few-hosts": Word(
        _("Two hosts that run containers are needed"),
        _("A migration goes from one host to another, and fewer than two are ready."),
        _(
            "Look at the hosts: each says what is missing. “manage.py lab up” boots two on this machine."
        ),
    ),
}
