"""Refusals and failures in words: what happened, why, what to do."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

# Asked for on a page and refused; nothing was changed.
_REFUSALS: dict[str, Word] = {
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
}

# Reaching hosts.
_HOSTS: dict[str, Word] = {
    "host-error": Word(
        _("The host could not be used"),
        _("The connection to the host failed before anything was done."),
        _("Check the host on its page, then run the job again."),
    ),
    "host-unreachable": Word(
        _("The host can't be reached"),
        _("It did not answer in time: it may be switched off, or the network is cut."),
        _("See whether the machine runs and answers on its SSH port, then press “Check now”."),
        named=_("{host} can't be reached"),
    ),
    "host-key-mismatch": Word(
        _("The host showed another key"),
        _(
            "It is not the machine that was registered, or it was installed anew. No contact is made until that is clear."
        ),
        _("Compare the key with the host's own before you register it again."),
    ),
    "host-auth-refused": Word(
        _("The host did not let us in"),
        _("It does not take the site's key for this user."),
        _("Put the site's public key into the host's authorized_keys."),
    ),
    "host-session-lost": Word(
        _("The connection to the host broke"),
        _("It broke while something was going on there, so it is not known how far that got."),
        _("The hosts settle it between them; look at where the workload is before you go on."),
    ),
    "hostside-error": Word(
        _("The program on the host failed"),
        _("This is a fault of Migration Lab, not of your workload."),
        _("The log below says more; quote it when you report this."),
    ),
    "bad-request": Word(
        _("The host refused the request"),
        _("The program on the host found a value that it does not take."),
        _("This is a fault of Migration Lab; quote the message when you report it."),
    ),
    "program-missing": Word(
        _("A program is missing on the host"),
        _("A tool that this step needs is not installed there."),
        _("Install what the message names, then check the host again."),
    ),
    "channel-broken": Word(
        _("The connection between the two hosts broke"),
        _("The hosts send images to each other directly, and that connection ended early."),
        _("See whether the hosts reach each other, and whether a firewall stands between them."),
    ),
}

# A run that did not succeed.
_RUNS: dict[str, Word] = {
    "engine-error": Word(
        _("The migration failed"),
        _("A step ended with an error."),
        _("The message and the logs below say more."),
    ),
    "not-possible": Word(
        _("This can't be done here"),
        _("It was refused before anything was touched."),
        _("The message says what stands in the way."),
    ),
    "step-failed": Word(
        _("A step failed"),
        _("A step on a host ended with an error; the workload was put back to where it was."),
        _("Look at the first error in the log below."),
    ),
    "step-timed-out": Word(
        _("A step took too long"),
        _("It did not end within its limit and was stopped."),
        _("Try again; with much memory, try a smaller workload first."),
    ),
    "timed-out": Word(
        _("A step took too long"),
        _("It did not end within its limit and was stopped."),
        _("Try again; with much memory, try a smaller workload first."),
    ),
    "command-failed": Word(
        _("A command failed on the host"),
        _("It ended with an error of its own."),
        _("The commands and logs below show which one, and what it said."),
    ),
    "disk-full": Word(
        _("The disk of the host is full"),
        _("The image did not fit. The workload goes on where it was."),
        _("Free some space on the host, then run the job again."),
    ),
    "target-disk-full": Word(
        _("The target's disk is full"),
        _("The image did not fit there. The workload goes on on the source."),
        _("Free some space on the target host, then run the job again."),
    ),
    "transfer-failed": Word(
        _("The image did not arrive"),
        _("The transfer between the hosts broke off. The workload goes on on the source."),
        _("See whether the hosts reach each other, then run the job again."),
    ),
    "workload-moved": Word(
        _("The workload was somewhere else when the job's turn came"),
        _("It no longer ran on the source: another job moved it, or it ended."),
        _("Launch a new job; the page shows where the workload is now."),
    ),
    "workload-ended": Word(
        _("The workload ended by itself"),
        _("Its program came to an end, or was killed on the host."),
        _("Start a new one."),
    ),
    "workload-absent": Word(
        _("The host does not know the workload"),
        _("It was removed there by hand, or the host was set up anew."),
        _("Remove it here and start a new one."),
    ),
    "worker-lost": Word(
        _("The worker vanished during the run"),
        _(
            "The process that carried the job out ended. The hosts were asked what is true, and the job ended with that."
        ),
        _("Run it again. If it happens again, look at the worker's log."),
    ),
    "hosts-silent": Word(
        _("It is not known where the workload runs"),
        _(
            "The worker vanished and the hosts can't be asked. The source stays frozen until they can, so that the workload never runs twice."
        ),
        _("Bring the hosts back; the site asks them again and again and settles it by itself."),
    ),
    "internal-error": Word(
        _("A fault of Migration Lab"),
        _("Something happened that the program did not expect."),
        _("The worker's log has the details; quote the job's number when you report it."),
    ),
    "cancelled": Word(
        _("The job was cancelled"),
        _("Somebody pressed “Cancel” before the workload was handed over."),
        _("The workload runs where it was. Run the job again when you like."),
    ),
}

ERRORS: dict[str, Word] = {**_REFUSALS, **_HOSTS, **_RUNS}
