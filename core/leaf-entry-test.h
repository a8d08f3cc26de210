/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test of leaf_entry that is the same for all backends, for their KUnit tests.
 * It runs on the driver's own page tables.
 */
#ifndef _XSMMU_LEAF_ENTRY_TEST_H
#define _XSMMU_LEAF_ENTRY_TEST_H

#include <kunit/test.h>
#include <linux/iommu.h>
#include <linux/sizes.h>
#include "base.h"
#include "xsmmu.h"

/* What one table maps; a page in it; and what another table maps. */
#define LEAF_AREA	0x48000000ULL
#define LEAF_IOVA	(LEAF_AREA + 0x45000)
#define LEAF_BLOCK	(LEAF_AREA + 4 * SZ_2M)

/* Areas are mapped to memory from here on. */
#define LEAF_PHYS	0x240000000ULL

static inline u64 leaf_test_phys(u64 iova)
{
	return iova - LEAF_AREA + LEAF_PHYS;
}

static inline void leaf_test_map(struct kunit *test,
				 struct iommu_domain *domain, u64 iova,
				 size_t size)
{
	KUNIT_ASSERT_EQ(test, 0, xsmmu_map(domain, iova, leaf_test_phys(iova),
					   size, IOMMU_READ | IOMMU_WRITE));
}

static inline void leaf_test_unmap(struct kunit *test,
				   struct iommu_domain *domain, u64 iova,
				   size_t size)
{
	KUNIT_ASSERT_EQ(test, size, iommu_unmap(domain, iova, size));
}

static inline u64 *leaf_test_entry(struct iommu_domain *domain, u64 iova)
{
	unsigned int after;

	return domain->ops->leaf_entry(domain, iova, &after);
}

/* What has to follow a write to an entry. A page is mapped at LEAF_IOVA for this. */
static inline unsigned int leaf_test_after(struct kunit *test,
					   struct iommu_domain *domain)
{
	unsigned int after = ~0U;

	KUNIT_EXPECT_NOT_NULL(test, domain->ops->leaf_entry(domain, LEAF_IOVA,
							    &after));
	return after;
}

/* One page is mapped. Its table has all its entries, and no other table exists. */
static inline void leaf_test_table(struct kunit *test,
				   struct iommu_domain *domain)
{
	u64 *entry = leaf_test_entry(domain, LEAF_IOVA), *table;

	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_NE(test, *entry, 0);
	KUNIT_EXPECT_PTR_EQ(test, entry,
			    leaf_test_entry(domain, LEAF_IOVA + SZ_4K - 1));
	KUNIT_EXPECT_PTR_EQ(test, entry + 1,
			    leaf_test_entry(domain, LEAF_IOVA + SZ_4K));
	KUNIT_EXPECT_EQ(test, entry[1], 0);
	table = PTR_ALIGN_DOWN(entry, SZ_4K);
	KUNIT_EXPECT_PTR_EQ(test, table, leaf_test_entry(domain, LEAF_AREA));
	KUNIT_EXPECT_PTR_EQ(test, table + 511,
			    leaf_test_entry(domain, LEAF_AREA + SZ_2M - 1));
	KUNIT_EXPECT_NULL(test, leaf_test_entry(domain, LEAF_AREA - 1));
	KUNIT_EXPECT_NULL(test, leaf_test_entry(domain, LEAF_AREA + SZ_2M));
}

/* No tables know these addresses, and they must not be taken for lower ones. */
static inline void leaf_test_high_addresses(struct kunit *test,
					    struct iommu_domain *domain)
{
	unsigned int bit;

	for (bit = 39; bit < 64; bit++)
		KUNIT_EXPECT_NULL(test, leaf_test_entry(domain, LEAF_IOVA |
								BIT_ULL(bit)));
}

/* The driver cannot tell an entry that was written directly from its own. */
static inline void leaf_test_write(struct kunit *test,
				   struct iommu_domain *domain)
{
	u64 *entry = leaf_test_entry(domain, LEAF_IOVA);
	u64 next = LEAF_IOVA + SZ_4K;

	WRITE_ONCE(entry[1], entry[0] + SZ_4K);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, next),
			leaf_test_phys(next));
	WRITE_ONCE(entry[1], 0);
	KUNIT_EXPECT_EQ(test, iommu_iova_to_phys(domain, next), 0);
}

/* The table stays when nothing is mapped any more, and is used again. */
static inline void leaf_test_empty_table(struct kunit *test,
					 struct iommu_domain *domain)
{
	u64 *entry = leaf_test_entry(domain, LEAF_IOVA);

	leaf_test_unmap(test, domain, LEAF_IOVA, SZ_4K);
	KUNIT_EXPECT_EQ(test, *entry, 0);
	KUNIT_EXPECT_PTR_EQ(test, entry, leaf_test_entry(domain, LEAF_IOVA));
	leaf_test_map(test, domain, LEAF_IOVA, SZ_4K);
	KUNIT_EXPECT_NE(test, *entry, 0);
	KUNIT_EXPECT_PTR_EQ(test, entry, leaf_test_entry(domain, LEAF_IOVA));
}

static inline void leaf_test_larger_page(struct kunit *test,
					 struct iommu_domain *domain)
{
	u64 iova;

	leaf_test_map(test, domain, LEAF_BLOCK, SZ_2M);
	for (iova = LEAF_BLOCK; iova < LEAF_BLOCK + SZ_2M; iova += SZ_4K)
		KUNIT_EXPECT_NULL(test, leaf_test_entry(domain, iova));
	leaf_test_unmap(test, domain, LEAF_BLOCK, SZ_2M);
	KUNIT_EXPECT_NULL(test, leaf_test_entry(domain, LEAF_BLOCK));
}

/**
 * leaf_test - test leaf_entry on the tables of a domain
 * @test: the running test
 * @domain: with a type, ops, and the page sizes 4 KiB and 2 MiB, attached to no
 *	device. Nothing was ever mapped in it. Afterwards a page is mapped at
 *	LEAF_IOVA
 */
static inline void leaf_test(struct kunit *test, struct iommu_domain *domain)
{
	KUNIT_ASSERT_NOT_NULL(test, domain->ops->leaf_entry);
	KUNIT_EXPECT_NULL(test, leaf_test_entry(domain, LEAF_IOVA));
	leaf_test_map(test, domain, LEAF_IOVA, SZ_4K);
	leaf_test_table(test, domain);
	leaf_test_high_addresses(test, domain);
	leaf_test_write(test, domain);
	leaf_test_empty_table(test, domain);
	leaf_test_larger_page(test, domain);
}

#endif /* _XSMMU_LEAF_ENTRY_TEST_H */
