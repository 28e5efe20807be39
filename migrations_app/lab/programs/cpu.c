/* migration-lab-cpu: a computation whose result is known beforehand.
 *
 * It steps a linear congruential generator (Knuth's MMIX constants) K thousand times per line.
 * After n steps its state is known by a formula in log n operations, so that SIGUSR1 can have the
 * long way compared with the short one: one wrong register anywhere, and they differ for ever.
 *
 * usage: migration-lab-cpu --thousands K --interval-ms M
 */
#include "ticking.h"

#define FACTOR 6364136223846793005u
#define ADDEND 1442695040888963407u

static uint64_t thousands = 1000, steps, state = 1;

static void work(uint64_t sequence)
{
	uint64_t value = state;

	(void)sequence;
	for (uint64_t i = 0; i < thousands * 1000; i++)
		value = value * FACTOR + ADDEND;
	state = value;
	steps += thousands * 1000;
}

/* n steps at once: F. Brown, "Random number generation with arbitrary strides", 1994. */
static uint64_t after(uint64_t n, uint64_t from)
{
	uint64_t factor = FACTOR, addend = ADDEND, by = 1, plus = 0;

	for (; n > 0; n >>= 1) {
		if (n & 1) {
			by *= factor;
			plus = plus * factor + addend;
		}
		addend *= factor + 1;
		factor *= factor;
	}
	return by * from + plus;
}

static struct found check(void)
{
	return (struct found){ steps, state != after(steps, 1), (uint32_t)(state >> 32) };
}

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "thousands", required_argument, NULL, 't' },
		{ "interval-ms", required_argument, NULL, 'i' },
		{ 0 },
	};
	int64_t interval_ns = 10 * NS_PER_MS;
	int option;

	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		if (option == 't')
			thousands = whole_number(optarg, 1, 1000000);
		else if (option == 'i')
			interval_ns = (int64_t)whole_number(optarg, 1, 60000) * NS_PER_MS;
		else
			return 2;
	}
	return run_ticking(interval_ns, work, check);
}
