/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of the emulated ConnectX, and the functions that its parts share.
 *
 * device.c	the QEMU device: PCI configuration, properties, reset, network
 * vsc.c	the vendor-specific PCI capability of a physical function
 * bar.c	initialisation segment, health, doorbells
 * dma.c	access to guest memory
 * ring.c	queues in guest memory
 * command.c	the command queue
 * object.c	numbered objects, the references between them, commands on them
 * hca.c	commands: state of the function, pages, UARs, domains
 * caps.c	commands: capabilities
 * mkey.c	memory keys
 * event.c	event queues
 * completion.c	completion queues
 * queue.c	commands: send and receive queues
 * send.c	the work of send queues
 * receive.c	the work of receive queues
 * packet.c	headers, checksums, segmentation
 * steering.c	flow tables
 * rss.c	TIRs, TISs, RQTs: the choice of the receive queue
 * port.c	vport, port registers, statistics
 * attack.c	one hostile access; attack.h lists the parts of the hostile side
 *
 * All code runs under QEMU's big lock, so the structures have no lock of their
 * own. All numbers are in the host's byte order unless a comment says so.
 */
#ifndef XSMMU_CONNECTX_H
#define XSMMU_CONNECTX_H

#include "qemu/osdep.h"
#include "qemu/timer.h"
#include "qemu/units.h"
#include "qom/object.h"
#include "net/net.h"

#include "../lib/compat.h"
#include "../lib/device-tlb.h"
#include "ifc.h"

#define TYPE_CONNECTX "connectx"
OBJECT_DECLARE_SIMPLE_TYPE(ConnectX, CONNECTX)

/* ---- limits that the capabilities advertise (caps.c) ---- */

enum {
	CX_PAGE_SHIFT		= 12,
	CX_BAR_SIZE		= 32 * MiB,
	CX_FIRST_UAR		= 16,	/* below it is the init segment */
	CX_LOG_MAX_UAR_PAGE	= 16,	/* the largest page of a CPU: 64 KiB */
	CX_LOG_CMDS		= 5,
	CX_LOG_CMD_STRIDE	= 6,
	CX_LOG_ENTRY_SIZE	= 6,	/* CQE, EQE: bytes */
	CX_ENTRY_SIZE		= 1 << CX_LOG_ENTRY_SIZE,
	CX_LOG_MAX_WQ		= 15,	/* work queue: entries */
	CX_LOG_MAX_CQ		= 18,
	CX_LOG_MAX_EQ		= 18,
	CX_MAX_SEND_WQE		= 1024,	/* bytes */
	CX_MAX_RECV_WQE		= 512,
	CX_LOG_MAX_LSO		= 18,
	CX_LOG_MAX_RQT		= 8,
	CX_LOG_MAX_FT_SIZE	= 20,	/* flow table: entries, as aRFS needs */
	CX_LOG_MAX_FLOW		= 17,	/* entries of all flow tables */
	CX_LOG_MAX_DEST		= 4,	/* entry: destinations */
	CX_MAX_FT_LEVEL		= 128,	/* the driver of Linux 7.3 needs 69 */
	CX_MAX_MTU		= 9978,
	CX_L2_OVERHEAD		= 22,	/* Ethernet header, VLAN tag, FCS */
	CX_MAX_FRAME		= CX_MAX_MTU + CX_L2_OVERHEAD,
	CX_MAX_VECTORS		= 64,
	CX_MAX_FW_PAGES		= 4096,	/* asked for at once */
	CX_MOST_FW_PAGES	= 2 * CX_MAX_FW_PAGES,	/* held */
};

/* Status of a command: the field status of every *_out layout. */
enum {
	CX_OK			= 0x00,
	CX_BAD_OP		= 0x02,
	CX_BAD_PARAM		= 0x03,
	CX_BAD_SYS_STATE	= 0x04,
	CX_BAD_RES		= 0x05,
	CX_LIMIT		= 0x08,
	CX_BAD_RES_STATE	= 0x09,
	CX_BAD_INDEX		= 0x0a,
	CX_NO_RES		= 0x0f,
	CX_BAD_SIZE		= 0x40,
	CX_BAD_INPUT_LEN	= 0x50,
	CX_BAD_OUTPUT_LEN	= 0x51,
};

