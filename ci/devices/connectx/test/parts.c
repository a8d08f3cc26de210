// SPDX-License-Identifier: GPL-2.0
/*
 * The tests of packets, queues, flow tables and the ledger. They share one program.
 */
#include "test.h"

const struct test *const all_tests[] = {
	packet_tests, rss_tests, steering_tests, send_tests, receive_tests, ledger_tests, NULL,
};
