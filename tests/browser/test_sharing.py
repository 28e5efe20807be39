"""A link is made in the browser, opened by a stranger, and taken back."""

from __future__ import annotations

import re


def test_a_stranger_sees_a_shared_job_until_the_link_is_taken_back(visit, chromium):
    owner = visit()
    owner.go("hybrid")
    owner.page.click("[data-testid=share]")
    owner.page.click("[data-testid=share]")
    link = owner.page.text_content("[data-testid=link]")
    assert link and re.fullmatch(rf"{owner.base}/s/[\w-]{{43}}/", link)
    assert owner.page.locator("svg.qr path").count() > 0
    stranger = chromium.new_context()
    page = stranger.new_page()
    try:
        assert page.goto(link).status == 200
        seen = page.inner_text("body")
        assert "host A" in seen and "lab-a" not in seen and "teacher" not in seen
        with page.expect_download() as loading:
            page.click("[data-testid=export-json]")
        assert "lab-a" not in loading.value.path().read_text()
        assert stranger.cookies() == []
        owner.page.click("[data-testid=revoke]")
        owner.page.wait_for_selector("[data-testid=message]")
        assert page.goto(link).status == 404
        assert "leads nowhere" in page.inner_text("body")
    finally:
        stranger.close()
    assert owner.complaints == []
