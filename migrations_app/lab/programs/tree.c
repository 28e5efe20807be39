/* migration-lab-tree: processes and threads that hang together, and notice when one is missing.
 *
 * With every line a token goes round: through a pipe to the first process, from pipe to pipe to the
 * last, and back. Each process lets its threads count, under a lock that all processes share, in
 * memory that all share; then it tells its number over a unix socket. SIGUSR1 has all counters, all
 * processes and all answers compared with what they must be.
 *
 * usage: migration-lab-tree --processes P --threads T --interval-ms M
 */
#include "ticking.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define MOST_PROCESSES 32
#define MOST_THREADS 16

struct shared {
	pthread_mutex_t lock;
	uint64_t all;
	uint64_t counts[MOST_PROCESSES][MOST_THREADS];
};

struct message {
	uint64_t token;
	int64_t pid;
};

static struct shared *shared;
static int processes = 3, threads = 2;
static int first_pipe[2], last_pipe[2];
static int sockets[MOST_PROCESSES];
static pid_t pids[MOST_PROCESSES];
static uint64_t rounds, wrong;

/* Of one process: its place in the row, and what its threads wait at. */
static int place;
static pthread_barrier_t begin, done;

static void *count(void *number)
{
	int thread = (int)(intptr_t)number;

	for (;;) {
		pthread_barrier_wait(&begin);
		pthread_mutex_lock(&shared->lock);
		shared->counts[place][thread]++;
		shared->all++;
		pthread_mutex_unlock(&shared->lock);
		pthread_barrier_wait(&done);
	}
	return NULL;
}

/* All of it, or the other end is gone: then this one is of no use any more. */
static void take(int from, void *into, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t got = read(from, (char *)into + at, size - at);

		if (got == 0 || (got < 0 && errno != EINTR))
			_exit(1);
		at += got > 0 ? (size_t)got : 0;
	}
}

static void give(int into, const void *what, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t put = write(into, (const char *)what + at, size - at);

		if (put < 0 && errno != EINTR)
			_exit(1);
		at += put > 0 ? (size_t)put : 0;
	}
}

static void be_a_process(int in, int out, int socket)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_barrier_init(&begin, NULL, (unsigned)threads + 1);
	pthread_barrier_init(&done, NULL, (unsigned)threads + 1);
	for (int thread = 0; thread < threads; thread++) {
		pthread_t made;

		if (pthread_create(&made, NULL, count, (void *)(intptr_t)thread))
			_exit(1);
	}
	for (;;) {
		struct message message = { .pid = getpid() };

		take(in, &message.token, sizeof message.token);
		pthread_barrier_wait(&begin);
		pthread_barrier_wait(&done);
		give(socket, &message, sizeof message);
		message.token++;
		give(out, &message.token, sizeof message.token);
	}
}

static void start_processes(void)
{
	int in, out[2], pair[2];

	if (pipe(first_pipe) < 0)
		die("pipe");
	in = first_pipe[0];
	for (place = 0; place < processes; place++) {
		if (pipe(out) < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
			die("pipe");
		pids[place] = fork();
		if (pids[place] < 0)
			die("fork");
		if (pids[place] == 0)
			be_a_process(in, out[1], pair[1]);
		close(pair[1]);
		close(in);
		close(out[1]);
		sockets[place] = pair[0];
		in = out[0];
	}
	last_pipe[0] = in;
}

static void work(uint64_t sequence)
{
	uint64_t token = sequence * MOST_PROCESSES, back;

	give(first_pipe[1], &token, sizeof token);
	take(last_pipe[0], &back, sizeof back);
	wrong += back != token + (uint64_t)processes;
	for (int i = 0; i < processes; i++) {
		struct message message;

		take(sockets[i], &message, sizeof message);
		wrong += message.token != token + (uint64_t)i || message.pid != pids[i];
	}
	rounds = sequence + 1;
}

static struct found check(void)
{
	uint64_t every = (uint64_t)processes * (uint64_t)threads;
	struct found found = { 2 + (uint64_t)processes + every, wrong > 0, 0 };

	pthread_mutex_lock(&shared->lock);
	found.bad += shared->all != rounds * every;
	for (int i = 0; i < processes; i++) {
		found.bad += waitpid(pids[i], NULL, WNOHANG) != 0;
		for (int thread = 0; thread < threads; thread++)
			found.bad += shared->counts[i][thread] != rounds;
	}
	found.crc = (uint32_t)mixed(shared->all);
	pthread_mutex_unlock(&shared->lock);
	return found;
}

static void make_shared(void)
{
	pthread_mutexattr_t kind;

	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	pthread_mutexattr_init(&kind);
	pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED);
	pthread_mutex_init(&shared->lock, &kind);
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "processes", required_argument, NULL, 'p' },
		{ "threads", required_argument, NULL, 't' },
		{ "interval-ms", required_argument, NULL, 'i' },
		{ 0 },
	};
	int64_t interval_ns = 10 * NS_PER_MS;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'p')
			processes = (int)whole_number(optarg, 1, MOST_PROCESSES);
		else if (option == 't')
			threads = (int)whole_number(optarg, 1, MOST_THREADS);
		else if (option == 'i')
			interval_ns = (int64_t)whole_number(optarg, 1, 60000) * NS_PER_MS;
		else
			return 2;
	}
	make_shared();
	start_processes();
	return run_ticking(interval_ns, work, check);
}
