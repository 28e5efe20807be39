"""Why a host could not be used."""

# ruff: noqa: E501  one sentence, one line: that is how translators see it

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

HOST_TROUBLES: dict[str, Word] = {
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
        _("Paste the block on the host's page “Let us in” there, or give the password once."),
    ),
    "password-refused": Word(
        _("The host does not take this password"),
        _("It is wrong for this user, or the host's SSH server takes no passwords at all."),
        _("Paste the block on the host itself instead; it needs no password of ours."),
    ),
    "sudo-wants-password": Word(
        _("sudo asks for a password"),
        _(
            "The user may use sudo, but not without typing a password, and nobody is there to type it."
        ),
        _("Paste the block again: its last line lets this user start our program without one."),
    ),
    "sudo-refused": Word(
        _("sudo refuses our program"),
        _("The user is not allowed to start it as root."),
        _("Paste the block again: its last line allows exactly that."),
    ),
    "sudo-missing": Word(
        _("There is no sudo on the host"),
        _("A user who is not root needs it to start our program."),
        _(
            "Install it as root (apt install sudo) and paste the block again, or add the host with the user root."
        ),
    ),
    "host-session-lost": Word(
        _("The connection to the host broke"),
        _("It broke while something was going on there, so it is not known how far that got."),
        _("The hosts settle it between them; look at where the workload is before you go on."),
    ),
    "too-late": Word(
        _("The host was asked too late"),
        _(
            "The request was under way for longer than anybody waited for it, so the host did not begin."
        ),
        _("Nothing was touched by it. Look at the network between the site and the host."),
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
    "target-unreachable": Word(
        _("The source can't reach the target"),
        _(
            "The site reaches both hosts, but the source got no connection to the target, where the image has to go. The workload continues on the source."
        ),
        _(
            "Look at the network between the two hosts: the target has to take TCP connections from the source on any port, so look for a firewall (nft list ruleset, ufw status) and at the address that the target was added with."
        ),
    ),
    "channel-broken": Word(
        _("The connection between the two hosts broke"),
        _("The hosts send images to each other directly, and that connection ended early."),
        _("See whether the hosts reach each other, and whether a firewall stands between them."),
    ),
    "host-key-unknown": Word(
        _("The host's key is not known"),
        _(
            "No key was pinned for this address, so nobody can tell whether it is the right machine."
        ),
        _("Register the host with its key first."),
    ),
    "hostside-not-started": Word(
        _("The program on the host did not start"),
        _("Python 3 may be missing there, or the place for temporary files can't be written."),
        _("Sign in to the host and run “python3 --version”; then check the host again."),
    ),
}
