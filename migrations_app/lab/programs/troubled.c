/* migration-lab-troubled: a counter that holds one thing that a checkpoint stumbles over.
 *
 * It prints a number every interval, as the counter does, and has meanwhile what its first argument
 * names. Each shows one row of docs/failures.md on purpose, whatever the host:
 *
 *   terminal        descriptor 0 is a terminal whose other end somebody outside holds
 *   file-lock       a lock on a file of its own
 *   ghost-file      2 MiB in a file that has no name any more
 *   hard-link       a file whose name is gone, but that has another
 *   outside-socket  a unix socket to a process that is not one of its own
 *   tcp-connection  a TCP connection, to itself
 *   mptcp           a socket for multipath TCP, as Go programs open it
 *   io-uring        a ring of io_uring
 *   userfaultfd     a descriptor that handles page faults
 *   debugger        a child that is being traced
 *   own-address     a socket that listens at an address of this host alone
 *   vfork           a child that waits for one of its own, so that nothing can stop it
 *
 * "Outside" is a helper that leaves the tree; it ends when the counter does.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000L
#define MS_PER_S 1000L
#define GHOST_BYTES (2u << 20) /* CRIU takes up to 1 MiB by itself */
#define IPPROTO_MULTIPATH 262

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void checked(long result, const char *what)
{
	if (result < 0)
		fail(what);
}

/* A file of this run in /tmp, open; its name is in `path`. */
static int own_file(char path[64], const char *suffix)
{
	mkdir("/tmp", 01777); /* an image with this program alone has none */
	snprintf(path, 64, "/tmp/migration-lab-troubled-%d%s", getpid(), suffix);
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	checked(file, path);
	return file;
}

static void file_lock(void)
{
	char path[64];

	checked(flock(own_file(path, ""), LOCK_EX), "flock");
}

static void ghost_file(void)
{
	char path[64];
	int file = own_file(path, "");
	char *bytes = calloc(1, GHOST_BYTES);

	if (bytes == NULL)
		fail("calloc");
	memset(bytes, 'g', GHOST_BYTES);
	checked(write(file, bytes, GHOST_BYTES), "write");
	free(bytes);
	checked(unlink(path), path);
}

static void hard_link(void)
{
	char path[64], other[64];
	int file = own_file(path, "");

	checked(write(file, "linked\n", 7), "write");
	snprintf(other, sizeof(other), "%.50s-other", path);
	checked(link(path, other), other);
	checked(unlink(path), path);
}

/* A process outside the tree that holds `theirs` until `ours` is closed. */
static void leave_outside(int theirs, int ours)
{
	pid_t child = fork();

	checked(child, "fork");
	if (child > 0) {
		waitpid(child, NULL, 0);
		return;
	}
	close(ours);
	setsid();
	pid_t helper = fork();
	checked(helper, "fork");
	if (helper > 0)
		_exit(0);
	char byte;
	close(0);
	close(1);
	close(2);
	while (read(theirs, &byte, 1) > 0)
		;
	_exit(0);
}

static void outside_socket(void)
{
	int pair[2];

	checked(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
	leave_outside(pair[1], pair[0]);
	close(pair[1]);
}

static void terminal(void)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	checked(master, "posix_openpt");
	checked(grantpt(master), "grantpt");
	checked(unlockpt(master), "unlockpt");
	int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	checked(slave, "the terminal");
	leave_outside(master, slave);
	close(master);
	checked(dup2(slave, 0), "dup2");
	close(slave);
}

static void tcp_connection(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int server = socket(AF_INET, SOCK_STREAM, 0);
	int client = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	checked(server, "socket");
	checked(client, "socket");
	checked(bind(server, (struct sockaddr *)&address, length), "bind");
	checked(listen(server, 1), "listen");
	checked(getsockname(server, (struct sockaddr *)&address, &length), "getsockname");
	checked(connect(client, (struct sockaddr *)&address, length), "connect");
	checked(accept(server, NULL, NULL), "accept");
}

