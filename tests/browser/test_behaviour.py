"""What people do: switch, choose, look closer, save."""

from __future__ import annotations

from playwright.sync_api import expect

from migrations_app.models import JobPhase, MigrationJob

STRATEGIES = ("Cold", "Stop-and-copy", "Pre-copy", "Post-copy", "Hybrid")


def attribute(page, name):
    return page.evaluate(f"document.documentElement.dataset.{name}")


def test_the_language_is_switched_and_kept(visit):
    visitor = visit()
    visitor.go("history")
    visitor.page.click("[data-testid=language]")
    assert visitor.page.inner_text("h1") == "历史"
    visitor.go("hosts")
    assert visitor.page.inner_text("h1") == "主机"
    assert visitor.page.get_attribute("html", "lang") == "zh-hans"


def test_the_theme_is_switched_and_kept(visit):
    visitor = visit()
    visitor.go("history")
    visitor.page.click("[data-testid=theme]")
    visitor.page.click("[data-theme=dark]")
    assert attribute(visitor.page, "bsTheme") == "dark"
    visitor.go("home")
    assert attribute(visitor.page, "bsTheme") == "dark"


def test_the_system_s_theme_is_followed_when_asked(visit):
    visitor = visit(theme="auto")
    for theme in ("dark", "light"):
        visitor.page.emulate_media(color_scheme=theme)
        visitor.page.wait_for_selector(f"html[data-bs-theme={theme}]")


def test_every_place_of_the_side_bar_can_be_reached(visit):
    visitor = visit()
    places = visitor.page.locator(".side-link")
    for number in range(places.count()):
        places.nth(number).click()
        expect(visitor.page.locator(".side-link[aria-current]")).to_have_count(1)
    assert visitor.complaints == []


def test_on_a_telephone_the_menu_opens_and_leads_on(visit):
    visitor = visit(width=360)
    visitor.page.click(".side-open")
    visitor.page.click(".side-link >> text=Jobs")
    assert visitor.page.inner_text("h1") == "Jobs"


def test_a_filter_is_in_the_address(visit):
    visitor = visit()
    failed = MigrationJob.objects.filter(status="failed").count()
    visitor.go("jobs")
    visitor.page.select_option("select[name=status]", "failed")
    visitor.page.wait_for_url("**status=failed**")
    assert visitor.page.locator("[data-testid=jobs] tbody tr").count() == failed


def test_the_waterfall_shows_the_stop_window_closer(visit):
    visitor = visit()
    visitor.go("succeeded")
    pill = visitor.page.text_content(".wf-pill-text")
    assert pill.replace("\u00a0", " ") == "stop time 0.616 s"
    before = visitor.page.locator(".wf-stop").get_attribute("width")
    visitor.page.click("#view-stop")
    after = visitor.page.locator(".wf-stop").get_attribute("width")
    assert float(after) > float(before) * 2
    assert visitor.page.get_attribute("#view-stop", "aria-pressed") == "true"


def test_the_search_in_the_logs_opens_and_marks(visit):
    visitor = visit()
    visitor.go("succeeded")
    visitor.page.fill("[data-log-search]", "error (")
    assert visitor.page.inner_text("[data-log-found]") == "one line"
    assert visitor.page.locator(".log-line:visible").count() == 1
    assert visitor.page.inner_text(".log-line mark") == "Error ("


def test_a_running_job_is_followed_to_its_end_without_a_reload(visit):
    visitor = visit()
    visitor.go("running")
    visitor.page.evaluate("window.stillHere = true")
    job = MigrationJob.objects.get(workload__name="busy")
    JobPhase.objects.create(job=job, name="dump", side="source", start_ms=540)
    visitor.page.wait_for_selector(".wf-dump.wf-running")
    job.phases.filter(name="dump").update(duration_ms=200)
    MigrationJob.objects.filter(pk=job.pk).update(status="succeeded", stop_time_ms=321.0)
    visitor.page.wait_for_selector("[data-testid=job][data-status=succeeded]")
    assert visitor.page.inner_text("[data-metric=stop_time_ms] .big-number") == "0.321s"
    assert visitor.page.evaluate("window.stillHere")
    assert visitor.complaints == []


def test_pages_that_follow_are_counted_while_they_arrive(visit):
    visitor = visit()
    visitor.go("pages follow")
    value = "[data-waterfall] .wf-value >> text=77.2"
    visitor.page.wait_for_selector(value, state="attached")
    JobPhase.objects.filter(name="pages", duration_ms=None).update(bytes=157_286_400)
    visitor.page.wait_for_selector(value.replace("77.2", "150"), state="attached")
    assert visitor.complaints == []


