"""Tags, notes and favourites of jobs."""

import pytest
from django.urls import reverse

from migrations_app.models import Favourite, Remark, Tag
from migrations_app.services.annotations import (
    MOST_TAGS,
    AnnotationRefused,
    remove_remark,
    set_favourite,
    tag_job,
    untag_job,
    write_remark,
)

from .makers import make_job
from .pages import finished, text_of

pytestmark = pytest.mark.django_db


def names(job):
    return list(job.tags.values_list("name", flat=True))


def test_a_tag_has_one_spelling():
    job = make_job()
    for name in ("Slow Link", "  slow   link ", "ＳＬＯＷ link"):
        tag_job(job=job, name=name)
    assert names(job) == ["slow link"]
    tag_job(job=job, name="第一次")
    assert Tag.objects.count() == 2


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a,b", "a\x00b", "a\u202eb"])
def test_what_can_t_be_shown_or_is_too_long_is_no_tag(name):
    job = make_job()
    with pytest.raises(AnnotationRefused):
        tag_job(job=job, name=name)
    assert not Tag.objects.exists()


def test_a_job_has_so_many_tags_and_no_more():
    job = make_job()
    for number in range(MOST_TAGS):
        tag_job(job=job, name=f"t{number}")
    tag_job(job=job, name="t0")  # it has it already
    with pytest.raises(AnnotationRefused):
        tag_job(job=job, name="one more")


def test_a_tag_that_no_job_has_is_forgotten():
    first, second = make_job(), make_job()
    for job in (first, second):
        tag_job(job=job, name="x")
    untag_job(job=first, name="x")
    assert Tag.objects.exists()
    untag_job(job=second, name="x")
    untag_job(job=second, name="never there")
    assert not Tag.objects.exists()


def test_a_note_is_removed_by_who_wrote_it_or_by_staff(student, teacher):
    job = make_job()
    mine = write_remark(job=job, text="cables *swapped*", user=teacher)
    with pytest.raises(AnnotationRefused):
        remove_remark(remark=mine, user=student)
    theirs = write_remark(job=job, text="x", user=student)
    remove_remark(remark=theirs, user=teacher)
    assert list(Remark.objects.all()) == [mine]


@pytest.mark.parametrize("text", ["", " \n", "x" * 10_001])
def test_a_note_says_something_and_not_too_much(text, student):
    with pytest.raises(AnnotationRefused):
        write_remark(job=make_job(), text=text, user=student)


def test_a_favourite_is_one_s_own_and_can_be_set_twice(student, teacher):
    job = make_job()
    for _time in range(2):
        set_favourite(job=job, user=student, wanted=True)
    assert [f.user for f in Favourite.objects.all()] == [student]
    set_favourite(job=job, user=teacher, wanted=False)
    set_favourite(job=job, user=student, wanted=False)
    assert not Favourite.objects.exists()


# --- on the page of a job -----------------------------------------------------------------------
@pytest.fixture
def browser(client, student):
    client.force_login(student)
    return client


def page_of(browser, job):
    return browser.get(reverse("job-detail", args=[job.pk]))


def test_a_tag_is_given_and_taken_on_the_job_s_page(browser):
    job = finished(shared_with_class=True)
    browser.post(reverse("job-tag", args=[job.pk]), {"tag": "Slow"})
    assert "?tag=slow" in text_of(page_of(browser, job))
    browser.post(reverse("job-untag", args=[job.pk]), {"tag": "slow"})
    assert names(job) == []


def test_a_refused_tag_is_told(browser):
    job = finished(shared_with_class=True)
    response = browser.post(reverse("job-tag", args=[job.pk]), {"tag": "a,b"}, follow=True)
    assert "no comma" in text_of(response)


def test_a_note_is_shown_as_markdown_and_does_no_harm(browser):
    job = finished(shared_with_class=True)
    text = "**two** <script>alert(1)</script> [x](javascript:alert(1))"
    browser.post(reverse("job-note", args=[job.pk]), {"text": text})
    page = text_of(page_of(browser, job))
    assert "<strong>two</strong>" in page
    assert "<script>alert" not in page and 'href="javascript' not in page


def test_one_s_own_note_can_be_removed_and_no_other(browser, teacher):
    job = finished(shared_with_class=True)
    theirs = write_remark(job=job, text="theirs", user=teacher)
    browser.post(reverse("job-note", args=[job.pk]), {"text": "mine"})
    for remark in Remark.objects.all():
        browser.post(reverse("job-unnote", args=[job.pk, remark.pk]))
    assert list(Remark.objects.all()) == [theirs]


def test_a_note_of_another_job_is_not_removed_by_this_one_s_address(browser, student):
    job, other = finished(shared_with_class=True), finished(shared_with_class=True)
    remark = write_remark(job=other, text="x", user=student)
    assert browser.post(reverse("job-unnote", args=[job.pk, remark.pk])).status_code == 404


def test_a_favourite_is_set_and_unset(browser, student):
    job = finished(shared_with_class=True)
    for wanted in ("1", "0"):
        browser.post(reverse("job-favourite", args=[job.pk]), {"wanted": wanted})
        assert Favourite.objects.filter(job=job, user=student).exists() == (wanted == "1")


@pytest.mark.parametrize("name", ["job-tag", "job-untag", "job-note", "job-favourite"])
def test_nothing_is_written_by_looking(browser, name):
    assert browser.get(reverse(name, args=[finished(shared_with_class=True).pk])).status_code == 405