static void mptcp(void)
{
	int server = socket(AF_INET, SOCK_STREAM, IPPROTO_MULTIPATH);
	struct sockaddr_in address = {.sin_family = AF_INET};

	checked(server, "socket for multipath TCP");
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	checked(bind(server, (struct sockaddr *)&address, sizeof(address)), "bind");
	checked(listen(server, 1), "listen");
}

static void io_uring(void)
{
	struct io_uring_params parameters = {0};
	int ring = syscall(SYS_io_uring_setup, 4, &parameters);

	checked(ring, "io_uring_setup");
	size_t bytes = parameters.sq_off.array + parameters.sq_entries * sizeof(unsigned);
	if (mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING) ==
	    MAP_FAILED)
		fail("the ring");
}

static void page_faults(void)
{
	checked(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK), "userfaultfd");
}

static void debugger(void)
{
	pid_t child = fork();

	checked(child, "fork");
	if (child == 0)
		for (;;)
			pause();
	checked(ptrace(PTRACE_SEIZE, child, NULL, NULL), "ptrace");
}

/* The first address that is not the loopback's; there is a network in every host and container. */
static struct sockaddr_in first_address(void)
{
	struct sockaddr_in found = {0};
	struct ifaddrs *all, *one;

	checked(getifaddrs(&all), "getifaddrs");
	for (one = all; one != NULL && found.sin_family == 0; one = one->ifa_next) {
		struct sockaddr_in *address = (struct sockaddr_in *)one->ifa_addr;
		if (address != NULL && address->sin_family == AF_INET &&
		    address->sin_addr.s_addr != htonl(INADDR_LOOPBACK))
			found = *address;
	}
	freeifaddrs(all);
	if (found.sin_family == 0) {
		fprintf(stderr, "no address but the loopback's\n");
		exit(1);
	}
	return found;
}

static void own_address(void)
{
	struct sockaddr_in address = first_address();
	int server = socket(AF_INET, SOCK_STREAM, 0);

	checked(server, "socket");
	checked(bind(server, (struct sockaddr *)&address, sizeof(address)), "bind");
	checked(listen(server, 1), "listen");
}

/* Who has called vfork sleeps until its child is gone, and no signal but SIGKILL wakes it. */
static void wait_unstoppably(void)
{
	pid_t child = fork();

	checked(child, "fork");
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (vfork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				pause();
		}
		_exit(0);
	}
}

static const struct {
	const char *name;
	void (*get_into)(void);
} TROUBLES[] = {
	{"terminal", terminal},
	{"file-lock", file_lock},
	{"ghost-file", ghost_file},
	{"hard-link", hard_link},
	{"outside-socket", outside_socket},
	{"tcp-connection", tcp_connection},
	{"mptcp", mptcp},
	{"io-uring", io_uring},
	{"userfaultfd", page_faults},
	{"debugger", debugger},
	{"own-address", own_address},
	{"vfork", wait_unstoppably},
};

static void get_into(const char *name)
{
	for (size_t i = 0; i < sizeof(TROUBLES) / sizeof(TROUBLES[0]); i++)
		if (strcmp(name, TROUBLES[i].name) == 0) {
			TROUBLES[i].get_into();
			return;
		}
	fprintf(stderr, "unknown trouble: %s\n", name);
	exit(2);
}

int main(int argc, char **argv)
{
	long interval_ms = argc == 3 ? strtol(argv[2], NULL, 10) : 0;

	if (interval_ms < 1) {
		fprintf(stderr, "usage: migration-lab-troubled TROUBLE INTERVAL_MS\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	get_into(argv[1]);
	struct timespec pause_for = {interval_ms / MS_PER_S, interval_ms % MS_PER_S * NS_PER_MS};
	for (unsigned long number = 0;; number++) {
		printf("%lu\n", number);
		nanosleep(&pause_for, NULL);
	}
}