/* Event types, and bits of an EQ's event mask. */
enum {
	CX_EVENT_COMPLETION	= 0x00,
	CX_EVENT_CQ_ERROR	= 0x04,
	CX_EVENT_WQ_CATAS_ERROR	= 0x05,
	CX_EVENT_PORT_DOWN	= 0x109,
	CX_EVENT_PORT_UP	= 0x409,
	CX_EVENT_COMMAND	= 0x0a,
};

/* Syndromes of the health buffer. */
enum {
	CX_HEALTH_EQ_OVERRUN	= 0x0c,
	CX_HEALTH_EQ_ERROR	= 0x0d,
};

/* CQE opcodes. */
enum {
	CX_CQE_REQ		= 0x0,
	CX_CQE_RESP_SEND	= 0x2,
	CX_CQE_REQ_ERR		= 0xd,
	CX_CQE_RESP_ERR		= 0xe,
};

/* Syndromes of an error CQE. */
enum {
	CX_SYNDROME_LOCAL_LENGTH	= 0x01,
	CX_SYNDROME_LOCAL_QP_OP		= 0x02,
	CX_SYNDROME_LOCAL_PROT		= 0x04,
	CX_SYNDROME_WR_FLUSH		= 0x05,
};

/* ---- dma.c ---- */

/*
 * One access to guest memory that the attacks may repeat (attack.c). A work
 * request collects its accesses in a GArray and passes that to cq_post().
 */
struct cx_access {
	uint64_t iova;
	uint32_t len;
	bool write;
};

/*
 * Access guest memory and tell attack.c. Returns false if the access is
 * blocked; that is logged, and a read then gives zeroes.
 */
bool dma_read(ConnectX *cx, uint64_t iova, void *buf, size_t len);
bool dma_write(ConnectX *cx, uint64_t iova, const void *buf, size_t len);
/* The same, but neither logged nor told to attack.c, which calls this. */
bool dma_raw(ConnectX *cx, uint64_t iova, void *buf, size_t len, bool write);
/*
 * Write a CQE or EQE at @iova. Bit 0 of its last byte is the owner bit, which
 * makes the entry valid: the last byte is set to have @owner there, and is
 * written last.
 */
bool dma_write_entry(ConnectX *cx, uint64_t iova, uint8_t entry[CX_ENTRY_SIZE],
		     unsigned int owner);
/* Send an MSI-X vector. */
void dma_interrupt(ConnectX *cx, unsigned int vector);
/* Arm @timer for now plus the delay and a random spread, unless it is armed. */
void cx_kick(ConnectX *cx, QEMUTimer *timer);

/* ---- ring.c ---- */

/* A queue in guest memory: 1 << log_size entries of 1 << log_stride bytes. */
struct cx_ring {
	uint64_t *pages;	/* IOVAs, of 1 << log_page bytes each */
	uint32_t num_pages;
	uint32_t page_offset;	/* bytes, in the first page */
	uint8_t log_page;
	uint8_t log_stride;
	uint8_t log_size;
};

/*
 * Take @ring's list of pages from @list, big endian, of which @bytes are there.
 * Returns false if they do not cover the ring.
 */
bool ring_init(struct cx_ring *ring, const uint8_t *list, size_t bytes);
/* Initialise the ring of a CQ or an EQ from its context @cqc in the same way. */
bool ring_init_cq(struct cx_ring *ring, const uint8_t *cqc, uint32_t max_log_size,
		  const uint8_t *list, size_t bytes);
void ring_free(struct cx_ring *ring);
/* The address of entry @index modulo the size. No entry crosses a page. */
uint64_t ring_iova(const struct cx_ring *ring, uint32_t index);

/* ---- object.c ---- */

enum cx_type {
	CX_EQ,
	CX_CQ,
	CX_SQ,
	CX_RQ,
	CX_TIR,
	CX_TIS,
	CX_RQT,
	CX_MKEY,
	CX_PD,
	CX_TD,
	CX_UAR,
	CX_Q_COUNTER,
	CX_FLOW_TABLE,
	CX_FLOW_GROUP,
	CX_TYPES,
};

struct cx_object {
	enum cx_type type;
	uint32_t num;
	unsigned int refs;	/* from other objects; destroyed only at 0 */
	void (*release)(ConnectX *cx, struct cx_object *object);
};

/*
 * A new object of @size bytes, which begins with its struct cx_object. Returns
 * NULL if there are too many. @release, if not NULL, undoes what the creator
 * did (references, timers, memory). The object itself is freed afterwards.
 */
