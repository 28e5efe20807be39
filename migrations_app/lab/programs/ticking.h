/* What the workloads have in common that print a line "SEQ REALTIME_NS" per interval, and check
 * their own work when SIGUSR1 asks: "check SEQ ok|bad THINGS BAD CRC". One file includes it. */
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

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
/* The clocks of two hosts differ: further off than this, a deadline is from another host. */
#define LOST_INTERVALS 10

/* What a check found: things looked at, wrong ones, and a fingerprint to compare runs by. */
struct found {
	uint64_t things;
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

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static inline uint64_t mixed(uint64_t state)
{
	uint64_t z = state + 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline void die(const char *what)
{
	perror(what);
	exit(1);
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

static void print_check(struct found found, uint64_t sequence)
{
	char line[128];
	int length = snprintf(line, sizeof line, "check %llu %s %llu %llu %08x\n",
			      (unsigned long long)sequence, found.bad ? "bad" : "ok",
			      (unsigned long long)found.things, (unsigned long long)found.bad,
			      found.crc);

	write_line(line, (size_t)length);
}

/* Signals come in here only, so none falls between a look at its flag and the wait. */
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
static inline int64_t next_deadline(int64_t deadline_ns, int64_t interval_ns, int64_t now)
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

/* Work, print, wait, until told to stop. Late lines are printed late, none is left out. */
static inline int run_ticking(int64_t interval_ns, void (*work)(uint64_t), struct found (*check)(void))
{
	sigset_t open_mask = catch_signals();
	int64_t deadline = now_ns(CLOCK_MONOTONIC);
	uint64_t sequence = 0;

	while (!stop_asked) {
		int64_t now = now_ns(CLOCK_MONOTONIC);

		if (now >= deadline || is_lost(deadline, interval_ns, now)) {
			work(sequence);
			print_tick(sequence++);
			deadline += interval_ns;
			if (deadline < now || is_lost(deadline, interval_ns, now))
				deadline = now;
		}
		if (check_asked) {
			check_asked = 0;
			print_check(check(), sequence);
		}
		wait_until(deadline, &open_mask);
	}
	return 0;
}

static uint64_t whole_number(const char *text, uint64_t least, uint64_t most)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || value < least || value > most) {
		fprintf(stderr, "not a number from %llu to %llu: %s\n", (unsigned long long)least,
			(unsigned long long)most, text);
		exit(2);
	}
	return value;
}
