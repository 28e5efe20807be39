"""CRIU's logs and statistics, read from recorded ones."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrations_app.engine.tools import criu

from .samples import DATA, text

FIRST_ERRORS = {
    "criu-dump-file-lock.log": "Some file locks are hold by dumping tasks!",
    "criu-restore.log": "tmp/ml-test-record/output has bad size 10 (expect 8)",
    "criu-restore-pid-taken.log": "Can't fork for 29109: File exists",
}


@pytest.mark.parametrize(("name", "words"), FIRST_ERRORS.items())
def test_first_real_error_of_a_log_is_found(name: str, words: str):
    first = criu.first_error(text(name))
    assert words in first and first.startswith("Error (criu/")


def test_line_that_is_harmless_elsewhere_is_the_cause_where_nothing_else_is():
    harmless = text("criu-dump.log").splitlines()[0]
    log = f"{harmless}\nError (criu/cr-dump.c:1975): Dumping FAILED.\n"
    assert criu.first_error(log) == harmless
    real = "Error (criu/files-reg.c:1): no"
    assert criu.first_error(f"{log}{real}\n") != harmless


@pytest.mark.parametrize("before", ["", "(00.008532) ", "(00.008532)   4711: ", "  4711: "])
def test_error_is_found_whatever_stands_before_it(before: str):
    assert criu.first_error(f"{before}Error (criu/x.c:1): no\n") == "Error (criu/x.c:1): no"


def test_excerpt_has_the_error_lines_and_not_the_rest():
    excerpt = criu.excerpt(text("criu-dump-file-lock.log"))
    assert excerpt.splitlines() == criu.error_lines(text("criu-dump-file-lock.log"))
    assert "RLIMIT" not in excerpt and "Warn" not in excerpt


def test_excerpt_of_a_log_without_errors_is_its_end():
    assert criu.excerpt("a\nb\n") == "a\nb"
    assert criu.excerpt("") is None


def test_excerpt_of_a_flood_is_short():
    assert len(criu.excerpt("Error (x): y\n" * 1000).splitlines()) == criu.EXCERPT_LINES


def test_statistics_of_a_dump_are_read():
    assert criu.parse_stats((DATA / "stats-dump").read_bytes()) == {
        "freezing_time_us": 241,
        "frozen_time_us": 7120,
        "memdump_time_us": 526,
        "memwrite_time_us": 103,
        "pages_scanned": 49,
        "pages_skipped_parent": 0,
        "pages_written": 33,
        "pages_lazy": 0,
    }


def test_statistics_of_a_restore_are_read_without_the_meaningless_forking_time():
    stats = criu.parse_stats((DATA / "stats-restore").read_bytes())
    assert stats == {"restore_time_us": 5389, "pages_restored": 31}


@pytest.mark.parametrize("name", ["stats-dump", "stats-restore"])
def test_statistics_cut_anywhere_are_read_without_a_failure(name: str):
    data = (DATA / name).read_bytes()
    whole = criu.parse_stats(data)
    for end in range(len(data)):
        assert criu.parse_stats(data[:end]).items() <= whole.items() or end > 12


@given(st.binary(max_size=200))
def test_statistics_that_are_rubbish_are_read_without_a_failure(data: bytes):
    assert isinstance(criu.parse_stats(data), dict)


def test_version_is_read():
    assert criu.parse_version(text("criu-version.txt")) == "4.2.1"
    assert criu.parse_version("bash: criu: command not found") is None


@pytest.mark.parametrize(
    ("version", "numbers"),
    [("28.5.1+dfsg", (28, 5, 1)), ("4.2", (4, 2)), ("6.18.44-x", (6, 18, 44)), ("dev", ())],
)
def test_versions_compare_as_numbers(version: str, numbers: tuple[int, ...]):
    assert criu.version_tuple(version) == numbers


def test_dump_leaves_the_processes_stopped_for_the_way_back():
    argv = criu.dump_argv(4711, PurePosixPath("/j/images"), PurePosixPath("/j/work"))
    assert argv[:4] == ["criu", "dump", "--tree", "4711"]
    assert "--leave-stopped" in argv and argv[argv.index("--images-dir") + 1] == "/j/images"


def test_restore_lets_go_of_what_it_made():
    argv = criu.restore_argv(PurePosixPath("/i"), PurePosixPath("/w"), PurePosixPath("/w/pid"))
    assert "--restore-detached" in argv and argv[argv.index("--pidfile") + 1] == "/w/pid"


def test_feature_is_asked_for_by_its_name():
    assert criu.check_argv(feature="timens") == ["criu", "check", "--feature", "timens"]
    assert criu.check_argv(everything=True)[-3:] == ["criu", "check", "--all"]


def test_log_with_nothing_but_harmless_lines_is_quoted_by_its_end():
    log = "(00.1) Error (criu/util.c:1): rlimit: Can't setup RLIMIT_NOFILE\n(00.2) pie: reading\n"
    assert criu.first_error(log) is None
    assert (criu.excerpt(log) or "").endswith("pie: reading")
