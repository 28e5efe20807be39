/* migration-lab-memory: a workload that can tell whether a migration lost or changed anything.
 *
 * It holds N MiB that do not compress, gives P random pages a second new content, and prints a
 * line "SEQ REALTIME_NS" every interval. The content of a page follows from the seed, the page's
 * index and the page's version, so that SIGUSR1 can have every page compared with what it must
 * be; the answer is one line: "check SEQ ok|bad PAGES BAD CRC".
 *
 * No allocation after the start, no threads, no sockets, no files: any checkpoint takes it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pages.h"

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
/* The clocks of two hosts differ: further off than this, a deadline is from another host. */
#define LOST_INTERVALS 10
/* Work between two looks at the clock; 16 pages take some tens of microseconds. */
#define SLICE_PAGES 16

struct options {
	uint64_t pages;
	uint64_t dirty_per_s;
	int64_t interval_ns;
	uint64_t seed;
};

/* A check that goes on between ticks. */
struct check {
	int active;
	uint64_t next;
	uint64_t bad;
	uint32_t crc;
};

static volatile sig_atomic_t stop_asked;
static volatile sig_atomic_t check_asked;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		check_asked = 1;
	else
		stop_asked = 1;
}

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* One line, one write: a line is there whole or not at all. A full pipe is waited for. */
static void write_line(const char *line, size_t length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, line, length);

		if (written > 0) {
			line += written;
			length -= (size_t)written;
		} else if (written < 0 && errno != EINTR && errno != EAGAIN) {
			_exit(1); /* nobody reads any more */
		}
	}
}

static void print_tick(uint64_t sequence)
{
	char line[64];
	int length = snprintf(line, sizeof line, "%llu %lld\n", (unsigned long long)sequence,
			      (long long)now_ns(CLOCK_REALTIME));

	write_line(line, (size_t)length);
}

static void print_check(const struct check *check, const struct memory *memory, uint64_t sequence)
{
	char line[128];
	int length = snprintf(line, sizeof line, "check %llu %s %llu %llu %08x\n",
			      (unsigned long long)sequence, check->bad ? "bad" : "ok",
			      (unsigned long long)memory->pages, (unsigned long long)check->bad,
			      check->crc ^ 0xffffffffu);

	write_line(line, (size_t)length);
}

static void begin_check(struct check *check)
{
	*check = (struct check){ .active = 1, .crc = 0xffffffffu };
}

static void go_on_checking(struct check *check, const struct memory *memory, uint64_t sequence)
{
	for (int i = 0; i < SLICE_PAGES && check->next < memory->pages; i++, check->next++) {
		check->bad += !page_is_right(memory, check->next);
		check->crc = crc_add(check->crc, memory->words[check->next * WORDS]);
	}
	if (check->next == memory->pages) {
		check->active = 0;
		print_check(check, memory, sequence);
	}
}

/* Signals come in here only (see main), so none falls between a look at its flag and the wait. */
static void wait_until(int64_t deadline_ns, const sigset_t *open_mask)
{
	int64_t left = deadline_ns - now_ns(CLOCK_MONOTONIC);
	struct timespec pause = { left / NS_PER_S, left % NS_PER_S };

	if (left < 0)
		pause = (struct timespec){ 0 };
	ppoll(NULL, 0, &pause, open_mask);
}

/* When the next line is due. Late lines are printed late, none is left out; a deadline that is
 * far from now in either direction was set by another host's clock and starts anew. */
static int64_t next_deadline(int64_t deadline_ns, int64_t interval_ns, int64_t now)
{
	int64_t next = deadline_ns + interval_ns;

	if (next < now || next > now + LOST_INTERVALS * interval_ns)
		next = now;
	return next;
}

static int is_lost(int64_t deadline_ns, int64_t interval_ns, int64_t now)
{
	int64_t away = deadline_ns > now ? deadline_ns - now : now - deadline_ns;

	return away > LOST_INTERVALS * interval_ns;
}

static int run(const struct options *options, struct memory *memory, const sigset_t *open_mask)
{
	struct check check = { 0 };
	uint64_t sequence = 0;
	double owed = 0;
	int64_t deadline = now_ns(CLOCK_MONOTONIC);

	while (!stop_asked) {
		int64_t now = now_ns(CLOCK_MONOTONIC);

		if (now >= deadline || is_lost(deadline, options->interval_ns, now)) {
			print_tick(sequence++);
			dirty_pages(memory, options->dirty_per_s, options->interval_ns, &owed);
			deadline = next_deadline(deadline, options->interval_ns, now);
		}
		if (check_asked) {
			check_asked = 0;
			begin_check(&check);
		}
		if (check.active)
			go_on_checking(&check, memory, sequence);
		wait_until(check.active ? now : deadline, open_mask);
	}
	return 0;
}

/* The mask as it was; from here on signals wait until they are let in. */
static sigset_t catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigset_t ours, before;

	/* A handler for SIGTERM as well: process 1 of a container has no default one. */
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigemptyset(&ours);
	sigaddset(&ours, SIGUSR1);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGINT);
	sigprocmask(SIG_BLOCK, &ours, &before);
	return before;
}

static void usage(void)
{
	static const char text[] =
		"usage: migration-lab-memory [--mebibytes N] [--dirty-pages-per-second P]\n"
		"                            [--interval-ms M] [--seed S]\n";

	fputs(text, stderr);
	exit(2);
}

static uint64_t whole_number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most)
		usage();
	return value;
}

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "mebibytes", required_argument, NULL, 'm' },
		{ "dirty-pages-per-second", required_argument, NULL, 'd' },
		{ "interval-ms", required_argument, NULL, 'i' },
		{ "seed", required_argument, NULL, 's' },
		{ 0 },
	};
	struct options options = { 64 * 256, 0, NS_PER_MS, 1 };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'm')
			options.pages = whole_number(optarg, 1, 1 << 20) * 256;
		else if (option == 'd')
			options.dirty_per_s = whole_number(optarg, 0, 10000000);
		else if (option == 'i')
			options.interval_ns = (int64_t)whole_number(optarg, 1, 60000) * NS_PER_MS;
		else if (option == 's')
			options.seed = whole_number(optarg, 0, UINT64_MAX);
		else
			usage();
	}
	if (optind != argc)
		usage();
	return options;
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	struct memory memory;
	sigset_t open_mask;

	fill_crc_table();
	memory = make_memory(options.pages, options.seed);
	open_mask = catch_signals();
	return run(&options, &memory, &open_mask);
}
