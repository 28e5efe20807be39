/* Pages that do not compress, some of them written anew all the time, each known by its seed,
 * index and version: so that every one can be compared with what it must be. One file includes it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE 4096u
#define WORDS (PAGE / sizeof(uint64_t))

struct memory {
	uint64_t *words;    /* the pages themselves */
	uint32_t *versions; /* how often each page was written */
	uint64_t pages;
	uint64_t seed;
	uint64_t random; /* state of the generator that picks pages to write */
};

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t page_state(const struct memory *memory, uint64_t page)
{
	uint64_t state = memory->seed ^ (page * 0xd1342543de82ef95u);

	next_random(&state);
	state ^= memory->versions[page];
	next_random(&state);
	return state;
}

static void write_page(struct memory *memory, uint64_t page)
{
	uint64_t state = page_state(memory, page);
	uint64_t *words = memory->words + page * WORDS;

	for (size_t i = 0; i < WORDS; i++)
		words[i] = next_random(&state);
}

static int page_is_right(const struct memory *memory, uint64_t page)
{
	uint64_t state = page_state(memory, page);
	const uint64_t *words = memory->words + page * WORDS;
	int right = 1;

	for (size_t i = 0; i < WORDS; i++)
		right &= words[i] == next_random(&state);
	return right;
}

static void dirty_one_page(struct memory *memory)
{
	uint64_t page = next_random(&memory->random) % memory->pages;

	memory->versions[page]++;
	write_page(memory, page);
}

static uint32_t crc_table[256];

static void fill_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t value = i;

		for (int bit = 0; bit < 8; bit++)
			value = (value >> 1) ^ ((value & 1) ? 0xedb88320u : 0);
		crc_table[i] = value;
	}
}

/* CRC-32 (IEEE 802.3) over one word of each page: a fingerprint to compare two runs by. */
static uint32_t crc_add(uint32_t crc, uint64_t word)
{
	for (int byte = 0; byte < 8; byte++, word >>= 8)
		crc = crc_table[(crc ^ word) & 0xff] ^ (crc >> 8);
	return crc;
}

/* Writes the pages of one interval; what is left of a page is owed to the next. */
static void dirty_pages(struct memory *memory, uint64_t per_s, int64_t interval_ns, double *owed)
{
	*owed += (double)per_s * (double)interval_ns / 1e9;
	for (; *owed >= 1.0; *owed -= 1.0)
		dirty_one_page(memory);
}

/* Small pages: a kernel that gives huge ones by itself (Debian's does) knows of two MiB at a time
 * that something in them was written, and no rate of pages would mean anything there. */
static void *pages_of(size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	(void)madvise(memory, size, MADV_NOHUGEPAGE); /* fails where there are none */
	return memory;
}

static struct memory make_memory(uint64_t pages, uint64_t seed)
{
	struct memory memory = {
		.words = pages_of(pages * PAGE),
		.versions = pages_of(pages * sizeof(uint32_t)),
		.pages = pages,
		.seed = seed,
		.random = ~seed,
	};

	for (uint64_t page = 0; page < memory.pages; page++)
		write_page(&memory, page);
	return memory;
}
