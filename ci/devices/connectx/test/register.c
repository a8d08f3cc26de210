// SPDX-License-Identifier: GPL-2.0
/*
 * The registers of the port, and those of the vendor-specific capability.
 */
#include "function.h"

enum { WRITE = 0, READ = 1, HOST_ENDIANNESS = 0x7004 };
/* Offsets in the vendor-specific capability. */
enum { LENGTH = 2, CONTROL = 0x04, COUNTER = 0x08, SEMAPHORE = 0x0c };
enum { CRSPACE = 7, UNSUPPORTED = 0 };

/* Access a register of 16 bytes. Only the first byte is not 0, and is returned in @val. */
static uint8_t access_register(uint16_t num, uint16_t how, uint8_t *val)
{
	uint8_t in[IFC_SIZE(access_register_in) + 16] = {};
	uint8_t out[IFC_SIZE(access_register_out) + 16] = {};
	uint8_t status;

	IFC_SET(access_register_in, in, register_id, num);
	in[16] = *val;
	status = function_command(MLX5_CMD_OP_ACCESS_REG, how, in, sizeof(in), out, sizeof(out));
	*val = out[16];
	return status;
}

static void either_byte_order_of_the_cpu_is_accepted(void)
{
	static const uint8_t orders[] = { 0x80, 0x00 };
	uint8_t val;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		val = orders[i];
		CHECK(access_register(HOST_ENDIANNESS, WRITE, &val) == CX_OK);
		val = 0xff;
		CHECK(access_register(HOST_ENDIANNESS, READ, &val) == CX_OK && val == orders[i]);
	}
}

static void there_is_no_other_byte_order(void)
{
	unsigned int order;
	uint8_t val;

	for (order = 0; order < 0x100; order++) {
		val = order;
		if (order & 0x7f)
			CHECK(access_register(HOST_ENDIANNESS, WRITE, &val) == CX_BAD_PARAM);
	}
	val = 0;
	CHECK(access_register(HOST_ENDIANNESS, READ, &val) == CX_OK && !val);
}

static void an_unknown_register_is_refused(void)
{
	uint8_t val = 0;

	CHECK(access_register(HOST_ENDIANNESS + 1, READ, &val) == CX_BAD_PARAM);
}

/* ---- the vendor-specific capability ---- */

static uint32_t vsc_read(uint32_t offset)
{
	vsc_reading(cx, FUNCTION_CAPABILITY + offset);
	return ldl_le_p(cx->pci.config + FUNCTION_CAPABILITY + offset);
}

static void vsc_write(uint32_t offset, uint32_t val)
{
	vsc_written(cx, FUNCTION_CAPABILITY + offset, val, 4);
}

/* Whether configuration space is 0 from @first to before @end. */
static bool is_zero(uint32_t first, uint32_t end)
{
	while (first < end && !cx->pci.config[first])
		first++;
	return first == end;
}

static void the_semaphore_has_one_owner(void)
{
	uint32_t first, second;

	vsc_init(cx);
	first = vsc_read(COUNTER);
	second = vsc_read(COUNTER);
	CHECK(first && second && first != second && !vsc_read(SEMAPHORE));
	vsc_write(SEMAPHORE, first);
	vsc_write(SEMAPHORE, second);
	CHECK(vsc_read(SEMAPHORE) == first);
	vsc_write(SEMAPHORE, 0);
	vsc_written(cx, FUNCTION_CAPABILITY + SEMAPHORE, 1, 1);	/* only a part */
	vsc_write(SEMAPHORE, second);
	CHECK(vsc_read(SEMAPHORE) == second);
	vsc_reset(cx);
	CHECK(!vsc_read(SEMAPHORE));
}

static void no_address_space_is_supported(void)
{
	vsc_init(cx);
	vsc_write(CONTROL, 0xffff0000 | CRSPACE);
	CHECK((vsc_read(CONTROL) & 0xffff) == CRSPACE);
	CHECK(vsc_read(CONTROL) >> 29 == UNSUPPORTED);
}

/* The capability is 0x18 bytes long. Nothing behind it changes. */
static void only_the_capability_changes(void)
{
	uint32_t addr;

	vsc_init(cx);
	CHECK(cx->pci.config[FUNCTION_CAPABILITY + LENGTH] == 0x18);
	for (addr = 0; addr < PCI_CONFIG_SPACE_SIZE; addr++)
		vsc_written(cx, addr, UINT32_MAX, addr % 4 ? 1 : 4);
	CHECK(is_zero(0, FUNCTION_CAPABILITY));
	CHECK(is_zero(FUNCTION_CAPABILITY + 0x18, PCI_CONFIG_SPACE_SIZE));
}

static void a_virtual_function_has_no_capability(void)
{
	vsc_reading(cx, COUNTER);
	vsc_written(cx, SEMAPHORE, 1, 4);
	vsc_reset(cx);
	CHECK(is_zero(0, PCI_CONFIG_SPACE_SIZE));
}

const struct test register_tests[] = {
	TEST(either_byte_order_of_the_cpu_is_accepted),
	TEST(there_is_no_other_byte_order),
	TEST(an_unknown_register_is_refused),
	TEST(the_semaphore_has_one_owner),
	TEST(no_address_space_is_supported),
	TEST(only_the_capability_changes),
	TEST(a_virtual_function_has_no_capability),
	{}
};
