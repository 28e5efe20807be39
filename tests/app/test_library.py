"""The library of checkpoints: kept by runs, looked into and removed by the worker; for staff."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from migrations_app.engine.errors import NotPossible
from migrations_app.models import Host, KeptImage
from migrations_app.services.codes import Refused
from migrations_app.services.dispatch import tick
from migrations_app.services.kept import ask_for, note_kept
from migrations_app.services.tend import tend_image
from migrations_app.views.library_page import compared

from .makers import make_host, make_job
from .pages import text_of

pytestmark = pytest.mark.django_db
KEPT = {"side": "target", "path": "/var/lib/migration-lab/kept/main-8", "bytes": 270_000}


def contents(*files, threads=1, pages=100) -> dict:
    told = [{"fd": fd, "kind": "file", "name": name} for fd, name in enumerate(files)]
    told.append({"fd": 9, "kind": "internet socket", "name": "port 80"})
    process = {"pid": 12, "parent": 0, "threads": threads, "name": "busybox", "files": told}
    areas = [{"start": 0x1000, "end": 0x3000, "kind": "heap", "name": ""}]
    child = {**process, "pid": 13, "parent": 12, "areas": areas, "environment": None}
    first = {**process, "areas": areas, "environment": ["PATH", "SECRET_KEY"]}
    return {"bytes": 1, "processes": [first, child], "statistics": {"pages_written": pages}}


def kept_image(**fields) -> KeptImage:
    job = make_job(status="succeeded", target=make_host())
    values = {"host": job.target, "name": f"main-{job.pk}", "path": "/x", "bytes": 270_000}
    return KeptImage.objects.create(job=job, **(values | fields))


@pytest.fixture
def teaching(client, teacher, sent):
    client.force_login(teacher)
    return client


def test_what_a_run_kept_is_in_the_library_once():
    job = make_job(status="succeeded")
    report = {"job_id": "main-8", "kept_images": KEPT}
    for _ in range(2):
        note_kept(job=job, report=report)
    image = KeptImage.objects.get()
    assert (image.host, image.name, image.bytes) == (job.target, "main-8", 270_000)
    note_kept(job=make_job(), report={"job_id": "main-9", "kept_images": None})
    assert KeptImage.objects.count() == 1


def test_a_look_is_asked_for_and_its_answer_kept(
    teaching, engine, sent, django_capture_on_commit_callbacks
):
    image = kept_image()
    engine.contents = contents("/bin/busybox")
    with django_capture_on_commit_callbacks(execute=True):
        teaching.post(reverse("library-ask", args=[image.pk]), {"wanted": "inspect"})
    assert sent == [("TEND_IMAGE", image.pk)]
    assert "hx-get" in text_of(teaching.get(reverse("library-image", args=[image.pk])))
    tend_image(image_id=image.pk)
    page = text_of(teaching.get(reverse("library-contents", args=[image.pk])))
    for said in ("/bin/busybox", "SECRET_KEY", "below 12", "pages_written", "8.00 KiB"):
        assert said in page
    assert "hx-get" not in page and ("inspect_kept", image.host.name, image.name) in engine.calls
    assert Host.objects.get(pk=image.host_id).lease_until is None


def test_removal_is_asked_for_and_done_once(teaching, engine):
    image = kept_image(contents=contents())
    teaching.post(reverse("library-ask", args=[image.pk]), {"wanted": "remove"})
    tend_image(image_id=image.pk)
    tend_image(image_id=image.pk)
    image.refresh_from_db()
    assert image.removed_at and image.contents is None
    assert [call[0] for call in engine.calls].count("remove_kept") == 1


def test_images_that_are_gone_on_the_host_are_gone_here(engine, teacher):
    image = kept_image(wanted="inspect")
    engine.check_error = NotPossible("no images", code="images-gone")
    tend_image(image_id=image.pk)
    image.refresh_from_db()
    assert image.removed_at and image.error_code == "images-gone"
    with pytest.raises(Refused) as refused:
        ask_for(image=image, wanted=KeptImage.Wanted.INSPECT, user=teacher)
    assert refused.value.code == "images-gone"


def test_nothing_is_done_while_somebody_measures_on_the_host(engine):
    image = kept_image(wanted="remove")
    Host.objects.filter(pk=image.host_id).update(leased_by=image.job)
    tend_image(image_id=image.pk)
    image.refresh_from_db()
    assert image.removed_at is None and image.wanted == "remove" and engine.calls == []


@pytest.mark.parametrize(("days", "asked"), [(30, "remove"), (0, ""), (90, "")])
def test_what_has_been_kept_too_long_is_removed(days, asked, settings, sent):
    settings.KEPT_IMAGES_DAYS = days
    image = kept_image()
    KeptImage.objects.update(kept_at=timezone.now() - timedelta(days=40))
    tick()
    image.refresh_from_db()
    assert image.wanted == asked
    assert (("TEND_IMAGE", image.pk) in sent) is bool(asked)


def test_students_see_nothing_of_it(client, student):
    client.force_login(student)
    image = kept_image(contents=contents())
    for name, args in (
        ("library", []),
        ("library-compare", []),
        ("library-image", [image.pk]),
        ("library-contents", [image.pk]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 403
    ask = client.post(reverse("library-ask", args=[image.pk]), {"wanted": "remove"})
    assert ask.status_code == 403
    assert reverse("library") not in text_of(client.get(reverse("learn")))


def test_a_student_cannot_ask_by_another_way(student):
    with pytest.raises(Refused) as refused:
        ask_for(image=kept_image(), wanted=KeptImage.Wanted.REMOVE, user=student)
    assert refused.value.code == "staff-only"


def test_nonsense_is_not_asked_for(teaching, sent):
    image = kept_image()
    teaching.post(reverse("library-ask", args=[image.pk]), {"wanted": "sell"})
    assert sent == []


def test_the_list_tells_what_there_is(teaching):
    assert "No image was kept yet" in text_of(teaching.get(reverse("library")))
    image = kept_image()
    assert image.name in text_of(teaching.get(reverse("library")))


def test_two_images_are_compared_by_figures_and_by_what_they_hold(teaching):
    one = kept_image(contents=contents("/a", "/both", pages=100))
    two = kept_image(contents=contents("/both", "/b", threads=3, pages=None))
    found = compared(one, two)
    assert found.only_one == ["file /a"] and found.only_two == ["file /b"]
    assert found.in_both == 2  # the file, and the socket
    page = text_of(teaching.get(reverse("library-compare"), {"a": one.pk, "b": two.pk}))
    assert "file /a" in page and "file /b" in page and "pages_written" in page


def test_comparing_needs_two(teaching):
    assert "Two images are needed" in text_of(teaching.get(reverse("library-compare")))
