// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the tests and prints KTAP. Exit status: 0 all passed, 1 a failure.
 */
#include "test.h"

static bool failed;

void test_failed(const char *file, int line, const char *what)
{
	printf("# %s:%d: %s\n", file, line, what);
	failed = true;
}

static unsigned int count(void)
{
	const struct test *test;
	unsigned int tests = 0;
	size_t i;

	for (i = 0; all_tests[i]; i++)
		for (test = all_tests[i]; test->name; test++)
			tests++;
	return tests;
}

int main(void)
{
	const struct test *test;
	unsigned int number = 0;
	bool any = false;
	size_t i;

	printf("KTAP version 1\n1..%u\n", count());
	for (i = 0; all_tests[i]; i++) {
		for (test = all_tests[i]; test->name; test++) {
			failed = false;
			test_begin();
			test->run();
			test_end();
			any |= failed;
			printf("%s %u %s\n", failed ? "not ok" : "ok",
			       ++number, test->name);
			fflush(stdout);
		}
	}
	return any;
}
