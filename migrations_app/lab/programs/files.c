/* migration-lab-files: writes files all the time, and knows what must be in them.
 *
 * With every line it appends a record to a file in each of its folders. A file holds RECORDS of
 * them; then the next begins, and the oldest of FILES is written anew. What a record holds follows
 * from its number, so that SIGUSR1 can have every record in every file compared.
 *
 * usage: migration-lab-files --bytes B --interval-ms M FOLDER...
 */
#include "ticking.h"

#include <fcntl.h>
#include <sys/stat.h>

#define MOST_FOLDERS 8
#define MOST_BYTES 65536
#define RECORDS 64
#define FILES 8

static char **folders;
static int folder_count;
static int open_files[MOST_FOLDERS];
static size_t record_bytes = 1024;
static uint64_t written; /* records in each folder */

static void fill(unsigned char *record, int folder, uint64_t number)
{
	uint64_t state = mixed(number * MOST_FOLDERS + (uint64_t)folder);

	for (size_t at = 0; at < record_bytes; at++) {
		if (at % 8 == 0)
			state = mixed(state);
		record[at] = (unsigned char)(state >> (at % 8 * 8));
	}
}

static int open_part(int folder, uint64_t number, int flags)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/part-%llu", folders[folder],
		 (unsigned long long)(number / RECORDS % FILES));
	return open(path, flags | O_CLOEXEC, 0644);
}

static void append(int folder, uint64_t number)
{
	static unsigned char record[MOST_BYTES];
	size_t at = 0;

	if (number % RECORDS == 0) {
		if (number > 0)
			close(open_files[folder]);
		open_files[folder] = open_part(folder, number, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
		if (open_files[folder] < 0)
			die(folders[folder]);
	}
	fill(record, folder, number);
	while (at < record_bytes) {
		ssize_t count = write(open_files[folder], record + at, record_bytes - at);

		if (count < 0 && errno != EINTR)
			die(folders[folder]);
		at += count > 0 ? (size_t)count : 0;
	}
}

static void work(uint64_t sequence)
{
	for (int folder = 0; folder < folder_count; folder++)
		append(folder, sequence);
	written = sequence + 1;
}

/* Whether a record is in its file, at its place. */
static int is_there(int file, int folder, uint64_t number, uint32_t *crc)
{
	static unsigned char expected[MOST_BYTES], found[MOST_BYTES];
	off_t at = (off_t)(number % RECORDS * record_bytes);

	if (pread(file, found, record_bytes, at) != (ssize_t)record_bytes)
		return 0;
	fill(expected, folder, number);
	*crc = (uint32_t)mixed(*crc ^ found[0] ^ ((uint64_t)found[record_bytes - 1] << 8));
	return memcmp(expected, found, record_bytes) == 0;
}

/* The files that are there hold the last records, and not a byte more. */
static struct found check(void)
{
	uint64_t first = written > FILES * RECORDS ? (written - 1) / RECORDS * RECORDS + RECORDS
							     - FILES * RECORDS : 0;
	struct found found = { 0 };

	for (int folder = 0; folder < folder_count; folder++) {
		int file = -1;

		for (uint64_t number = first; number < written; number++) {
			if (number % RECORDS == 0 || file < 0) {
				struct stat seen;
				uint64_t left = written - number < RECORDS ? written - number : RECORDS;

				if (file >= 0)
					close(file);
				file = open_part(folder, number, O_RDONLY);
				found.bad += file < 0 || fstat(file, &seen) < 0
					     || seen.st_size != (off_t)(left * record_bytes);
			}
			found.bad += !is_there(file, folder, number, &found.crc);
			found.things++;
		}
		if (file >= 0)
			close(file);
	}
	return found;
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "bytes", required_argument, NULL, 'b' },
		{ "interval-ms", required_argument, NULL, 'i' },
		{ 0 },
	};
	int64_t interval_ns = 10 * NS_PER_MS;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 'b')
			record_bytes = (size_t)whole_number(optarg, 1, MOST_BYTES);
		else if (option == 'i')
			interval_ns = (int64_t)whole_number(optarg, 1, 60000) * NS_PER_MS;
		else
			return 2;
	}
	folders = argv + optind;
	folder_count = argc - optind;
	if (folder_count < 1 || folder_count > MOST_FOLDERS)
		return 2;
	for (int folder = 0; folder < folder_count; folder++)
		if (mkdir(folders[folder], 0755) < 0 && errno != EEXIST)
			die(folders[folder]);
	return run_ticking(interval_ns, work, check);
}
