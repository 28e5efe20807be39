"""What goes wrong and why: the page, instructors' notes, and the versions that worked."""

import pytest
from django.urls import reverse

from migrations_app.engine.causes import CAUSES
from migrations_app.engine.report import Outcome, PhaseName
from migrations_app.models import CauseNote, MigrationJob, VersionTally
from migrations_app.services.codes import Refused
from migrations_app.services.diagnosis import annotate_cause, count_run, pattern_of

from .makers import make_job
from .pages import text_of

pytestmark = pytest.mark.django_db
LINE = "Error (criu/net.c:12): net: something odd with fd 7"


def unknown_job(line=LINE):
    cause = {"number": None, "key": "unknown", "log": "dump.log", "line": line, "lines": [line]}
    report = {"error": {"code": "dump-failed", "cause": cause}}
    return make_job(status="failed", error_code="dump-failed", report=report)


def page_of(client, job):
    return text_of(client.get(reverse("job-detail", args=[job.pk])))


@pytest.fixture
def teaching(client, teacher):
    client.force_login(teacher)
    return client


def test_every_row_is_on_the_page(browser):
    page = text_of(browser.get(reverse("learn-causes")))
    assert [row.key for row in CAUSES if f'id="{row.key}"' not in page] == []


def test_a_known_cause_leads_to_its_row(browser):
    job = unknown_job()
    job.report["error"]["cause"].update(number=17, key="pid-taken")
    job.save()
    assert f"{reverse('learn-causes')}#pid-taken" in page_of(browser, job)


# --- notes ----------------------------------------------------------------------------------------
def test_a_note_explains_the_next_failure_with_such_a_line(teaching):
    address = reverse("learn-note", args=[unknown_job().pk])
    assert "something odd with fd …" in text_of(teaching.get(address))
    teaching.post(address, {"text": "The *cable* was loose."})
    later = unknown_job("Error (criu/net.c:999): net: something odd with fd 1234")
    assert "The <em>cable</em> was loose." in page_of(teaching, later)
    assert "Explained by teacher:" in page_of(teaching, later)
    other = unknown_job("Error (criu/net.c:12): net: something else")
    assert "cable" not in page_of(teaching, other)


def test_a_note_can_be_changed_and_removed(teaching):
    job = unknown_job()
    for text in ("First.", "Second."):
        teaching.post(reverse("learn-note", args=[job.pk]), {"text": text})
    note = CauseNote.objects.get()
    assert note.text == "Second."
    teaching.post(reverse("learn-note-remove", args=[note.pk]))
    assert not CauseNote.objects.exists()


def test_students_read_notes_and_write_none(client, student):
    client.force_login(student)
    browser, job = client, unknown_job()
    MigrationJob.objects.filter(pk=job.pk).update(shared_with_class=True)
    note = CauseNote.objects.create(pattern=pattern_of(LINE), text="Because.")
    page = page_of(browser, job)
    assert "Because." in page and reverse("learn-note", args=[job.pk]) not in page
    assert browser.get(reverse("learn-note", args=[job.pk])).status_code == 403
    browser.post(reverse("learn-note-remove", args=[note.pk]))
    assert CauseNote.objects.filter(pk=note.pk).exists()


def test_a_job_whose_cause_is_known_is_not_explained_again(teacher):
    with pytest.raises(Refused) as refused:
        annotate_cause(job=make_job(status="failed"), text="x", user=teacher)
    assert refused.value.code == "nothing-to-explain"


def test_instructors_see_what_nobody_explained_once_with_its_count(teaching):
    jobs = [unknown_job(f"Error (criu/x.c:{number}): odd") for number in range(3)]
    page = text_of(teaching.get(reverse("learn-causes")))
    assert page.count("Error (criu/x.c:…): odd") == 1
    assert f"Explain the failure of #{jobs[-1].pk}" in page
    CauseNote.objects.create(pattern="Error (criu/x.c:…): odd", text="Known.")
    assert "Not explained yet" not in text_of(teaching.get(reverse("learn-causes")))


def test_a_note_can_do_no_harm(teaching):
    job = unknown_job()
    text = "<script>alert(1)</script> [x](javascript:alert(1)) **bold**"
    teaching.post(reverse("learn-note", args=[job.pk]), {"text": text})
    for page in (page_of(teaching, job), text_of(teaching.get(reverse("learn-causes")))):
        assert "<script>alert" not in page and 'href="javascript' not in page
        assert "<strong>bold</strong>" in page


# --- versions -------------------------------------------------------------------------------------
def host(kernel="6.12", criu="4.2.1", docker="26.1.5"):
    return {"kernel": kernel, "criu": {"version": criu}, "docker": {"version": docker}}


def run(kind="container", error=None, outcome=Outcome.SUCCEEDED, source=None, target=None):
    environment = {"source": source or host(), "target": target or host()}
    return {"kind": kind, "outcome": outcome, "error": error, "environment": environment}


def tallies():
    rows = VersionTally.objects.order_by("kernel", "docker")
    return [(row.kernel, row.criu, row.docker, row.runs, row.failed) for row in rows]


def test_a_run_counts_once_for_two_hosts_that_are_alike():
    count_run(run())
    count_run(run())
    assert tallies() == [("6.12", "4.2.1", "26.1.5", 2, 0)]


def test_docker_takes_no_part_in_a_process():
    count_run(run(kind="process"))
    assert tallies() == [("6.12", "4.2.1", "", 1, 0)]


@pytest.mark.parametrize(("phase", "kernel"), [(PhaseName.DUMP, "a"), (PhaseName.RESTORE, "b")])
def test_a_failure_counts_for_the_host_on_which_it_happened(phase, kernel):
    error = {"code": "dump-failed", "phase": phase}
    count_run(run(error=error, outcome="failed", source=host("a"), target=host("b")))
    assert tallies() == [(kernel, "4.2.1", "26.1.5", 1, 1)]


@pytest.mark.parametrize("code", ["cancelled", "target-pid-taken", "transfer-failed"])
def test_what_says_nothing_of_versions_does_not_count(code):
    count_run(run(error={"code": code, "phase": "prepare"}, outcome="failed"))
    assert tallies() == []


def test_a_host_whose_versions_are_not_known_does_not_count():
    count_run(run(source=None, target={"kernel": "6.1", "criu": None, "docker": None}))
    assert tallies() == [("6.12", "4.2.1", "26.1.5", 1, 0)]


def test_the_page_shows_what_worked(browser):
    assert "No run has ended yet" in text_of(browser.get(reverse("learn-causes")))
    count_run(run())
    page = text_of(browser.get(reverse("learn-causes")))
    assert "4.2.1" in page and "No run has ended yet" not in page
