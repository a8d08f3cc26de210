// SPDX-License-Identifier: GPL-2.0
/*
 * Reads the kernel's own counts of a device's domain.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "counters.h"

#define DOMAINS		"/sys/kernel/debug/xsmmu/domains"

/* The test guests have a few domains, and a line takes about 200 bytes. */
#define LONGEST		8192

/* kernel_read() does not read files that are read by seq_read(). */
static ssize_t read_file(const char *path, char *text, size_t size)
{
	struct kvec vec = { .iov_base = text, .iov_len = size - 1 };
	struct file *file = filp_open(path, O_RDONLY, 0);
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	init_sync_kiocb(&iocb, file);
	iov_iter_kvec(&iter, READ, &vec, 1, vec.iov_len);
	n = seq_read_iter(&iocb, &iter);
	filp_close(file, NULL);
	text[max_t(ssize_t, n, 0)] = '\0';
	return n;
}

/* The line of a device's domain, whose name is that of its first device. */
static char *line_of(const struct device *dev, char *text)
{
	const char *name = dev_name(dev);
	char *line;

	while ((line = strsep(&text, "\n")))
		if (!strncmp(line, name, strlen(name)) &&
		    line[strlen(name)] == ' ')
			return line;
	return NULL;
}

/* Find " KEY=NUMBER" in a line. */
static int number(const char *line, const char *key, u64 *value)
{
	const char *at = line;

	while ((at = strstr(at, key))) {
		if (at > line && at[-1] == ' ' && at[strlen(key)] == '=')
			return sscanf(at + strlen(key) + 1, "%llu", value) == 1 ?
			       0 : -EINVAL;
		at++;
	}
	return -ENOENT;
}

static int numbers(const char *line, struct counters *c)
{
	return number(line, "led", &c->led) ?:
	       number(line, "shared", &c->shared) ?:
	       number(line, "named", &c->named) ?:
	       number(line, "failed", &c->failed) ?:
	       number(line, "orphans", &c->orphans) ?:
	       number(line, "chunks", &c->chunks) ?:
	       number(line, "outside", &c->outside) ?:
	       number(line, "bytes", &c->bytes);
}

/**
 * counters_read() - read what debugfs shows of a device's domain
 * @dev: the device, which was the first of its domain to opt in
 * @c: the counts; all 0 after an error
 *
 * Context: process.
 * Return: 0; -ENOENT: the domain is not listed, because it does not batch; or another
 * error.
 */
int counters_read(const struct device *dev, struct counters *c)
{
	char *text = kmalloc(LONGEST, GFP_KERNEL);
	char *line;
	int ret;

	memset(c, 0, sizeof(*c));
	if (!text)
		return -ENOMEM;
	ret = min_t(ssize_t, read_file(DOMAINS, text, LONGEST), 0);
	line = ret ? NULL : line_of(dev, text);
	if (!ret)
		ret = line ? numbers(line, c) : -ENOENT;
	kfree(text);
	return ret;
}

/**
 * counters_since() - read how much the counts have grown
 * @dev: the device, as for counters_read()
 * @before: the counts of an earlier time
 * @c: how much they have grown; @bytes and @chunks are those of now
 *
 * Context: process.
 * Return: as counters_read().
 */
int counters_since(const struct device *dev, const struct counters *before,
		   struct counters *c)
{
	int ret = counters_read(dev, c);

	c->led -= before->led;
	c->shared -= before->shared;
	c->named -= before->named;
	c->failed -= before->failed;
	c->orphans -= before->orphans;
	c->outside -= before->outside;
	return ret;
}
