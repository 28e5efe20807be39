/* migration-lab-tcp-stream: a server of one TCP connection whose client can tell whether anything
 * was lost or doubled, with the pages of migration-lab-memory beside it.
 *
 * Whoever connects gets a number a line, from 0 on, one every interval, and sends each back; what
 * comes back out of order is a fault that SIGUSR1 tells: "check SEQ ok|bad THINGS BAD CRC", over
 * pages and numbers. Numbers that the connection does not take at once are sent when it does.
 */
#define NAME "migration-lab-tcp-stream"
#define PORT 7000
#include "serving.h"

struct stream {
	int listener;
	int peer;      /* -1: nobody is connected */
	uint64_t due;  /* numbers that the peer shall have by now */
	uint64_t next; /* the first that was not begun */
	char line[24]; /* the one that is under way */
	size_t length;
	size_t sent;
	uint64_t value; /* of the line that comes back */
	uint64_t echoed; /* on this connection */
	uint64_t things; /* numbers that came back, on all */
	uint64_t wrong;
};

static void hang_up(struct stream *stream)
{
	close(stream->peer);
	stream->peer = -1;
}

static void let_in(struct stream *stream)
{
	int peer = next_peer(stream->listener);

	if (peer < 0)
		return;
	stream->peer = peer;
	stream->due = stream->next = stream->echoed = stream->value = 0;
	stream->length = stream->sent = 0;
}

static void send_due(struct stream *stream)
{
	while (stream->sent < stream->length || stream->next < stream->due) {
		ssize_t sent;

		if (stream->sent == stream->length) {
			stream->length = (size_t)snprintf(stream->line, sizeof stream->line, "%llu\n",
							  (unsigned long long)stream->next++);
			stream->sent = 0;
		}
		sent = send(stream->peer, stream->line + stream->sent,
			    stream->length - stream->sent, MSG_NOSIGNAL);
		if (sent < 0) {
			if (!goes_on())
				hang_up(stream);
			return;
		}
		stream->sent += (size_t)sent;
	}
}

static void take_back(struct stream *stream, char byte)
{
	if (byte == '\n') {
		stream->wrong += stream->value != stream->echoed;
		stream->echoed++;
		stream->things++;
		stream->value = 0;
	} else {
		stream->value = stream->value * 10 + (uint64_t)(byte - '0');
	}
}

static void hear(struct stream *stream)
{
	char bytes[4096];
	ssize_t count = recv(stream->peer, bytes, sizeof bytes, 0);

	if (count == 0 || (count < 0 && !goes_on()))
		hang_up(stream);
	for (ssize_t i = 0; i < count; i++)
		take_back(stream, bytes[i]);
}

static void serve(struct stream *stream)
{
	if (stream->peer < 0)
		let_in(stream);
	if (stream->peer < 0)
		return;
	stream->due++;
	send_due(stream);
	if (stream->peer >= 0)
		hear(stream);
}

static int run(const struct options *options, struct memory *memory, struct stream *stream)
{
	sigset_t open_mask = catch_signals();
	int64_t deadline = now_ns(CLOCK_MONOTONIC);
	struct check check = { 0 };
	uint64_t sequence = 0;
	double owed = 0;

	while (!stop_asked) {
		int64_t now = now_ns(CLOCK_MONOTONIC);

		if (now >= deadline || is_lost(deadline, options->interval_ns, now)) {
			serve(stream);
			print_tick(sequence++);
			dirty_pages(memory, options->dirty_per_s, options->interval_ns, &owed);
			deadline = next_deadline(deadline, options->interval_ns, now);
		}
		if (check_asked) {
			check_asked = 0;
			begin_check(&check);
		}
		if (check.active)
			go_on_checking(&check, memory, stream->things, stream->wrong, sequence);
		wait_until(check.active ? now : deadline, &open_mask);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options options = parse(argc, argv);
	struct stream stream = { .peer = -1 };
	struct memory memory;

	fill_crc_table();
	memory = make_memory(options.pages, 1);
	stream.listener = listen_on(options.port, 1);
	return run(&options, &memory, &stream);
}