void *cx_object_new(ConnectX *cx, enum cx_type type, size_t size,
		    void (*release)(ConnectX *cx, struct cx_object *object));
void *cx_object_find(ConnectX *cx, enum cx_type type, uint32_t num);
/* Find an object and take a reference to it. */
void *cx_object_find_get(ConnectX *cx, enum cx_type type, uint32_t num);
/* Returns CX_OK, CX_BAD_RES (no such number) or CX_BAD_RES_STATE (in use). */
uint8_t cx_object_destroy(ConnectX *cx, enum cx_type type, uint32_t num);
/* Free an object. The caller knows that nothing refers to it. */
void cx_object_drop(ConnectX *cx, void *object);
/* Take or drop a reference. Both accept NULL. */
void cx_object_get(void *object);
void cx_object_put(void *object);
/* Call @function for each object of @type, in any order. */
void cx_object_each(ConnectX *cx, enum cx_type type,
		    void (*function)(ConnectX *cx, void *object, void *opaque),
		    void *opaque);
/*
 * Whether the UAR with the number @num is @own, that of the queue @object. A UAR belongs
 * to the program that has mapped it, so it rings the doorbells of its own queues only.
 * Logs a doorbell that is ignored.
 */
bool cx_uar_rings(ConnectX *cx, uint32_t num, const struct cx_object *own,
		  const struct cx_object *object);
void cx_objects_init(ConnectX *cx);
void cx_objects_reset(ConnectX *cx);
void cx_objects_free(ConnectX *cx);

/* ---- command.c ---- */

struct cx_cmd {
	const struct cx_op *op;
	void *object;		/* of a CX_OP_ON() */
	uint8_t *in;		/* zeroes follow, at least the operation's size */
	uint8_t *out;		/* zeroed; the status is filled in afterwards */
	uint32_t in_len;	/* as the driver gave them */
	uint32_t out_len;
	uint16_t op_mod;
};

/* The stage of the function from which on an operation is allowed. */
enum cx_stage { CX_ANY_TIME, CX_ENABLED, CX_READY };

struct cx_op {
	uint16_t opcode;
	const char *name;
	uint8_t (*run)(ConnectX *cx, struct cx_cmd *cmd);
	uint32_t in_size;	/* least length of the input, bytes */
	uint32_t out_size;	/* cx_cmd.out has at least this length */
	enum cx_stage stage;
	enum cx_type type;	/* of the object that it makes or works on */
	uint32_t bit;		/* where the input has the object's number, */
	uint32_t width;		/* or 0 */
};

