// SPDX-License-Identifier: GPL-2.0
/*
 * Flow tables of the NIC's receive side. A table has groups of entries. All
 * entries of a group match the same bits of the outer headers (fte_match_param
 * in mlx5_ifc.h), so a group finds its entry by hash. The matching entry with
 * the lowest index decides: the frame is dropped, or it goes to TIRs and to
 * tables of a higher level. If no entry matches, the frame goes to the table's
 * miss table. Without one it is dropped.
 *
 * A command that asks for anything else is refused: fields beyond the outer
 * headers, other actions, other kinds of tables.
 */
#include "connectx.h"

#include "net/eth.h"

enum {
	MATCH_SIZE	= IFC_SIZE(fte_match_set_lyr_2_4),
	OUTER_HEADERS	= 1 << 0,	/* of match_criteria_enable */
	MAX_ENTRIES	= 1 << CX_LOG_MAX_FLOW,
	MAX_VISITS	= 256,		/* tables, by one frame and its copies */
};

struct cx_table {
	struct cx_object object;
	uint32_t size;		/* entries */
	uint8_t level;
	struct cx_table *miss;
	GList *groups;		/* in the order of their first entry */
};

struct cx_group {
	struct cx_object object;
	struct cx_table *table;
	uint32_t first;
	uint32_t last;
	uint8_t mask[MATCH_SIZE];
	GHashTable *by_index;	/* struct cx_entry: owns them */
	GHashTable *by_key;	/* struct cx_entry: the first with this key */
};

struct cx_entry {
	uint32_t index;
	uint8_t key[MATCH_SIZE];	/* masked */
	struct cx_entry *next;		/* the same key, a higher index */
	bool drop;
	uint32_t flow_tag;
	unsigned int count;
	struct cx_object *to[CX_MAX_COPIES];	/* tables and TIRs */
};

struct cx_steering {
	struct cx_table *root;
	unsigned int entries;
};

static struct cx_steering *steering(ConnectX *cx)
{
	if (!cx->steering)
		cx->steering = g_new0(struct cx_steering, 1);
	return cx->steering;
}

/* Call this when there are no objects. */
void steering_reset(ConnectX *cx)
{
	g_free(cx->steering);
	cx->steering = NULL;
}

/* ---- matching ---- */

/* The mask of the fields that match_fill() fills in: all but the reserved ones. */
static const uint8_t *match_supported(void)
{
	static uint8_t mask[MATCH_SIZE];

	if (!mask[0]) {
		memset(mask, 0xff, sizeof(mask));
		IFC_SET(fte_match_set_lyr_2_4, mask, reserved_at_c0, 0);
		IFC_SET(fte_match_set_lyr_2_4, mask, reserved_at_c4, 0);
	}
	return mask;
}

static void match_fill_vlan(uint8_t *match, const struct cx_packet *packet)
{
	uint16_t type = lduw_be_p(packet->frame + 12);

	IFC_SET(fte_match_set_lyr_2_4, match, cvlan_tag, type == ETH_P_VLAN);
	IFC_SET(fte_match_set_lyr_2_4, match, svlan_tag, type == ETH_P_DVLAN);
	IFC_SET(fte_match_set_lyr_2_4, match, first_prio, packet->vlan >> 13);
	IFC_SET(fte_match_set_lyr_2_4, match, first_cfi, packet->vlan >> 12);
	IFC_SET(fte_match_set_lyr_2_4, match, first_vid, packet->vlan);
}

