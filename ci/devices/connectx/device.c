// SPDX-License-Identifier: GPL-2.0
/*
 * The QEMU device: type, properties, PCI configuration, reset, network.
 *
 * A stock QEMU loads the shared object through LD_PRELOAD. The constructor that
 * DEFINE_TYPES() makes registers the type before QEMU's main() runs.
 */
#include "connectx.h"
#include "attack-regs.h"

#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "qemu/module.h"

#include "../lib/common.h"

#define VENDOR_ID	0x15b3
/* A virtual function of a ConnectX-6 Dx or later: no firmware to manage. */
#define DEVICE_ID	0x101e
#define FIRST_VF_ID	0x1012	/* of a Connect-IB; up to DEVICE_ID all even IDs */
#define BLUEFIELD_VF_ID	0xa2d3
#define BAR_REGISTERS	0
#define BAR_MSIX	2
#define BAR_ATTACK	4
#define MAX_LINES	10	/* on stderr, of each kind */

static void print_line(ConnectX *cx, const char *format, va_list args)
{
	fprintf(stderr, "connectx %02x.%x: ", PCI_SLOT(cx->pci.devfn),
		PCI_FUNC(cx->pci.devfn));
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

/* Each format is a kind. The limit protects the host's disk from a guest. */
void cx_log(ConnectX *cx, const char *format, ...)
{
	guint lines = GPOINTER_TO_UINT(g_hash_table_lookup(cx->lines, format));
	va_list args;

	if (lines >= MAX_LINES && !cx->prop.trace)
		return;
	g_hash_table_insert(cx->lines, (gpointer)format,
			    GUINT_TO_POINTER(lines + 1));
	va_start(args, format);
	print_line(cx, format, args);
	va_end(args);
}

void cx_trace(ConnectX *cx, const char *format, ...)
{
	va_list args;

	if (!cx->prop.trace)
		return;
	va_start(args, format);
	print_line(cx, format, args);
	va_end(args);
}

void cx_health(ConnectX *cx, uint8_t syndrome)
{
	if (!cx->health_syndrome) {
		cx_log(cx, "health syndrome 0x%x", syndrome);
		cx->broken_at = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	}
	cx->health_syndrome = syndrome;
}

void cx_reset(ConnectX *cx)
{
	command_reset(cx);
	receive_reset(cx);
	cx_objects_reset(cx);
	steering_reset(cx);
	port_reset(cx);
	caps_reset(cx);
	g_array_set_size(cx->fw_pages, 0);
	cx->stage = CX_ANY_TIME;
	cx->interface = 0;
	cx->health_syndrome = 0;
	g_rand_set_seed(cx->random, cx->prop.seed);
}

static void reset_all(void *opaque)
{
	ConnectX *cx = opaque;

	timer_del(cx->late_reset);
	cx_reset(cx);
	/* A driver's reset by the interface register does not come here. */
	attack_reset(cx);
	vsc_reset(cx);
	device_tlb_reset(&cx->tlb);
}

static void device_reset(DeviceState *dev)
{
	ConnectX *cx = CONNECTX(dev);

	/*
	 * The device's own access may have led to a bridge that resets its bus.
	 * The work that made the access must end before its state is freed.
	 */
	if (cx->in_dma)
		timer_mod_ns(cx->late_reset,
			     qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL));
	else
		reset_all(cx);
}

/* ---- network ---- */

static bool net_can_receive(NetClientState *nc)
{
	return receive_has_room(qemu_get_nic_opaque(nc));
}

/* Returning 0 asks QEMU to keep the frame until its queue is flushed. */
static ssize_t net_receive(NetClientState *nc, const uint8_t *frame, size_t len)
{
	return port_receive(qemu_get_nic_opaque(nc), frame, len) ? len : 0;
}

static void net_link_changed(NetClientState *nc)
{
	port_link_changed(qemu_get_nic_opaque(nc));
}

static NetClientInfo net_info = {
	.type = NET_CLIENT_DRIVER_NIC,
	.size = sizeof(NICState),
	.can_receive = net_can_receive,
	.receive = net_receive,
	.link_status_changed = net_link_changed,
};

/* ---- start and end ---- */

