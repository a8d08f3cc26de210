/* SPDX-License-Identifier: GPL-2.0 */
/*
 * QEMU's own "edu" device, a DMA engine that is not part of this project.
 */
#ifndef XSMMU_GUEST_EDU_H
#define XSMMU_GUEST_EDU_H

#include <linux/types.h>

struct device;

/* Most bytes per transfer; QEMU 7.2 cannot do the whole of its 4096. */
#define EDU_MAX_LEN	4095

int edu_init(void);
void edu_exit(void);
struct device *edu_dev(void);
int edu_from_memory(dma_addr_t from, size_t len);
int edu_to_memory(dma_addr_t to, size_t len);

#endif /* XSMMU_GUEST_EDU_H */
