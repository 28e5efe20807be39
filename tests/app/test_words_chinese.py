"""The Chinese catalogue is whole, compiled, and uses the terms agreed on."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation.template import templatize

ROOT = settings.BASE_DIR
LOCALE = ROOT / "locale" / "zh_Hans" / "LC_MESSAGES"
CODE = ("migrations_app", "labsite")
KEYWORDS = [
    "gettext_lazy",
    "gettext_noop",
    "ngettext:1,2",
    "ngettext_lazy:1,2",
    "pgettext:1c,2",
    "npgettext:1c,2,3",
    "_",
]

needs_gettext = pytest.mark.skipif(not shutil.which("msgcmp"), reason="gettext is not installed")


def sources(folder: Path) -> Iterator[Path]:
    """All Python code, and every template as the code that gettext reads it as."""
    for name in CODE:
        yield from sorted((ROOT / name).rglob("*.py"))
    for number, path in enumerate(sorted((ROOT / "templates").rglob("*.html"))):
        code = folder / f"{number}.py"
        code.write_text(templatize(path.read_text(), origin=str(path)))
        yield code


@needs_gettext
def test_every_text_of_the_program_has_its_chinese(tmp_path):
    keywords = [f"--keyword={keyword}" for keyword in KEYWORDS]
    argv = ["xgettext", "--language=Python", "--from-code=UTF-8", *keywords]
    fresh = tmp_path / "fresh.pot"
    subprocess.run([*argv, "-o", fresh, *sources(tmp_path)], check=True, capture_output=True)
    compared = subprocess.run(
        ["msgcmp", LOCALE / "django.po", fresh], capture_output=True, text=True, check=False
    )
    missing = [line for line in compared.stderr.splitlines() if "warning" not in line]
    assert compared.returncode == 0, "\n".join(missing)


@needs_gettext
def test_nothing_is_untranslated_or_fuzzy():
    argv = ["msgfmt", "--check-format", "--statistics", "-o", "/dev/null", LOCALE / "django.po"]
    told = subprocess.run(argv, capture_output=True, text=True, check=True, env={"LC_ALL": "C"})
    assert told.stderr.strip().splitlines()[-1].endswith(" translated messages.")


@needs_gettext
def test_the_compiled_catalogue_is_that_of_the_source(tmp_path):
    fresh = tmp_path / "fresh.mo"
    subprocess.run(["msgfmt", "-o", fresh, LOCALE / "django.po"], check=True, capture_output=True)
    assert fresh.read_bytes() == (LOCALE / "django.mo").read_bytes()


def test_nothing_obsolete_is_kept():
    assert "#~" not in (LOCALE / "django.po").read_text()


BINDING = {
    "Stop time": "停机时间",
    "Transfer time": "传输时间",
    "Total time": "总迁移时间",
    "Freeze": "冻结",
    "Dump": "转储",
    "Restore": "恢复",
    "Cold": "冷迁移",
    "Workload": "工作负载",
    "in doubt": "待定",
    "source host": "源主机",
    "target host": "目标主机",
    "Dirty rate": "脏页率",
}


@pytest.mark.parametrize(("english", "chinese"), BINDING.items())
def test_the_field_s_terms_are_those_agreed_on(english, chinese):
    with translation.override("zh-hans"):
        assert translation.gettext(english) == chinese