static bool check_properties(ConnectX *cx, Error **errp)
{
	return device_check_property("vectors", cx->prop.vectors, 2, CX_MAX_VECTORS, errp) &&
	       device_check_property("fw-pages", cx->prop.fw_pages, 0, CX_MAX_FW_PAGES, errp) &&
	       device_check_property("delay-ns", cx->prop.delay_ns, 0,
				     NANOSECONDS_PER_SECOND, errp) &&
	       device_check_property("spread-ns", cx->prop.spread_ns, 0,
				     NANOSECONDS_PER_SECOND, errp) &&
	       attack_check(cx, errp);
}

static bool is_virtual_function(uint16_t id)
{
	return (id >= FIRST_VF_ID && id <= DEVICE_ID && id % 2 == 0) || id == BLUEFIELD_VF_ID;
}

static bool init_capabilities(ConnectX *cx, Error **errp)
{
	uint32_t i;

	if (!device_tlb_init(&cx->tlb, &cx->pci, errp))
		return false;
	pcie_cap_flr_init(&cx->pci);
	if (msix_init_exclusive_bar(&cx->pci, cx->prop.vectors, BAR_MSIX, errp)) {
		device_tlb_exit(&cx->tlb);
		return false;
	}
	for (i = 0; i < cx->prop.vectors; i++)
		msix_vector_use(&cx->pci, i);
	if (!is_virtual_function(cx->prop.device_id))
		vsc_init(cx);
	return true;
}

static void init_bars(ConnectX *cx)
{
	memory_region_init_io(&cx->bar, OBJECT(cx), &cx_bar_ops, cx,
			      TYPE_CONNECTX, CX_BAR_SIZE);
	pci_register_bar(&cx->pci, BAR_REGISTERS,
			 PCI_BASE_ADDRESS_SPACE_MEMORY |
				 PCI_BASE_ADDRESS_MEM_TYPE_64 |
				 PCI_BASE_ADDRESS_MEM_PREFETCH,
			 &cx->bar);
	memory_region_init_io(&cx->attack_bar, OBJECT(cx), &attack_bar_ops, cx,
			      TYPE_CONNECTX "-attack", CX_ATTACK_BAR_SIZE);
	pci_register_bar(&cx->pci, BAR_ATTACK,
			 PCI_BASE_ADDRESS_SPACE_MEMORY |
				 PCI_BASE_ADDRESS_MEM_TYPE_64,
			 &cx->attack_bar);
}

static void init_network(ConnectX *cx)
{
	qemu_macaddr_default_if_unset(&cx->conf.macaddr);
	cx->nic = qemu_new_nic(&net_info, &cx->conf, TYPE_CONNECTX,
			       DEVICE(cx)->id, &DEVICE(cx)->mem_reentrancy_guard,
			       cx);
	qemu_format_nic_info_str(qemu_get_queue(cx->nic), cx->conf.macaddr.a);
}

static void device_realize(PCIDevice *pci, Error **errp)
{
	ConnectX *cx = CONNECTX(pci);

	if (!check_properties(cx, errp) || !init_capabilities(cx, errp))
		return;
	pci_config_set_device_id(pci->config, cx->prop.device_id);
	cx->random = g_rand_new_with_seed(cx->prop.seed);
	cx->lines = g_hash_table_new(NULL, NULL);
	cx->fw_pages = g_array_new(false, false, sizeof(uint64_t));
	cx_objects_init(cx);
	init_bars(cx);
	init_network(cx);
	cx->late_reset = timer_new_ns(QEMU_CLOCK_VIRTUAL, reset_all, cx);
	command_init(cx);
	receive_init(cx);
	port_init(cx);
	attack_init(cx);
	cx_reset(cx);
}

/* The device is unplugged. No part of it may run after this. */
static void device_exit(PCIDevice *pci)
{
	ConnectX *cx = CONNECTX(pci);

	cx_reset(cx);
	timer_free(cx->late_reset);
	qemu_del_nic(cx->nic);
	attack_exit(cx);
	port_exit(cx);
	receive_exit(cx);
	command_exit(cx);
	cx_objects_free(cx);
	msix_uninit_exclusive_bar(pci);
	device_tlb_exit(&cx->tlb);
	g_clear_pointer(&cx->caps_current, g_free);
	g_array_unref(cx->fw_pages);
	g_hash_table_unref(cx->lines);
	g_rand_free(cx->random);
}

