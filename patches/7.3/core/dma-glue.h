/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What core asks of Linux 7.3's dma-iommu, which keeps its cookie private.
 * dma-iommu.c includes this file once, at its end.
 */
#ifdef CONFIG_XSMMU
#include "xsmmu/base.h"

/** xsmmu_iovad - the IOVA allocator of a DMA domain */
struct iova_domain *xsmmu_iovad(struct iommu_domain *domain)
{
	return &domain->iova_cookie->iovad;
}

/** xsmmu_has_flush_queue - are the ordinary unmaps of a DMA domain lazy? */
bool xsmmu_has_flush_queue(struct iommu_domain *domain)
{
	return domain->iova_cookie->fq_domain;
}
#endif /* CONFIG_XSMMU */
