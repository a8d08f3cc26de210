/* SPDX-License-Identifier: GPL-2.0 */
/*
 * xSMMU in Linux 6.1's dma-iommu: the DMA ops that defer the invalidation.
 *
 * Included once by dma-iommu.c, above its table of ops, because the cookie and
 * the ordinary unmaps are private to that file.
 */
#ifdef CONFIG_XSMMU

/*
 * The batching state of a device's domain, or NULL if its unmaps are ordinary.
 * An untrusted device was told that they are, whoever shares its domain.
 */
static struct xsmmu_domain *iommu_dma_xsmmu(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);

	if (dev_is_untrusted(dev))
		return NULL;
	return xsmmu_of_cookie(domain->iova_cookie);
}

/* Widen to whole granules, as the mapping was. */
static void iommu_dma_unmap_range_no_sync(struct xsmmu_domain *xd,
					  dma_addr_t addr, size_t size)
{
	size_t offset = iova_offset(xd->iovad, addr);

	xsmmu_unmap(xd, addr - offset, iova_align(xd->iovad, size + offset));
}

static void iommu_dma_unmap_page_no_sync(struct device *dev, dma_addr_t addr,
					 size_t size,
					 enum dma_data_direction dir,
					 unsigned long attrs)
{
	struct xsmmu_domain *xd = iommu_dma_xsmmu(dev);
	phys_addr_t phys;

	if (!xd) {
		iommu_dma_unmap_page(dev, addr, size, dir, attrs);
		return;
	}
	phys = iommu_iova_to_phys(xd->domain, addr);
	if (WARN_ON(!phys))
		return;
	/* I5: a bounce slot goes back at once, so its mapping must be gone. */
	if (unlikely(is_swiotlb_buffer(dev, phys))) {
		iommu_dma_unmap_page(dev, addr, size, dir, attrs);
		return;
	}
	/* The driver may read the buffer right after this call. */
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC) && !dev_is_dma_coherent(dev))
		arch_sync_dma_for_cpu(phys, size, dir);
	iommu_dma_unmap_range_no_sync(xd, addr, size);
}

/*
 * The bus range of a mapped list. Its segments share one IOVA allocation in
 * ascending order; segments with a peer's bus address are not part of it.
 */
static bool iommu_dma_sg_range(struct scatterlist *sg, int nents,
			       dma_addr_t *start, dma_addr_t *end)
{
	struct scatterlist *s;
	bool found = false;
	int i;

	for_each_sg(sg, s, nents, i) {
		if (sg_is_dma_bus_address(s)) {
			sg_dma_unmark_bus_address(s);
			continue;
		}
		if (!sg_dma_len(s))
			break;
		if (!found)
			*start = sg_dma_address(s);
		*end = sg_dma_address(s) + sg_dma_len(s);
		found = true;
	}
	return found;
}

static void iommu_dma_unmap_sg_no_sync(struct device *dev,
				       struct scatterlist *sg, int nents,
				       enum dma_data_direction dir,
				       unsigned long attrs)
{
	struct xsmmu_domain *xd = iommu_dma_xsmmu(dev);
	dma_addr_t start, end;

	if (!xd) {
		iommu_dma_unmap_sg(dev, sg, nents, dir, attrs);
		return;
	}
	if (!(attrs & DMA_ATTR_SKIP_CPU_SYNC))
		iommu_dma_sync_sg_for_cpu(dev, sg, nents, dir);
	if (iommu_dma_sg_range(sg, nents, &start, &end))
		iommu_dma_unmap_range_no_sync(xd, start, end - start);
}

static int iommu_dma_sync_device_iotlb(struct device *dev)
{
	struct xsmmu_domain *xd = iommu_dma_xsmmu(dev);

	return xd ? xsmmu_sync(xd) : 0;
}

/*
 * Once refused, a domain stays refused: a driver that was told "no" may free
 * right after its unmaps, and the next one to ask may share the domain.
 */
static bool iommu_dma_enable_unmap_no_sync(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_dma_domain(dev);
	struct iommu_dma_cookie *cookie = domain->iova_cookie;
	struct xsmmu_domain *xd;

	if (dev_is_untrusted(dev) || cookie->fq_domain)
		return false;
	mutex_lock(&cookie->mutex);
	xd = cookie->xsmmu;
	if (!xd && !cookie->xsmmu_refused) {
		xd = xsmmu_domain_create(domain, &cookie->iovad, dev_name(dev));
		cookie->xsmmu_refused = !xd;
		/* Pairs with xsmmu_of_cookie(): first the state, then its address. */
		smp_store_release(&cookie->xsmmu, xd);
	}
	mutex_unlock(&cookie->mutex);
	return xd;
}

#define IOMMU_DMA_XSMMU_OPS						\
	.unmap_page_no_sync	= iommu_dma_unmap_page_no_sync,		\
	.unmap_sg_no_sync	= iommu_dma_unmap_sg_no_sync,		\
	.sync_device_iotlb	= iommu_dma_sync_device_iotlb,		\
	.enable_unmap_no_sync	= iommu_dma_enable_unmap_no_sync,
#else
#define IOMMU_DMA_XSMMU_OPS
#endif /* CONFIG_XSMMU */
