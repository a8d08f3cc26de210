/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The test of a backend's limit that is the same for all: its file in debugfs, and
 * that no value is taken which the backend's arrays cannot hold.
 */
#ifndef _XSMMU_LIMIT_TEST_H
#define _XSMMU_LIMIT_TEST_H

#include <kunit/test.h>
#include <linux/dcache.h>
#include <linux/debugfs.h>
#include <linux/fs.h>
#include "blocks.h"
#include "internal.h"

/* Only root may write the file. */
static inline void limit_test_file(struct kunit *test, const char *name)
{
	struct dentry *dir = debugfs_lookup("xsmmu", NULL), *file;

	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(dir));
	file = debugfs_lookup(name, dir);
	dput(dir);
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(file));
	KUNIT_EXPECT_EQ(test, d_inode(file)->i_mode & 0777, 0644);
	dput(file);
}

/* Leaves the limit as it was. @value is what it is at boot. */
static inline void limit_test(struct kunit *test, struct xsmmu_limit *limit,
			      const char *name, u32 value)
{
	limit_test_file(test, name);
	KUNIT_EXPECT_EQ(test, limit->value, value);
	KUNIT_EXPECT_EQ(test, limit->most, XSMMU_MAX_BLOCKS);
	KUNIT_EXPECT_EQ(test, xsmmu_limit_set(limit, 0), 0);
	KUNIT_EXPECT_EQ(test, limit->value, 0);
	KUNIT_EXPECT_EQ(test, xsmmu_limit_set(limit, limit->most), 0);
	KUNIT_EXPECT_EQ(test, limit->value, limit->most);
	KUNIT_EXPECT_EQ(test, -EINVAL, xsmmu_limit_set(limit, limit->most + 1));
	KUNIT_EXPECT_EQ(test, -EINVAL, xsmmu_limit_set(limit, 1ULL << 32));
	KUNIT_EXPECT_EQ(test, limit->value, limit->most);
	KUNIT_EXPECT_EQ(test, xsmmu_limit_set(limit, value), 0);
}

#endif /* _XSMMU_LIMIT_TEST_H */
