"""Asked for on a page and refused; nothing was changed."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

REFUSALS: dict[str, Word] = {
    "tag-name": Word(
        _("That can't be a tag"),
        _("A tag has letters, digits and signs that can be shown, and no comma."),
        _("Choose a shorter or plainer word."),
        named=_("A tag has 1 to {most} letters and no comma"),
    ),
    "too-many-tags": Word(
        _("This job has as many tags as it can have"),
        _("More than that, and none of them helps to find it."),
        _("Take one away first."),
        named=_("A job has at most {most} tags"),
    ),
    "note-length": Word(
        _("The note is empty or too long"),
        _("Nothing was kept."),
        _("Write something, or write less; a long text belongs into a file."),
        named=_("A note has 1 to {most} letters"),
    ),
    "note-not-yours": Word(
        _("This note is not yours"),
        _("Only who wrote a note, or an instructor, can remove it."),
        _("Ask one of them."),
    ),
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
        _("An IPv4 or IPv6 address is needed, or a name that stands for one."),
        _("Type it as the host itself shows it: ip address."),
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
    "address-outside": Word(
        _("This address is in no network that is allowed"),
        _(
            "Hosts are added from private networks, or from those alone that the administrator named in MIGRATION_LAB_ALLOWED_NETWORKS."
        ),
        _(
            "Use the host's address in such a network, or ask the administrator to name its network."
        ),
        named=_("{address} is in no network that is allowed"),
    ),
    "name-unknown": Word(
        _("No address stands for this name"),
        _("The site's machine asked its name servers and found none."),
        _("Give the address itself; the host shows it with: ip address."),
        named=_("No address stands for “{address}”"),
    ),
    "bad-port": Word(
        _("This is not a port"),
        _("Ports are numbers from 1 to 65535; SSH's is 22 unless somebody changed it."),
        _("Leave it at 22 if you do not know better."),
    ),
    "bad-user": Word(
        _("This can't be the name of a user"),
        _("Small letters, digits, dashes and underscores, a letter first, 32 at most."),
        _("Type the name as the host shows it: whoami."),
        named=_("“{user}” can't be the name of a user"),
    ),
    "host-key-not-shown": Word(
        _("The host has not shown its key yet"),
        _("Nothing can be confirmed before it has."),
        _("Have it looked at again."),
        named=_("{host} has not shown its key yet"),
    ),
    "host-key-changed": Word(
        _("The key is not the one that you looked at"),
        _("The host was looked at again meanwhile and shows another."),
        _("Compare the fingerprint once more before you confirm it."),
        named=_("{host} shows another key than the one that you looked at"),
    ),
    "no-public-key": Word(
        _("The key to this host was not made here"),
        _(
            "It was given as a file, or by an older version, so the site does not know its public half."
        ),
        _("Put the public half into authorized_keys yourself, or add the host anew."),
        named=_("The key to {host} was not made here"),
    ),
    "staff-only": Word(
        _("Only instructors may do this"),
        _("Whoever registers a host gives this site root rights on it."),
        _("Ask your instructor."),
    ),
    "administrators-only": Word(
        _("Only administrators may do this"),
        _("People and their roles decide who gets at what."),
        _("Ask an administrator of this site."),
    ),
    "not-yours": Word(
        _("This belongs to somebody else"),
        _("Students change their own jobs, workloads and experiments; instructors all."),
        _("Start one of your own, or ask your instructor."),
    ),
    "host-not-open": Word(
        _("This host is not open to students"),
        _("Instructors decide on which hosts students may run something."),
        _("Choose another host, or ask your instructor to open this one."),
        named=_("{host} is not open to students"),
    ),
    "too-many-jobs": Word(
        _("You have as many unfinished jobs as you may have"),
        _("The hosts are shared with others: each person has some places in the queue."),
        _("Wait until one of your jobs has ended, or cancel one."),
        named=_("You may have {limit} unfinished jobs at a time, and you have them"),
    ),
    "too-many-jobs-today": Word(
        _("You have launched as many jobs in 24 hours as you may"),
        _("The hosts are shared with others, so there is a limit for a day."),
        _("Wait until the first of them is a day old, or ask an administrator for more."),
        named=_("You may launch {limit} jobs in 24 hours, and you have"),
    ),
    "too-many-trials-today": Word(
        _("These are more trials than you may launch in 24 hours"),
        _(
            "Each trial is a job. What you launched in the last 24 hours counts, and what your experiments will still launch."
        ),
        _(
            "Choose fewer values or fewer trials, wait until your earlier jobs are a day old, or ask an administrator for more."
        ),
        named=_(
            "These are {trials} jobs; of the {limit} that you may launch in 24 hours, {left} are left"
        ),
    ),
    "too-many-workloads": Word(
        _("You have as many workloads as you may have"),
        _("Each takes memory of a host that is shared with others."),
        _("Remove one of yours first."),
        named=_("You may have {limit} workloads at a time, and you have them"),
    ),
    "user-exists": Word(
        _("There is somebody of this name already"),
        _("Names are unique, whether large or small letters."),
        _("Choose another name."),
        named=_("There is somebody called {name} already"),
    ),
    "bad-user-name": Word(
        _("This name can't be used"),
        _("Letters, digits and the signs @ . + - _ are possible, 150 at most."),
        _("Choose another name."),
        named=_("“{name}” can't be used as a name"),
    ),
    "last-administrator": Word(
        _("Somebody has to be the administrator"),
        _("Without one nobody could give it back."),
        _("Make another person an administrator first."),
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
    "left-runs": Word(
        _("The original runs again"),
        _(
            "The workload moved away, and what was left frozen on this host runs now: somebody let it go on. It is not ended by the site."
        ),
        _("Look at both, decide which one is to stay, and end the other by hand."),
        named=_("The original runs again on {host}"),
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
    "idempotency-key-used": Word(
        _("This Idempotency-Key came with another request before"),
        _("A key stands for one request: the same again is answered with what it made."),
        _("Send another key with another request."),
    ),
    "job-finished": Word(
        _("The job has ended already"),
        _("There is nothing left to cancel."),
        _("Look at its result."),
        named=_("Job {job} has ended already"),
    ),
    "job-settled": Word(
        _("The job is in doubt no more"),
        _("The hosts have said where the workload runs."),
        _("Look at its result."),
        named=_("Job {job} is in doubt no more"),
    ),
    "reason-length": Word(
        _("A reason is missing, or is too long"),
        _("Others have to be able to see later why this was decided."),
        _("Write a sentence or two."),
        named=_("Write a reason of at most {most} characters"),
    ),
    "job-not-finished": Word(
        _("The job has not ended yet"),
        _("It can be run again once it has."),
        _("Wait for its end."),
        named=_("Job {job} has not ended yet"),
    ),
    "rehearsal-needs-two-hosts": Word(
        _("A rehearsal needs two hosts"),
        _("It sends the memory from one host to another, and throws it away there."),
        _("Choose “Migrate” as the step."),
    ),
    "images-gone": Word(
        _("The images are gone"),
        _("They were removed from the host, by the site after its time or by hand."),
        _("Run the job again with “keep images”."),
    ),
    "nothing-to-explain": Word(
        _("There is nothing to explain"),
        _("The cause of this job's failure is known, or it did not fail."),
        _("Go back to the job."),
    ),
    "too-few-hosts": Word(
        _("Two hosts that run containers are needed"),
        _("A migration goes from one host to another, and fewer than two are ready."),
        _(
            "Look at the hosts: each says what is missing. “manage.py lab up” boots two on this machine."
        ),
    ),
    "share-not-finished": Word(
        _("This job has not ended yet"),
        _("A snapshot keeps what was measured, and that is not known before the end."),
        _("Share it live, or wait until it has ended."),
        named=_("Job #{job} has not ended yet"),
    ),
    "share-no-trial": Word(
        _("No trial of this experiment has ended yet"),
        _("A snapshot keeps what was measured, and nothing has been so far."),
        _("Share it live, or wait until the first trial has ended."),
    ),
    "share-empty": Word(
        _("There is no run to share"),
        _("No finished run fits the filters."),
        _("Change the filters in the history."),
    ),
    "share-bad-days": Word(
        _("A link can't last that long"),
        _("It lasts for one of the times that the form offers."),
        _("Load the page again and choose one of them."),
    ),
    "share-too-many": Word(
        _("You have too many open links"),
        _("Old links that nobody needs are easily forgotten."),
        _("Take some back under “Shared links”."),
        named=_("You have {most} open links, and can't have more"),
    ),
    "share-not-yours": Word(
        _("This link is somebody else's"),
        _("A link can be taken back by whoever made it, and by instructors."),
        _("Ask them."),
    ),
}
