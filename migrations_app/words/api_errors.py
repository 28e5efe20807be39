"""What only the API refuses; all else it words as the pages do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .base import Word

API_ERRORS: dict[str, Word] = {
    "no-login": Word(
        _("Nobody is signed in"),
        _("The call needs a token (Authorization: Bearer …) or the session of a page."),
        _("Make a token on the account page."),
    ),
    "bad-token": Word(
        _("The token opens nothing"),
        _("It is unknown, expired or revoked, or its owner's account is closed."),
        _("Make another on the account page."),
    ),
    "scope-missing": Word(
        _("The token may not do this"),
        _("A token does what its scopes say, whatever its owner may do."),
        _("Make a token with the scope that is missing."),
        named=_("The token lacks the scope “{scope}”"),
    ),
    "csrf-failed": Word(
        _("The CSRF token is missing or wrong"),
        _("With the session of a page, what changes something needs the header X-CSRFToken."),
        _("Send it, or use an API token."),
    ),
    "share-one-thing": Word(
        _("One link shows one thing"),
        _("A job, an experiment and a query were given together, or none of them."),
        _("Give one of “job”, “experiment” and “query”."),
    ),
    "not-found": Word(
        _("There is no such thing"),
        _("It does not exist, or you may not see it."),
        _("Look at the list of those that there are."),
    ),
    "invalid-request": Word(
        _("The request does not fit the schema"),
        _("A field is missing, unknown, or has a value that it can't have."),
        _("“errors” names the fields; the schema is at /api/v1/openapi.json."),
    ),
    "bad-request": Word(
        _("The request can't be read"),
        _("Its body is not what the call expects."),
        _("Send JSON as the schema says, with Content-Type: application/json."),
    ),
    "internal-error": Word(
        _("A fault of this program"),
        _("Something happened that it was not made for; the site's log has the details."),
        _("Try again; tell the administrator when it happened, if it stays."),
    ),
}