#define CX_OP_RUN(upper, lower, function, when, ...) {	\
	.opcode = MLX5_CMD_OP_##upper,		\
	.name = #upper,				\
	.run = function,			\
	.in_size = IFC_SIZE(lower##_in),	\
	.out_size = IFC_SIZE(lower##_out),	\
	.stage = when,				\
	## __VA_ARGS__				\
}

#define CX_OP_NUMBER(upper, lower, function, kind, field)		\
	CX_OP_RUN(upper, lower, function, CX_READY, .type = kind,	\
		  .bit = IFC_AT(lower##_in, field),			\
		  .width = IFC_WIDTH(lower##_in, field))

/* CX_OP(CREATE_CQ, create_cq, CX_READY): runs cmd_create_cq(). */
#define CX_OP(upper, lower, when)	CX_OP_RUN(upper, lower, cmd_##lower, when)
/* The same. cx_cmd.object is the object of type @kind with the number @field. */
#define CX_OP_ON(upper, lower, kind, field) \
	CX_OP_NUMBER(upper, lower, cmd_##lower, kind, field)
/* Destroys that object. */
#define CX_OP_DESTROY(upper, lower, kind, field) \
	CX_OP_NUMBER(upper, lower, cmd_destroy, kind, field)

/* Each ends with an entry without name. */
extern const struct cx_op hca_ops[], caps_ops[], mkey_ops[], event_ops[],
	completion_ops[], queue_ops[], steering_ops[], rss_ops[], port_ops[];

/* Find an operation by its opcode, or NULL (object.c). */
const struct cx_op *cmd_find(const struct cx_op *const *families, size_t count,
			     uint16_t opcode);
/* Find the object of @cmd->op, and run that operation. */
uint8_t cmd_run(ConnectX *cx, struct cx_cmd *cmd);
/* For CX_OP_DESTROY(). */
uint8_t cmd_destroy(ConnectX *cx, struct cx_cmd *cmd);

/* Bytes from @field to the end of the input; 0 if the input ends before. */
static inline size_t cmd_rest(const struct cx_cmd *cmd, const uint8_t *field)
{
	return MAX(cmd->in + cmd->in_len - field, 0);
}

/* Bytes from @field to the end of the output. */
static inline size_t cmd_room(const struct cx_cmd *cmd, const uint8_t *field)
{
	return MAX(cmd->out + cmd->out_len - field, 0);
}

void command_init(ConnectX *cx);
void command_reset(ConnectX *cx);
void command_exit(ConnectX *cx);
void command_doorbell(ConnectX *cx, uint32_t slots);
/* The address of the slots that the registers hold. */
uint64_t command_queue_iova(ConnectX *cx);
void command_set_queue_iova(ConnectX *cx, uint64_t iova);

/* ---- caps.c ---- */

void caps_reset(ConnectX *cx);

/* ---- mkey.c ---- */

/*
 * Access @len bytes at @addr through key @key (with its low 8 bits). Returns
 * false if the key does not allow it or the access is blocked. Appends each
 * access to @touched, a GArray of struct cx_access, unless that is NULL.
 */
bool mkey_read(ConnectX *cx, uint32_t key, uint64_t addr, void *buf, size_t len,
	       GArray *touched);
bool mkey_write(ConnectX *cx, uint32_t key, uint64_t addr, const void *buf,
		size_t len, GArray *touched);
/* Replace @count entries of a key's page table, beginning with @first (UMR). */
bool mkey_update(ConnectX *cx, uint32_t key, uint64_t first,
		 const uint8_t *entries, uint32_t count);

/* ---- event.c ---- */

/*
 * Post an EQE with @data, if the driver asked for this type in an EQ. Bits 15:8
 * of @type are the sub-type.
 */
void event_post(ConnectX *cx, unsigned int type, const uint8_t data[28]);
/* Post an EQE on EQ @eqn. */
void event_post_on(ConnectX *cx, uint32_t eqn, unsigned int type,
		   const uint8_t data[28]);
/* Whether the driver asked for this type in an EQ. */
bool event_wanted(ConnectX *cx, unsigned int type);
/* A doorbell in the UAR with the number @uar. */
void event_doorbell(ConnectX *cx, uint32_t uar, uint32_t val, bool arm);

/* ---- completion.c ---- */

struct cx_cq;

/*
 * Write @cqe to @cq later, in the order of these calls, and set its owner bit
 * then. @touched, if not NULL, is the GArray of the accesses of the work
 * requests that complete. It goes to attack.c when the CQE has been written,
 * and is freed.
 */
void cq_post(ConnectX *cx, struct cx_cq *cq, const uint8_t cqe[64],
	     GArray *touched);
/* A doorbell in the UAR with the number @uar. */
void cq_doorbell(ConnectX *cx, uint32_t uar, uint64_t val);

/* ---- queue.c, send.c, receive.c ---- */

/* States of send and receive queues. */
enum { CX_QUEUE_RESET = 0, CX_QUEUE_READY = 1, CX_QUEUE_ERROR = 3 };

/* A doorbell of send queue @sqn in the UAR with the number @uar. */
void send_doorbell(ConnectX *cx, uint32_t uar, uint32_t sqn);
/* Queue a frame from the network. False: there is no room. */
bool receive_frame(ConnectX *cx, const uint8_t *frame, size_t len);
/* Whether receive_frame() would take a frame of any size. */
bool receive_has_room(ConnectX *cx);
void receive_init(ConnectX *cx);
/* Drop all queued frames. */
void receive_reset(ConnectX *cx);
void receive_exit(ConnectX *cx);

/* ---- packet.c ---- */

enum { CX_UNICAST, CX_MULTICAST, CX_BROADCAST, CX_CASTS };

/* The kind of a frame's destination address. */
unsigned int packet_cast(const uint8_t *frame);

/* The headers of a frame. An offset is 0 if the frame has no such header. */
struct cx_packet {
	const uint8_t *frame;
	size_t len;
	unsigned int cast;	/* CX_UNICAST … */
	uint16_t ethertype;	/* behind the VLAN tags */
	uint16_t vlan;		/* tag control information of the first tag */
	bool has_vlan;
	bool has_second_vlan;
	uint32_t l3;
	uint32_t upper;		/* the payload of IP; 0 for a fragment */
	uint32_t l4;		/* the same, if TCP or UDP */
	uint32_t payload;	/* behind a TCP or UDP header */
	uint32_t l3_end;	/* end of the IP payload, before any padding */
	uint8_t ip_version;	/* 0, 4 or 6 */
	uint8_t protocol;	/* of the IP payload, also of a fragment's */
	bool fragment;
	bool ip_ok;		/* l3 exists with a right checksum, if any */
	bool l4_ok;		/* the same for l4 */
	uint16_t sport;
	uint16_t dport;
};

void packet_parse(struct cx_packet *packet, const uint8_t *frame, size_t len);
/* Also fill in ip_ok and l4_ok. */
void packet_verify(struct cx_packet *packet);
/* One's complement sum over @len bytes, not inverted, folded to 16 bits. */
uint16_t packet_sum(const uint8_t *data, size_t len);
/* Fill in the checksum of the IPv4 header, of TCP or UDP, or both. */
void packet_fill_checksums(uint8_t *frame, size_t len, bool l3, bool l4);
/*
 * Large send: cut @frame, whose first @header bytes are headers, into segments
 * of at most @mss bytes of payload. Fill in the checksums and call @emit for
 * each. Returns the number of segments, 0 if this is not TCP or UDP over IP.
 */
unsigned int packet_segment(ConnectX *cx, const uint8_t *frame, size_t len,
			    uint32_t header, uint32_t mss,
			    void (*emit)(ConnectX *cx, const uint8_t *frame,
					 size_t len));

/* ---- steering.c, rss.c ---- */

struct cx_rq;

/* The most receive queues that a frame goes to. Usually it goes to one. */
#define CX_MAX_COPIES	(1 << CX_LOG_MAX_DEST)

struct cx_target {
	struct cx_rq *rq;
	uint32_t flow_tag;
	uint32_t hash;		/* 0 if the TIR does not hash */
	uint8_t hash_type;	/* rss_hash_type of the CQE */
};

struct cx_verdict {
	unsigned int count;
	struct cx_target to[CX_MAX_COPIES];
};

/* Walk the flow tables from the root. The frame is dropped if the count is 0. */
void steering_classify(ConnectX *cx, const struct cx_packet *packet,
		       struct cx_verdict *verdict);
/* Add the receive queue that TIR @tirn chooses to the verdict. */
void rss_deliver(ConnectX *cx, uint32_t tirn, const struct cx_packet *packet,
		 uint32_t flow_tag, struct cx_verdict *verdict);
void steering_reset(ConnectX *cx);

/* ---- port.c ---- */

/* Frames and bytes, without FCS, by kind of destination address. */
struct cx_traffic {
	uint64_t packets[CX_CASTS];
	uint64_t bytes[CX_CASTS];
};

struct cx_statistics {
	struct cx_traffic wire_rx;	/* all frames that arrived */
	struct cx_traffic wire_tx;
	struct cx_traffic vport_rx;	/* frames that steering delivered */
	struct cx_traffic vport_tx;	/* frames from send queues */
	uint64_t wire_rx_discards;	/* the buffer was full */
	uint64_t rx_steering_drops;	/* no entry of the flow tables matched */
	uint64_t tx_errors;		/* work requests that failed */
};

/* Count one frame. */
void traffic_count(struct cx_traffic *traffic, const uint8_t *frame, size_t len);
/* Count a frame without buffer on Q counter @id, if there is one. */
void port_out_of_buffer(ConnectX *cx, uint32_t id);
/* Whether both the driver and QEMU's netdev have the link up. */
bool port_is_up(ConnectX *cx);
/* The link may have changed: tell the driver if it has. */
void port_link_changed(ConnectX *cx);
void port_init(ConnectX *cx);
void port_reset(ConnectX *cx);
void port_exit(ConnectX *cx);
/* Take a frame from the network. False: no room, QEMU has to keep it. */
bool port_receive(ConnectX *cx, const uint8_t *frame, size_t len);
/* Send a frame to the network and count it. */
void port_transmit(ConnectX *cx, const uint8_t *frame, size_t len);

/* ---- attack.c ---- */

/* Whether this work request must fail as if its buffer were blocked. */
bool attack_fails(ConnectX *cx, bool send);
/* Whether updates of memory keys have to wait. */
bool attack_holds_updates(ConnectX *cx);
/* Whether work requests have to collect their accesses. */
bool attack_wants_accesses(ConnectX *cx);
/* Work requests with these accesses have completed. Takes the GArray. */
void attack_completed(ConnectX *cx, GArray *touched);
/* The device has read (@write false) or written guest memory (from dma.c). */
void attack_accessed(ConnectX *cx, uint64_t iova, size_t len, bool write);
/* Check the properties, before attack_init(). */
bool attack_check(ConnectX *cx, Error **errp);
void attack_init(ConnectX *cx);
void attack_reset(ConnectX *cx);
void attack_exit(ConnectX *cx);
extern const MemoryRegionOps attack_bar_ops;
/* Make the counters properties of the object, for QMP. */
void attack_class_init(ObjectClass *class);

#define CX_MAX_REPLAYS	8

struct cx_attack_properties {
	bool replay;		/* "replay", off */
	uint32_t replay_times;	/* "replay-times", 4: after the first */
	bool sweep;		/* "sweep", off */
	uint64_t sweep_ns;	/* "sweep-ns", 100000: period */
	uint32_t sweep_burst;	/* "sweep-burst", 4: accesses in each */
	uint32_t ledger;	/* "ledger", 262144: pages that it holds */
};

/* ---- vsc.c ---- */

/* Add the capability. Without it, the other functions do nothing. */
void vsc_init(ConnectX *cx);
void vsc_reset(ConnectX *cx);
/* The guest is about to read PCI configuration at @addr. */
void vsc_reading(ConnectX *cx, uint32_t addr);
/* The guest has written @len bytes of PCI configuration at @addr. */
void vsc_written(ConnectX *cx, uint32_t addr, uint32_t val, int len);

/* ---- device.c and bar.c ---- */

/* A delay may be 0: then the device acts as soon as QEMU's main loop runs. */
struct cx_properties {
	uint64_t delay_ns;
	uint64_t spread_ns;	/* random, 0 .. this, is added to the delay */
	uint32_t seed;		/* of all random numbers */
	uint32_t vectors;
	uint32_t fw_pages;	/* asked for at boot and again at init */
	uint16_t device_id;
	bool trace;		/* log every command */
	bool striding_rq;
	bool multi_packet_wqe;
	bool inline_l2;		/* the L2 header must be inline in work requests */
	struct cx_attack_properties attack;
};

struct ConnectX {
	PCIDevice pci;
	MemoryRegion bar;
	MemoryRegion attack_bar;
	NICState *nic;
	NICConf conf;
	struct cx_properties prop;
	GRand *random;
	struct device_tlb tlb;			/* property "ats" */
	uint32_t vsc;				/* vsc.c: its place, or 0 */

	enum cx_stage stage;
	bool in_dma;				/* the device accesses memory */
	QEMUTimer *late_reset;			/* for a reset that it caused */
	uint64_t broken_at;			/* ns, if there is a syndrome */
	uint8_t health_syndrome;
	uint8_t interface;			/* bar.c: its owner */

	struct cx_command_queue *commands;	/* command.c */
	GHashTable *objects[CX_TYPES];		/* object.c */
	GArray *fw_pages;			/* hca.c: IOVAs */
	uint32_t mkey_entries;			/* mkey.c: of all page tables */
	uint8_t *caps_current;			/* caps.c: general, as last set */
	uint8_t log_uar_page;			/* caps.c: log2 of a UAR's bytes */
	struct cx_receiver *receiver;		/* receive.c */
	struct cx_steering *steering;		/* steering.c */
	GHashTable *lines;			/* cx_log(): how many, by format */
	struct cx_port *port;			/* port.c */
	struct cx_attack *attack;		/* attack.c */
	struct cx_statistics stats;
};

extern const MemoryRegionOps cx_bar_ops;

/* Print a line about an error on stderr, up to a limit for each kind. */
void cx_log(ConnectX *cx, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Print a line on stderr if the property "trace" is set. */
void cx_trace(ConnectX *cx, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The function is broken: report @syndrome to the driver's health poll. */
void cx_health(ConnectX *cx, uint8_t syndrome);
/* Stop all work. Forget all objects and the pages that the driver gave. */
void cx_reset(ConnectX *cx);

#endif /* XSMMU_CONNECTX_H */