static void match_fill_ip(uint8_t *match, const struct cx_packet *packet)
{
	const uint8_t *ip = packet->frame + packet->l3;
	uint8_t *source = IFC_PTR(fte_match_set_lyr_2_4, match,
				  src_ipv4_src_ipv6);
	uint8_t *dest = IFC_PTR(fte_match_set_lyr_2_4, match, dst_ipv4_dst_ipv6);
	uint8_t class;

	if (packet->ip_version == 4) {
		class = ip[1];
		memcpy(IFC_PTR(ipv4_layout, source, ipv4), ip + 12, 4);
		memcpy(IFC_PTR(ipv4_layout, dest, ipv4), ip + 16, 4);
		IFC_SET(fte_match_set_lyr_2_4, match, ttl_hoplimit, ip[8]);
		IFC_SET(fte_match_set_lyr_2_4, match, ipv4_ihl, ip[0]);
	} else {
		class = lduw_be_p(ip) >> 4;
		memcpy(source, ip + 8, 16);
		memcpy(dest, ip + 24, 16);
		IFC_SET(fte_match_set_lyr_2_4, match, ttl_hoplimit, ip[7]);
	}
	IFC_SET(fte_match_set_lyr_2_4, match, ip_version, packet->ip_version);
	IFC_SET(fte_match_set_lyr_2_4, match, ip_protocol, packet->protocol);
	IFC_SET(fte_match_set_lyr_2_4, match, ip_dscp, class >> 2);
	IFC_SET(fte_match_set_lyr_2_4, match, ip_ecn, class);
	IFC_SET(fte_match_set_lyr_2_4, match, frag, packet->fragment);
}

static void match_fill_l4(uint8_t *match, const struct cx_packet *packet)
{
	if (packet->protocol == IP_PROTO_TCP) {
		IFC_SET(fte_match_set_lyr_2_4, match, tcp_flags,
			lduw_be_p(packet->frame + packet->l4 + 12));
		IFC_SET(fte_match_set_lyr_2_4, match, tcp_sport, packet->sport);
		IFC_SET(fte_match_set_lyr_2_4, match, tcp_dport, packet->dport);
	} else {
		IFC_SET(fte_match_set_lyr_2_4, match, udp_sport, packet->sport);
		IFC_SET(fte_match_set_lyr_2_4, match, udp_dport, packet->dport);
	}
}

static void match_fill(uint8_t *match, const struct cx_packet *packet)
{
	memset(match, 0, MATCH_SIZE);
	if (packet->len < ETH_HLEN)
		return;
	memcpy(IFC_PTR(fte_match_set_lyr_2_4, match, dmac_47_16),
	       packet->frame, ETH_ALEN);
	memcpy(IFC_PTR(fte_match_set_lyr_2_4, match, smac_47_16),
	       packet->frame + ETH_ALEN, ETH_ALEN);
	stw_be_p(IFC_PTR(fte_match_set_lyr_2_4, match, ethertype),
		 packet->ethertype);
	if (packet->has_vlan)
		match_fill_vlan(match, packet);
	if (packet->l3)
		match_fill_ip(match, packet);
	if (packet->l4)
		match_fill_l4(match, packet);
}

static void match_mask(uint8_t *key, const uint8_t *match, const uint8_t *mask)
{
	size_t i;

	for (i = 0; i < MATCH_SIZE; i++)
		key[i] = match[i] & mask[i];
}

static guint key_hash(gconstpointer key)
{
	const uint8_t *p = key;
	guint hash = 0;
	size_t i;

	for (i = 0; i < MATCH_SIZE; i += 4)
		hash = (hash ^ ldl_he_p(p + i)) * 0x9e3779b1;
	return hash ^ hash >> 16;
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
	return !memcmp(a, b, MATCH_SIZE);
}

/* ---- the walk of a packet ---- */

struct walk {
	const struct cx_packet *packet;
	struct cx_verdict *verdict;
	uint8_t match[MATCH_SIZE];
	unsigned int visits;
};

static const struct cx_entry *table_lookup(const struct cx_table *table,
					   const uint8_t *match)
{
	const struct cx_entry *entry = NULL;
	uint8_t key[MATCH_SIZE];
	GList *l;

	for (l = table->groups; l && !entry; l = l->next) {
		struct cx_group *group = l->data;

		match_mask(key, match, group->mask);
		entry = g_hash_table_lookup(group->by_key, key);
	}
	return entry;
}

