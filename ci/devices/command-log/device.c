// SPDX-License-Identifier: GPL-2.0
/*
 * This device logs the raw commands that a guest gives to QEMU's amd-iommu,
 * each before the IOMMU executes it. QEMU's own trace of a command omits the
 * address, the size and the PDE bit.
 *
 * A memory region lies over that of the IOMMU's registers. It gets each access
 * first, and passes it on unchanged. Registers and their fields are those of
 * the AMD I/O Virtualization Technology specification (48882), section 3.4.
 *
 * With npcache=off the guest reads the IOMMU's capability header (section 3.2)
 * without NpCache, the claim to cache entries that are not present. QEMU's
 * IOMMU caches none: it keeps only translations that give a permission.
 *
 * A stock QEMU loads the shared object through LD_PRELOAD. An emulator without
 * amd-iommu (Arm) loads it, too. So this code uses no symbol of that device,
 * and finds the region by its name.
 */
#include "qemu/osdep.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "hw/qdev-core.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "qemu/module.h"
#include "qom/object.h"

#include "../lib/common.h"
#include "../lib/compat.h"

#define TYPE_COMMAND_LOG "command-log"
OBJECT_DECLARE_SIMPLE_TYPE(CommandLog, COMMAND_LOG)

/*
 * QEMU's names of the IOMMU's type, of its PCI function, and of the region of its
 * registers.
 */
#define TYPE_AMD_IOMMU		"amd-iommu"
#define TYPE_AMD_IOMMU_FUNCTION	"AMDVI-PCI"
#define AMD_IOMMU_REGISTERS	"amdvi-mmio[0]"

#define REG_COMMAND_BASE	0x0008
#define COMMAND_BASE_ADDRESS	MAKE_64BIT_MASK(12, 40)
#define COMMAND_BASE_LENGTH(v)	extract64(v, 56, 4)	/* log2 of commands */
#define REG_CONTROL		0x0018
#define CONTROL_IOMMU_EN	(1ull << 0)
#define CONTROL_CMD_BUF_EN	(1ull << 12)
#define REG_COMMAND_HEAD	0x2000
#define REG_COMMAND_TAIL	0x2008
#define COMMAND_POINTER		MAKE_64BIT_MASK(4, 15)	/* of both, in bytes */

#define COMMAND_SIZE		16

#define CAPABILITY_ID		0x0f
/* NpCache is bit 26 of the capability header: bit 2 of its last byte. */
#define CAPABILITY_NPCACHE_BYTE	3
#define CAPABILITY_NPCACHE	(1u << 2)

struct CommandLog {
	DeviceState dev;
	MemoryRegion overlay;
	MemoryRegion *registers;	/* the IOMMU's own, below the overlay */
	PCIConfigReadFunc *config_read;	/* the function's own */
	unsigned int npcache_at;	/* of the byte in configuration space */
	bool npcache;			/* property: leave the bit as it is */
};

/* Reads of configuration space name the PCI function only. There is one log. */
static CommandLog *config_log;

/* One write that goes on to the registers. */
struct write {
	hwaddr addr;
	uint64_t val;
	unsigned int size;
};

/* Pass on a read of @size bytes, and return its value and result. */
static MemTxResult overlay_read(void *opaque, hwaddr addr, uint64_t *val,
				unsigned int size, MemTxAttrs attrs)
{
	CommandLog *log = opaque;

	return memory_region_dispatch_read(log->registers, addr, val,
					   size_memop(size) | MO_LE, attrs);
}

/* The value of the 8-byte register @reg after @write. */
static uint64_t register_after(CommandLog *log, unsigned int reg,
			       const struct write *write)
{
	uint64_t val = 0;

	overlay_read(log, reg, &val, sizeof(val), MEMTXATTRS_UNSPECIFIED);
	if ((write->addr & ~7ull) == reg)
		val = deposit64(val, (write->addr & 7) * 8, write->size * 8,
				write->val);
	return val;
}

static void log_command(hwaddr addr)
{
	uint32_t word[COMMAND_SIZE / 4];
	MemTxResult result;

	result = address_space_read(&address_space_memory, addr,
				    MEMTXATTRS_UNSPECIFIED, word, sizeof(word));
	if (result) {
		qemu_log("amdvi_command_unreadable 0x%" HWADDR_PRIx "\n", addr);
		return;
	}
	qemu_log("amdvi_command %08x %08x %08x %08x\n", le32_to_cpu(word[0]),
		 le32_to_cpu(word[1]), le32_to_cpu(word[2]),
		 le32_to_cpu(word[3]));
}

/*
 * Log the commands that the IOMMU will execute because of @write: those from
 * the head to the tail. If the guest sets a tail outside the ring, log the
 * whole ring. Read the commands now, because the guest may reuse a command's
 * place as soon as the head has passed it.
 */