static void device_finalize(Object *obj)
{
	device_tlb_free(&CONNECTX(obj)->tlb);
}

static void device_config_write(PCIDevice *pci, uint32_t addr, uint32_t val,
				int len)
{
	ConnectX *cx = CONNECTX(pci);

	/* A root complex accepts no configuration requests from a device. */
	if (cx->in_dma)
		return;
	pci_default_write_config(pci, addr, val, len);
	pcie_cap_flr_write_config(pci, addr, val, len);
	device_tlb_config_written(&cx->tlb, addr, len);
	vsc_written(cx, addr, val, len);
}

static uint32_t device_config_read(PCIDevice *pci, uint32_t addr, int len)
{
	vsc_reading(CONNECTX(pci), addr);
	return pci_default_read_config(pci, addr, len);
}

static PROPERTY_CONST Property properties[] = {
	DEFINE_NIC_PROPERTIES(ConnectX, conf),
	DEFINE_PROP_UINT64("delay-ns", ConnectX, prop.delay_ns, 2000),
	DEFINE_PROP_UINT64("spread-ns", ConnectX, prop.spread_ns, 10000),
	DEFINE_PROP_UINT32("seed", ConnectX, prop.seed, 1),
	DEFINE_PROP_UINT32("vectors", ConnectX, prop.vectors, 9),
	DEFINE_PROP_UINT32("fw-pages", ConnectX, prop.fw_pages, 8),
	DEFINE_PROP_UINT16("device-id", ConnectX, prop.device_id, DEVICE_ID),
	DEFINE_PROP_BOOL("striding-rq", ConnectX, prop.striding_rq, false),
	DEFINE_PROP_BOOL("multi-packet-wqe", ConnectX, prop.multi_packet_wqe,
			 true),
	DEFINE_PROP_BOOL("inline-l2", ConnectX, prop.inline_l2, false),
	DEFINE_PROP_BOOL("trace", ConnectX, prop.trace, false),
	DEFINE_PROP_BOOL("ats", ConnectX, tlb.present, false),
	DEFINE_PROP_BOOL("replay", ConnectX, prop.attack.replay, false),
	DEFINE_PROP_UINT32("replay-times", ConnectX, prop.attack.replay_times, 4),
	DEFINE_PROP_BOOL("sweep", ConnectX, prop.attack.sweep, false),
	DEFINE_PROP_UINT64("sweep-ns", ConnectX, prop.attack.sweep_ns, 100000),
	DEFINE_PROP_UINT32("sweep-burst", ConnectX, prop.attack.sweep_burst, 4),
	DEFINE_PROP_UINT32("ledger", ConnectX, prop.attack.ledger, 1u << 18),
	END_OF_PROPERTIES
};

static void class_init(ObjectClass *class, void *data)
{
	DeviceClass *dev = DEVICE_CLASS(class);
	PCIDeviceClass *pci = PCI_DEVICE_CLASS(class);

	pci->realize = device_realize;
	pci->exit = device_exit;
	pci->config_read = device_config_read;
	pci->config_write = device_config_write;
	pci->vendor_id = VENDOR_ID;
	pci->device_id = DEVICE_ID;
	pci->class_id = PCI_CLASS_NETWORK_ETHERNET;
	device_class_set_legacy_reset(dev, device_reset);
	device_class_set_props(dev, properties);
	device_class_describe(dev, "Emulated ConnectX that can attack its host",
			      DEVICE_CATEGORY_NETWORK);
	attack_class_init(class);
}

static const TypeInfo types[] = {
	{
		.name = TYPE_CONNECTX,
		.parent = TYPE_PCI_DEVICE,
		.instance_size = sizeof(ConnectX),
		.instance_finalize = device_finalize,
		.class_init = class_init,
		.interfaces = (InterfaceInfo[]) { { INTERFACE_PCIE_DEVICE }, {} },
	},
};

DEFINE_TYPES(types)