/* This ends, because levels rise (find_destination(), table_miss()). */
static void walk_from(ConnectX *cx, struct walk *walk,
		      const struct cx_table *table)
{
	const struct cx_entry *entry = NULL;
	unsigned int i;

	for (; table; table = table->miss) {
		if (++walk->visits > MAX_VISITS)
			return;
		entry = table_lookup(table, walk->match);
		if (entry)
			break;
	}
	for (i = 0; entry && i < entry->count; i++) {
		struct cx_object *to = entry->to[i];

		if (to->type == CX_TIR)
			rss_deliver(cx, to->num, walk->packet, entry->flow_tag,
				    walk->verdict);
		else
			walk_from(cx, walk,
				  container_of(to, struct cx_table, object));
	}
}

void steering_classify(ConnectX *cx, const struct cx_packet *packet,
		       struct cx_verdict *verdict)
{
	struct walk walk = { .packet = packet, .verdict = verdict };

	verdict->count = 0;
	match_fill(walk.match, packet);
	walk_from(cx, &walk, steering(cx)->root);
}

/* ---- tables ---- */

/* The commands on tables have these fields in the same place. */
static bool of_another_kind(const struct cx_cmd *cmd)
{
	return IFC_GET(destroy_flow_table_in, cmd->in, other_vport) ||
	       IFC_GET(destroy_flow_table_in, cmd->in, vport_number) ||
	       IFC_GET(destroy_flow_table_in, cmd->in, table_type) !=
		       MLX5_FLOW_TABLE_TYPE_NIC_RX;
}

static struct cx_table *find_table(ConnectX *cx, const struct cx_cmd *cmd)
{
	return cx_object_find(cx, CX_FLOW_TABLE,
			      IFC_GET(destroy_flow_table_in, cmd->in, table_id));
}

static void table_release(ConnectX *cx, struct cx_object *object)
{
	struct cx_table *table = container_of(object, struct cx_table, object);

	if (cx->steering && cx->steering->root == table)
		cx->steering->root = NULL;
	cx_object_put(table->miss);
	g_list_free(table->groups);
}

/* Find the miss table that @context names for a table of @level. */
static uint8_t table_miss(ConnectX *cx, const uint8_t *context, uint8_t level,
			  struct cx_table **miss)
{
	*miss = NULL;
	switch (IFC_GET(flow_table_context, context, table_miss_action)) {
	case MLX5_FLOW_TABLE_MISS_ACTION_DEF:
		return CX_OK;
	case MLX5_FLOW_TABLE_MISS_ACTION_FWD:
		*miss = cx_object_find(cx, CX_FLOW_TABLE,
				       IFC_GET(flow_table_context, context,
					       table_miss_id));
		if (!*miss)
			return CX_BAD_RES;
		return (*miss)->level > level ? CX_OK : CX_BAD_PARAM;
	default:
		return CX_BAD_PARAM;
	}
}

static uint8_t cmd_create_flow_table(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(create_flow_table_in, cmd->in,
					 flow_table_context);
	uint8_t level = IFC_GET(flow_table_context, context, level);
	uint8_t log_size = IFC_GET(flow_table_context, context, log_size);
	struct cx_table *table, *miss;
	uint8_t status;

	if (of_another_kind(cmd) || cmd->op_mod ||
	    level >= CX_MAX_FT_LEVEL || log_size > CX_LOG_MAX_FT_SIZE ||
	    IFC_GET(flow_table_context, context, reformat_en) ||
	    IFC_GET(flow_table_context, context, decap_en) ||
	    IFC_GET(flow_table_context, context, sw_owner) ||
	    IFC_GET(flow_table_context, context, termination_table))
		return CX_BAD_PARAM;
	status = table_miss(cx, context, level, &miss);
	if (status != CX_OK)
		return status;

	table = cx_object_new(cx, CX_FLOW_TABLE, sizeof(*table), table_release);
	if (!table)
		return CX_NO_RES;
	table->level = level;
	table->size = 1U << log_size;
	table->miss = miss;
	cx_object_get(miss);
	IFC_SET(create_flow_table_out, cmd->out, table_id, table->object.num);
	return CX_OK;
}

