/* What the workloads have in common that serve on a port, with the pages of migration-lab-memory
 * beside it: options, the listening socket, a check in slices. One file includes it, after NAME
 * and PORT were defined: what it is called, and where it listens if nobody says. */
#include "ticking.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "pages.h"

/* Work between two looks at the clock; 16 pages take some tens of microseconds. */
#define SLICE_PAGES 16

struct options {
	uint64_t pages;
	uint64_t dirty_per_s;
	int64_t interval_ns;
	uint16_t port;
};

struct check {
	int active;
	uint64_t page;
	uint64_t bad;
	uint32_t crc;
};

static int listen_on(uint16_t port, int most_peers)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(port) };
	int one = 1;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (listener < 0)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(listener, (struct sockaddr *)&any, sizeof any) < 0)
		die("bind");
	if (listen(listener, most_peers) < 0)
		die("listen");
	return listener;
}

/* A connection that waits, without delay for small pieces; -1 without one. */
static int next_peer(int listener)
{
	int one = 1;
	int peer = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (peer >= 0)
		setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return peer;
}

/* Whether the connection goes on after a call that did not do anything. */
static int goes_on(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

static void begin_check(struct check *check)
{
	*check = (struct check){ .active = 1, .crc = 0xffffffffu };
}

/* A slice of the pages; tells it when all are done: with `things` served, `wrong` of them. */
static void go_on_checking(struct check *check, const struct memory *memory, uint64_t things,
			   uint64_t wrong, uint64_t sequence)
{
	for (int i = 0; i < SLICE_PAGES && check->page < memory->pages; i++, check->page++) {
		check->bad += !page_is_right(memory, check->page);
		check->crc = crc_add(check->crc, memory->words[check->page * WORDS]);
	}
	if (check->page < memory->pages)
		return;
	check->active = 0;
	print_check((struct found){ memory->pages + things, check->bad + wrong,
				    check->crc ^ 0xffffffffu },
		    sequence);
}

static void usage(void)
{
	static const char text[] =
		"usage: " NAME " [--port N] [--mebibytes N]\n"
		"       [--dirty-pages-per-second P] [--interval-ms M]\n";

	fputs(text, stderr);
	exit(2);
}

static struct options parse(int argc, char **argv)
{
	static const struct option known[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "mebibytes", required_argument, NULL, 'm' },
		{ "dirty-pages-per-second", required_argument, NULL, 'd' },
		{ "interval-ms", required_argument, NULL, 'i' },
		{ 0 },
	};
	struct options options = { 16 * 256, 0, NS_PER_MS, PORT };
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'p')
			options.port = (uint16_t)whole_number(optarg, 1, 65535);
		else if (option == 'm')
			options.pages = whole_number(optarg, 1, 1 << 20) * 256;
		else if (option == 'd')
			options.dirty_per_s = whole_number(optarg, 0, 10000000);
		else if (option == 'i')
			options.interval_ns = (int64_t)whole_number(optarg, 1, 60000) * NS_PER_MS;
		else
			usage();
	}
	if (optind != argc)
		usage();
	return options;
}
