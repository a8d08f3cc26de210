/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls that batch unmaps, for a kernel without our files too: there each of them is
 * the ordinary unmap, and no device can opt in.
 */
#ifndef XSMMU_GUEST_NO_SYNC_H
#define XSMMU_GUEST_NO_SYNC_H

#include <linux/dma-mapping.h>

/* <linux/dma-xsmmu.h> defines this one as a macro. */
#ifndef dma_unmap_page_no_sync
#define dma_enable_unmap_no_sync(d)		((void)(d), false)
#define dma_sync_device_iotlb(d)		((void)(d), 0)
#define dma_unmap_page_no_sync(d, a, s, r)	dma_unmap_page(d, a, s, r)
#define dma_unmap_sg_no_sync(d, s, n, r)	dma_unmap_sg(d, s, n, r)
#endif

#endif /* XSMMU_GUEST_NO_SYNC_H */