static void log_commands(CommandLog *log, const struct write *write)
{
	uint64_t control = register_after(log, REG_CONTROL, write);
	uint64_t base = register_after(log, REG_COMMAND_BASE, write);
	uint64_t head = register_after(log, REG_COMMAND_HEAD, write);
	uint64_t tail = register_after(log, REG_COMMAND_TAIL, write);
	uint64_t size = COMMAND_SIZE << COMMAND_BASE_LENGTH(base);
	uint64_t left;

	if (!(control & CONTROL_IOMMU_EN) || !(control & CONTROL_CMD_BUF_EN))
		return;
	/* QEMU's head may be at the end of the ring, which means the start. */
	head = (head & COMMAND_POINTER) % size;
	tail &= COMMAND_POINTER;
	for (left = size; left && head != tail; left -= COMMAND_SIZE) {
		log_command((base & COMMAND_BASE_ADDRESS) + head);
		head = (head + COMMAND_SIZE) % size;
	}
}

/* Whether a write to this register makes the IOMMU look for commands. */
static bool is_doorbell(hwaddr addr)
{
	switch (addr & ~7ull) {
	case REG_CONTROL:
	case REG_COMMAND_HEAD:
	case REG_COMMAND_TAIL:
		return true;
	default:
		return false;
	}
}

static MemTxResult overlay_write(void *opaque, hwaddr addr, uint64_t val,
				 unsigned int size, MemTxAttrs attrs)
{
	CommandLog *log = opaque;
	struct write write = { .addr = addr, .val = val, .size = size };

	if (is_doorbell(addr))
		log_commands(log, &write);
	return memory_region_dispatch_write(log->registers, addr, val,
					    size_memop(size) | MO_LE, attrs);
}

/* The access sizes of the region below, aligned as register_after() needs. */
static const MemoryRegionOps overlay_ops = {
	.read_with_attrs = overlay_read,
	.write_with_attrs = overlay_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
	.valid = { .min_access_size = 1, .max_access_size = 8 },
	.impl = { .min_access_size = 1, .max_access_size = 8 },
};

/* A read of the function's configuration space, without NpCache. */
static uint32_t config_read(PCIDevice *pci, uint32_t addr, int len)
{
	uint32_t val = config_log->config_read(pci, addr, len);
	unsigned int at = config_log->npcache_at;

	if (at >= addr && at < addr + len)
		val &= ~(CAPABILITY_NPCACHE << 8 * (at - addr));
	return val;
}

/*
 * Take NpCache away. QEMU writes the header again at each reset, so replace the
 * function that reads it.
 */
static bool hide_npcache(CommandLog *log, Error **errp)
{
	Object *function = object_resolve_path_type("", TYPE_AMD_IOMMU_FUNCTION,
						    NULL);
	unsigned int header = 0;

	if (function)
		header = pci_find_capability(PCI_DEVICE(function), CAPABILITY_ID);
	if (!header) {
		error_setg(errp, TYPE_AMD_IOMMU
			   " has no capability header in this QEMU");
		return false;
	}
	log->npcache_at = header + CAPABILITY_NPCACHE_BYTE;
	log->config_read = PCI_DEVICE(function)->config_read;
	config_log = log;
	PCI_DEVICE(function)->config_read = config_read;
	return true;
}

static void device_realize(DeviceState *dev, Error **errp)
{
	CommandLog *log = COMMAND_LOG(dev);
	Object *iommu = object_resolve_path_type("", TYPE_AMD_IOMMU, NULL);
	Object *registers;

	if (!iommu) {
		error_setg(errp, "there is no " TYPE_AMD_IOMMU
			   " (it must come before " TYPE_COMMAND_LOG
			   " on the command line)");
		return;
	}
	if (object_resolve_path_type("", TYPE_COMMAND_LOG, NULL) != OBJECT(log)) {
		error_setg(errp, "there is a " TYPE_COMMAND_LOG " already");
		return;
	}

	registers = object_resolve_path_component(iommu, AMD_IOMMU_REGISTERS);
	if (!registers || !MEMORY_REGION(registers)->container) {
		error_setg(errp, TYPE_AMD_IOMMU " has no mapped "
			   AMD_IOMMU_REGISTERS " in this QEMU");
		return;
	}

	if (!log->npcache && !hide_npcache(log, errp))
		return;

	log->registers = MEMORY_REGION(registers);
	memory_region_init_io(&log->overlay, OBJECT(log), &overlay_ops, log,
			      TYPE_COMMAND_LOG,
			      memory_region_size(log->registers));
	memory_region_add_subregion_overlap(log->registers->container,
					    log->registers->addr, &log->overlay,
					    log->registers->priority + 1);
}

static PROPERTY_CONST Property properties[] = {
	DEFINE_PROP_BOOL("npcache", CommandLog, npcache, true),
	END_OF_PROPERTIES
};

static void class_init(ObjectClass *class, void *data)
{
	DeviceClass *dev = DEVICE_CLASS(class);

	dev->realize = device_realize;
	dev->hotpluggable = false;
	device_class_set_props(dev, properties);
	device_class_describe(dev, "log of the commands that an amd-iommu executes",
			      DEVICE_CATEGORY_MISC);
}

static const TypeInfo types[] = {
	{
		.name = TYPE_COMMAND_LOG,
		.parent = TYPE_DEVICE,
		.instance_size = sizeof(CommandLog),
		.class_init = class_init,
	},
};

DEFINE_TYPES(types)