def test_the_five_strategies_stand_side_by_side(visit):
    visitor = visit()
    visitor.go("five strategies")
    chart = visitor.page.locator("[data-testid=chart-stop_time_ms]")
    labels = chart.locator(".xtick text").all_text_contents()
    told = [label.split("n =")[0] for label in labels]
    places = [next(i for i, label in enumerate(told) if label.startswith(s)) for s in STRATEGIES]
    assert places == sorted(places)
    assert chart.locator(".textpoint").count() == len(labels)
    assert visitor.page.locator("[data-testid=groups] tbody tr").count() == len(labels)


def test_a_run_s_page_leads_to_the_comparison(visit):
    visitor = visit()
    visitor.go("hybrid")
    visitor.page.click("[data-testid=compare]")
    visitor.page.wait_for_url("**/history/?workload=mem&operation=migrate")


def test_a_chart_is_drawn_and_saved_as_a_picture(visit):
    visitor = visit()
    visitor.go("history")
    done = MigrationJob.objects.filter(status="succeeded", finished_at__isnull=False)
    shown = done.filter(stop_time_ms__isnull=False).count()
    assert visitor.page.locator("[data-testid=chart-stop_time_ms] .point").count() == shown
    for format_, start in (("svg", b"<svg"), ("png", b"\x89PNG")):
        with visitor.page.expect_download() as waiting:
            visitor.page.click(f"[data-testid=chart-stop_time_ms] [data-save={format_}]")
        saved = waiting.value
        assert saved.suggested_filename == f"migration-lab-stop_time_ms.{format_}"
        assert saved.path().read_bytes().startswith(start)
    assert visitor.complaints == []


def test_a_chart_s_data_is_saved_as_csv_with_exact_values(visit):
    visitor = visit(language="zh-hans")
    visitor.go("components")
    chart = "[data-testid=chart-stop_time_ms-by-group]"
    with visitor.page.expect_download() as waiting:
        visitor.page.click(f"{chart} [data-save=csv]")
    assert waiting.value.suggested_filename == "migration-lab-stop_time_ms-by-group.csv"
    head, *rows = waiting.value.path().read_text("utf-8-sig").splitlines()
    assert head.startswith("group,n,failed,stop_time_median_ms,")
    assert len(rows) == 4 and rows[0].startswith("cold · mem · 256 MiB,12,1,29")
    assert visitor.complaints == []


def test_no_legend_or_label_is_cut_on_a_telephone(visit):
    """Of every chart: each text lies within the picture."""
    visitor = visit(width=360)
    visitor.go("components")
    cut = visitor.page.evaluate(
        """[...document.querySelectorAll('[data-chart]')].flatMap((box) => {
          const frame = box.getBoundingClientRect();
          const texts = '.legendtext, .xtick text, .ytick text, .g-xtitle, .g-ytitle';
          return [...box.querySelectorAll(texts)]
            .filter((text) => { const place = text.getBoundingClientRect();
              return place.left < frame.left - 1 || place.right > frame.right + 1 ||
                place.bottom > frame.bottom + 1; })
            .map((text) => `${box.dataset.chart}: ${text.textContent}`); })"""
    )
    assert cut == []


def test_the_theme_reaches_the_charts_and_the_scale_can_be_logarithmic(visit):
    visitor = visit()
    visitor.go("history")
    box = "document.querySelector('[data-chart]')"
    light = visitor.page.evaluate(f"{box}._fullLayout.font.color")
    visitor.page.click("[data-testid=theme]")
    visitor.page.click("[data-theme=dark]")
    assert visitor.page.evaluate(f"{box}._fullLayout.font.color") != light
    visitor.page.click("[data-scale] >> nth=0")
    assert visitor.page.evaluate(f"{box}._fullLayout.yaxis.type") == "log"
    assert visitor.complaints == []


def test_the_keyboard_reaches_the_content_first(visit):
    visitor = visit()
    visitor.go("jobs")
    visitor.page.keyboard.press("Tab")
    assert visitor.page.evaluate("document.activeElement.className") == "skip"
    visitor.page.keyboard.press("Enter")
    assert visitor.page.evaluate("document.activeElement.id") == "main"


def test_a_session_that_has_ended_leads_to_the_login_page(visit):
    visitor = visit()
    visitor.go("hosts")
    visitor.page.context.clear_cookies()
    visitor.page.evaluate("htmx.trigger('#strip', 'every')")
    visitor.page.wait_for_url("**/login/?next=/hosts/")


def test_signing_out_leads_to_the_login(visit):
    visitor = visit()
    visitor.page.click("[data-testid=user]")
    visitor.page.click("[data-testid=logout]")
    visitor.page.wait_for_selector("#id_username")