static uint8_t cmd_modify_flow_table(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(modify_flow_table_in, cmd->in,
					 flow_table_context);
	struct cx_table *table = find_table(cx, cmd), *miss;
	uint8_t status;

	if (of_another_kind(cmd) ||
	    IFC_GET(modify_flow_table_in, cmd->in, modify_field_select) !=
		    MLX5_MODIFY_FLOW_TABLE_MISS_TABLE_ID)
		return CX_BAD_PARAM;
	if (!table)
		return CX_BAD_RES;
	status = table_miss(cx, context, table->level, &miss);
	if (status != CX_OK)
		return status;
	cx_object_get(miss);
	cx_object_put(table->miss);
	table->miss = miss;
	return CX_OK;
}

static uint8_t cmd_destroy_flow_table(ConnectX *cx, struct cx_cmd *cmd)
{
	if (of_another_kind(cmd))
		return CX_BAD_PARAM;
	return cx_object_destroy(cx, CX_FLOW_TABLE,
				 IFC_GET(destroy_flow_table_in, cmd->in,
					 table_id));
}

static uint8_t cmd_set_flow_table_root(ConnectX *cx, struct cx_cmd *cmd)
{
	struct cx_table *table = find_table(cx, cmd);

	if (of_another_kind(cmd) || cmd->op_mod > 1 ||
	    IFC_GET(set_flow_table_root_in, cmd->in, table_of_other_vport) ||
	    IFC_GET(set_flow_table_root_in, cmd->in, underlay_qpn))
		return CX_BAD_PARAM;
	if (cmd->op_mod == 1) {		/* disconnect */
		steering(cx)->root = NULL;
		return CX_OK;
	}
	if (!table)
		return CX_BAD_RES;
	/* No reference: the driver destroys the last table while it is the root. */
	steering(cx)->root = table;
	return CX_OK;
}

/* ---- groups ---- */

static void put_destinations(struct cx_entry *entry)
{
	while (entry->count)
		cx_object_put(entry->to[--entry->count]);
}

static void free_entry(gpointer data)
{
	struct cx_entry *entry = data;

	put_destinations(entry);
	g_free(entry);
}

static void group_release(ConnectX *cx, struct cx_object *object)
{
	struct cx_group *group = container_of(object, struct cx_group, object);

	if (cx->steering)
		cx->steering->entries -= g_hash_table_size(group->by_index);
	group->table->groups = g_list_remove(group->table->groups, group);
	cx_object_put(group->table);
	g_hash_table_destroy(group->by_key);
	g_hash_table_destroy(group->by_index);
}

/* The mask of the new group. False if it needs a feature that is not modelled. */
static bool group_mask(const struct cx_cmd *cmd, uint8_t *mask)
{
	const uint8_t *criteria = IFC_PTR(create_flow_group_in, cmd->in,
					  match_criteria);
	uint8_t enable = IFC_GET(create_flow_group_in, cmd->in,
				 match_criteria_enable);
	const uint8_t *supported = match_supported();
	size_t i;

	if (enable & ~OUTER_HEADERS)
		return false;
	for (i = 0; i < MATCH_SIZE; i++) {
		mask[i] = enable ? criteria[i] : 0;
		if (mask[i] & ~supported[i])
			return false;
	}
	return true;
}

