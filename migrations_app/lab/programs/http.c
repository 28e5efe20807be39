/* migration-lab-http: a small web server, with the pages of migration-lab-memory beside it.
 *
 * Every GET gets a text: which answer on this connection it is and which of all, some of the
 * memory as hexadecimal digits, and a last line "crc32 C" over all before it. A client can tell what
 * was left out, came twice or was damaged. SIGUSR1 has its own memory checked, while it serves:
 * "check SEQ ok|bad THINGS BAD CRC".
 */
#define NAME "migration-lab-http"
#define PORT 8080
#include "serving.h"

#define MOST_PEERS 16
#define SHOWN_WORDS 64 /* of a page, 16 digits each, four to a line */

struct peer {
	int socket; /* -1: nobody */
	int last;   /* the connection ends after the answer that is under way */
	uint64_t answers;
	char asked[2048];
	size_t heard;
	char answer[4096];
	size_t length;
	size_t sent;
};

struct server {
	int listener;
	uint64_t answers; /* on all connections */
	struct peer peers[MOST_PEERS];
};

static void hang_up(struct peer *peer)
{
	close(peer->socket);
	peer->socket = -1;
}

static void let_in(struct server *server)
{
	for (int i = 0; i < MOST_PEERS; i++) {
		struct peer *peer = &server->peers[i];

		if (peer->socket >= 0)
			continue;
		peer->socket = next_peer(server->listener);
		if (peer->socket < 0)
			return;
		peer->answers = 0;
		peer->heard = peer->length = peer->sent = 0;
		peer->last = 0;
	}
}

static uint32_t crc_of(const char *text, size_t length)
{
	uint32_t crc = 0xffffffffu;

	for (size_t i = 0; i < length; i++)
		crc = crc_table[(crc ^ (uint8_t)text[i]) & 0xff] ^ (crc >> 8);
	return crc ^ 0xffffffffu;
}

/* The text of an answer; its length. */
static size_t write_text(char *text, size_t size, const struct memory *memory, uint64_t here,
			 uint64_t all)
{
	const uint64_t *words = memory->words + (all % memory->pages) * WORDS;
	size_t length = (size_t)snprintf(text, size, "answer %llu of this connection, %llu of all\n",
					 (unsigned long long)here, (unsigned long long)all);

	for (int i = 0; i < SHOWN_WORDS; i++)
		length += (size_t)snprintf(text + length, size - length, "%016llx%s",
					   (unsigned long long)words[i], i % 4 == 3 ? "\n" : "");
	return length + (size_t)snprintf(text + length, size - length, "crc32 %08x\n",
					 crc_of(text, length));
}

static void answer_page(struct peer *peer, struct server *server, const struct memory *memory)
{
	char text[2048];
	size_t length = write_text(text, sizeof text, memory, peer->answers++, server->answers++);
	int head = snprintf(peer->answer, sizeof peer->answer,
			    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=us-ascii\r\n"
			    "Cache-Control: no-store\r\nContent-Length: %zu\r\n\r\n",
			    length);

	memcpy(peer->answer + head, text, length);
	peer->length = (size_t)head + length;
}

static void answer_badly(struct peer *peer)
{
	peer->length = (size_t)snprintf(peer->answer, sizeof peer->answer,
					"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n"
					"Connection: close\r\n\r\n");
	peer->last = 1;
}

static void send_rest(struct peer *peer)
{
	while (peer->sent < peer->length) {
		ssize_t sent = send(peer->socket, peer->answer + peer->sent,
				    peer->length - peer->sent, MSG_NOSIGNAL);

		if (sent < 0) {
			if (!goes_on())
				hang_up(peer);
			return;
		}
		peer->sent += (size_t)sent;
	}
	peer->sent = peer->length = 0;
	if (peer->last)
		hang_up(peer);
}

/* The requests that are whole, one after the other: the next when the one before is answered. */
static void answer_asked(struct peer *peer, struct server *server, const struct memory *memory)
{
	char *end;

	while (peer->socket >= 0 && peer->length == 0 &&
	       (end = memmem(peer->asked, peer->heard, "\r\n\r\n", 4)) != NULL) {
		size_t used = (size_t)(end - peer->asked) + 4;

		if (used > 4 && memcmp(peer->asked, "GET ", 4) == 0) {
			peer->last = memmem(peer->asked, used, "HTTP/1.0\r\n", 10) != NULL ||
				     memmem(peer->asked, used, "Connection: close\r\n", 19) != NULL;
			answer_page(peer, server, memory);
		} else {
			answer_badly(peer);
		}
		peer->heard -= used;
		memmove(peer->asked, peer->asked + used, peer->heard);
		send_rest(peer);
	}
}

static void hear(struct peer *peer, struct server *server, const struct memory *memory)
{
	ssize_t count = recv(peer->socket, peer->asked + peer->heard,
			     sizeof peer->asked - peer->heard, 0);

	if (count < 0 && goes_on())
		return;
	if (count <= 0) {
		hang_up(peer);
		return;
	}
	peer->heard += (size_t)count;
	answer_asked(peer, server, memory);
	if (peer->socket >= 0 && peer->length == 0 && peer->heard == sizeof peer->asked) {
		answer_badly(peer); /* longer than any that is answered */
		send_rest(peer);
	}
}

static void serve(struct server *server, const struct memory *memory)
{
	let_in(server);
	for (int i = 0; i < MOST_PEERS; i++) {
		struct peer *peer = &server->peers[i];

		if (peer->socket >= 0 && peer->length > 0)
			send_rest(peer);
		if (peer->socket >= 0 && peer->length == 0)
			hear(peer, server, memory);
	}
}

/* Until somebody asks or can be answered, or it is time; signals come in here only. */
static void wait_for_somebody(const struct server *server, int64_t deadline_ns,
			      const sigset_t *open_mask)
{
	struct pollfd looked_at[MOST_PEERS + 1];
	int64_t left = deadline_ns - now_ns(CLOCK_MONOTONIC);
	struct timespec pause = { 0 };

	if (left > 0)
		pause = (struct timespec){ left / NS_PER_S, left % NS_PER_S };
	for (int i = 0; i < MOST_PEERS; i++)
		looked_at[i] = (struct pollfd){ .fd = server->peers[i].socket,
						.events = server->peers[i].length ? POLLOUT : POLLIN };
	looked_at[MOST_PEERS] = (struct pollfd){ .fd = server->listener, .events = POLLIN };
	ppoll(looked_at, MOST_PEERS + 1, &pause, open_mask);
}

static int run(const struct options *options, struct memory *memory, struct server *server)
{
	sigset_t open_mask = catch_signals();
	int64_t deadline = now_ns(CLOCK_MONOTONIC);
	struct check check = { 0 };
	uint64_t sequence = 0;
	double owed = 0;

	while (!stop_asked) {
		int64_t now = now_ns(CLOCK_MONOTONIC);

		serve(server, memory);
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
			go_on_checking(&check, memory, server->answers, 0, sequence);
		wait_for_somebody(server, check.active ? now : deadline, &open_mask);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct server server;
	struct options options = parse(argc, argv);
	struct memory memory;

	fill_crc_table();
	memory = make_memory(options.pages, 1);
	for (int i = 0; i < MOST_PEERS; i++)
		server.peers[i].socket = -1;
	server.listener = listen_on(options.port, MOST_PEERS);
	return run(&options, &memory, &server);
}