static gint group_order(gconstpointer a, gconstpointer b)
{
	const struct cx_group *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static bool range_is_free(const struct cx_table *table, uint32_t first,
			  uint32_t last)
{
	GList *l;

	for (l = table->groups; l; l = l->next) {
		const struct cx_group *group = l->data;

		if (first <= group->last && group->first <= last)
			return false;
	}
	return true;
}

static uint8_t cmd_create_flow_group(ConnectX *cx, struct cx_cmd *cmd)
{
	uint32_t first = IFC_GET(create_flow_group_in, cmd->in, start_flow_index);
	uint32_t last = IFC_GET(create_flow_group_in, cmd->in, end_flow_index);
	struct cx_table *table = find_table(cx, cmd);
	uint8_t mask[MATCH_SIZE];
	struct cx_group *group;

	if (of_another_kind(cmd) || !group_mask(cmd, mask) ||
	    IFC_GET(create_flow_group_in, cmd->in, group_type) ||
	    IFC_GET(create_flow_group_in, cmd->in, match_definer_id))
		return CX_BAD_PARAM;
	if (!table)
		return CX_BAD_RES;
	if (first > last || last >= table->size ||
	    !range_is_free(table, first, last))
		return CX_BAD_INDEX;

	group = cx_object_new(cx, CX_FLOW_GROUP, sizeof(*group), group_release);
	if (!group)
		return CX_NO_RES;
	group->table = table;
	group->first = first;
	group->last = last;
	memcpy(group->mask, mask, sizeof(mask));
	group->by_index = g_hash_table_new_full(g_direct_hash, g_direct_equal,
						NULL, free_entry);
	group->by_key = g_hash_table_new(key_hash, key_equal);
	table->groups = g_list_insert_sorted(table->groups, group, group_order);
	cx_object_get(table);
	IFC_SET(create_flow_group_out, cmd->out, group_id, group->object.num);
	return CX_OK;
}

static uint8_t cmd_destroy_flow_group(ConnectX *cx, struct cx_cmd *cmd)
{
	uint32_t id = IFC_GET(destroy_flow_group_in, cmd->in, group_id);
	struct cx_group *group = cx_object_find(cx, CX_FLOW_GROUP, id);

	if (of_another_kind(cmd))
		return CX_BAD_PARAM;
	if (!group || group->table != find_table(cx, cmd))
		return CX_BAD_RES;
	if (g_hash_table_size(group->by_index))
		return CX_BAD_RES_STATE;
	return cx_object_destroy(cx, CX_FLOW_GROUP, id);
}

/* ---- entries ---- */

static struct cx_entry *group_entry(struct cx_group *group, uint32_t index)
{
	return g_hash_table_lookup(group->by_index, GUINT_TO_POINTER(index));
}

/* The entries with one key are a list. The hash table holds its head. */
static void group_set_head(struct cx_group *group, const uint8_t *key,
			   struct cx_entry *head)
{
	g_hash_table_remove(group->by_key, key);
	if (head)
		g_hash_table_insert(group->by_key, head->key, head);
}

static void group_add(struct cx_group *group, struct cx_entry *entry)
{
	struct cx_entry *head = g_hash_table_lookup(group->by_key, entry->key);
	struct cx_entry **at = &head;

	while (*at && (*at)->index < entry->index)
		at = &(*at)->next;
	entry->next = *at;
	*at = entry;
	group_set_head(group, entry->key, head);
	g_hash_table_insert(group->by_index, GUINT_TO_POINTER(entry->index),
			    entry);
}

static void group_remove(struct cx_group *group, struct cx_entry *entry)
{
	struct cx_entry *head = g_hash_table_lookup(group->by_key, entry->key);
	struct cx_entry **at = &head;

	while (*at != entry)
		at = &(*at)->next;
	*at = entry->next;
	group_set_head(group, entry->key, head);
	g_hash_table_remove(group->by_index, GUINT_TO_POINTER(entry->index));
}

static bool entry_set_action(struct cx_entry *entry, const uint8_t *context)
{
	/* ALLOW is for egress only. On receive it would have no destination. */
	switch (IFC_GET(flow_context, context, action)) {
	case MLX5_FLOW_CONTEXT_ACTION_DROP:
		entry->drop = true;
		return true;
	case MLX5_FLOW_CONTEXT_ACTION_FWD_DEST:
		entry->drop = false;
		return true;
	default:
		return false;
	}
}

/* The object that destination @dest of an entry in @table names. */
static uint8_t find_destination(ConnectX *cx, const struct cx_table *table,
				const uint8_t *dest, struct cx_object **to)
{
	uint32_t id = IFC_GET(dest_format_struct, dest, destination_id);
	struct cx_table *next;

	if (IFC_GET(dest_format_struct, dest, packet_reformat) ||
	    IFC_GET(dest_format_struct, dest,
		    destination_eswitch_owner_vhca_id_valid))
		return CX_BAD_PARAM;
	switch (IFC_GET(dest_format_struct, dest, destination_type)) {
	case MLX5_IFC_FLOW_DESTINATION_TYPE_TIR:
		*to = cx_object_find(cx, CX_TIR, id);
		return *to ? CX_OK : CX_BAD_RES;
	case MLX5_IFC_FLOW_DESTINATION_TYPE_FLOW_TABLE:
		next = cx_object_find(cx, CX_FLOW_TABLE, id);
		if (!next)
			return CX_BAD_RES;
		*to = &next->object;
		return next->level > table->level ? CX_OK : CX_BAD_PARAM;
	default:
		return CX_BAD_PARAM;
	}
}

/* Take references to the destinations that @cmd lists. */
static uint8_t entry_set_destinations(ConnectX *cx, struct cx_entry *entry,
				      const struct cx_table *table,
				      const struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(set_fte_in, cmd->in, flow_context);
	uint32_t count = IFC_GET(flow_context, context, destination_list_size);
	const uint8_t *list = IFC_PTR(flow_context, context, destination);
	uint8_t status;

	if (count > CX_MAX_COPIES ||
	    cmd_rest(cmd, list) / IFC_SIZE(dest_format_struct) < count)
		return CX_BAD_PARAM;
	for (; entry->count < count; entry->count++) {
		status = find_destination(cx, table, list,
					  &entry->to[entry->count]);
		if (status != CX_OK)
			return status;
		cx_object_get(entry->to[entry->count]);
		list += IFC_SIZE(dest_format_struct);
	}
	return CX_OK;
}

/* Set the parts of @entry that @what names, a bit each, from @cmd. */
static uint8_t entry_set(ConnectX *cx, struct cx_entry *entry,
			 const struct cx_table *table, const struct cx_cmd *cmd,
			 unsigned int what)
{
	const uint8_t *context = IFC_PTR(set_fte_in, cmd->in, flow_context);
	uint8_t status = CX_OK;

	if (what & 1 << MLX5_SET_FTE_MODIFY_ENABLE_MASK_ACTION &&
	    !entry_set_action(entry, context))
		return CX_BAD_PARAM;
	if (what & 1 << MLX5_SET_FTE_MODIFY_ENABLE_MASK_FLOW_TAG)
		entry->flow_tag = IFC_GET(flow_context, context, flow_tag);
	if (what & 1 << MLX5_SET_FTE_MODIFY_ENABLE_MASK_DESTINATION_LIST) {
		entry->count = 0;
		status = entry_set_destinations(cx, entry, table, cmd);
	}
	if (status == CX_OK && !entry->drop != !!entry->count)
		status = CX_BAD_PARAM;
	return status;
}

static uint8_t create_entry(ConnectX *cx, struct cx_group *group,
			    const struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(set_fte_in, cmd->in, flow_context);
	struct cx_entry *entry;
	uint8_t status;

	if (steering(cx)->entries >= MAX_ENTRIES)
		return CX_NO_RES;
	entry = g_new0(struct cx_entry, 1);
	entry->index = IFC_GET(set_fte_in, cmd->in, flow_index);
	match_mask(entry->key, IFC_PTR(flow_context, context, match_value),
		   group->mask);
	status = entry_set(cx, entry, group->table, cmd, UINT_MAX);
	if (status != CX_OK) {
		free_entry(entry);
		return status;
	}
	group_add(group, entry);
	steering(cx)->entries++;
	return CX_OK;
}

/* Change the whole entry, or nothing of it. */
static uint8_t modify_entry(ConnectX *cx, struct cx_group *group,
			    struct cx_entry *entry, const struct cx_cmd *cmd)
{
	unsigned int what = IFC_GET(set_fte_in, cmd->in, modify_enable_mask);
	bool list = what & 1 << MLX5_SET_FTE_MODIFY_ENABLE_MASK_DESTINATION_LIST;
	struct cx_entry changed = *entry;
	uint8_t status;

	if (what >> (MLX5_SET_FTE_MODIFY_ENABLE_MASK_DESTINATION_LIST + 1))
		return CX_BAD_PARAM;
	status = entry_set(cx, &changed, group->table, cmd, what);
	if (list)
		put_destinations(status == CX_OK ? entry : &changed);
	if (status == CX_OK)
		*entry = changed;
	return status;
}

/* Whether the entry needs a feature that is not modelled, besides its action. */
static bool entry_is_beyond(const struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(set_fte_in, cmd->in, flow_context);

	return IFC_GET(set_fte_in, cmd->in, ignore_flow_level) ||
	       IFC_GET(flow_context, context, extended_destination) ||
	       IFC_GET(flow_context, context, flow_counter_list_size);
}

static uint8_t cmd_set_fte(ConnectX *cx, struct cx_cmd *cmd)
{
	const uint8_t *context = IFC_PTR(set_fte_in, cmd->in, flow_context);
	uint32_t index = IFC_GET(set_fte_in, cmd->in, flow_index);
	struct cx_group *group;
	struct cx_entry *entry;

	if (of_another_kind(cmd) || cmd->op_mod > 1 || entry_is_beyond(cmd))
		return CX_BAD_PARAM;
	group = cx_object_find(cx, CX_FLOW_GROUP,
			       IFC_GET(flow_context, context, group_id));
	if (!group || group->table != find_table(cx, cmd))
		return CX_BAD_RES;
	if (index < group->first || index > group->last)
		return CX_BAD_INDEX;
	entry = group_entry(group, index);
	if (cmd->op_mod == 0)
		return entry ? CX_BAD_INDEX : create_entry(cx, group, cmd);
	return entry ? modify_entry(cx, group, entry, cmd) : CX_BAD_INDEX;
}

static uint8_t cmd_delete_fte(ConnectX *cx, struct cx_cmd *cmd)
{
	uint32_t index = IFC_GET(delete_fte_in, cmd->in, flow_index);
	struct cx_table *table = find_table(cx, cmd);
	GList *l;

	if (of_another_kind(cmd))
		return CX_BAD_PARAM;
	if (!table)
		return CX_BAD_RES;
	for (l = table->groups; l; l = l->next) {
		struct cx_entry *entry = group_entry(l->data, index);

		if (entry) {
			group_remove(l->data, entry);
			steering(cx)->entries--;
			return CX_OK;
		}
	}
	return CX_BAD_INDEX;
}

const struct cx_op steering_ops[] = {
	CX_OP(CREATE_FLOW_TABLE, create_flow_table, CX_READY),
	CX_OP(MODIFY_FLOW_TABLE, modify_flow_table, CX_READY),
	CX_OP(DESTROY_FLOW_TABLE, destroy_flow_table, CX_READY),
	CX_OP(SET_FLOW_TABLE_ROOT, set_flow_table_root, CX_READY),
	CX_OP(CREATE_FLOW_GROUP, create_flow_group, CX_READY),
	CX_OP(DESTROY_FLOW_GROUP, destroy_flow_group, CX_READY),
	CX_OP(SET_FLOW_TABLE_ENTRY, set_fte, CX_READY),
	CX_OP(DELETE_FLOW_TABLE_ENTRY, delete_fte, CX_READY),
	{}
};
