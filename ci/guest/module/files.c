// SPDX-License-Identifier: GPL-2.0
/*
 * Files of sysfs, and the kernel's log.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kmsg_dump.h>
#include <linux/string.h>

#include "files.h"

/**
 * file_write() - write a text to a file that exists
 * @path: its path
 * @text: the text
 *
 * Return: 0, or what opening or writing gave.
 */
int file_write(const char *path, const char *text)
{
	struct file *file = filp_open(path, O_WRONLY, 0);
	ssize_t n;
	loff_t pos = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return n < 0 ? n : 0;
}

/**
 * log_lines_with() - count lines of the kernel's log
 * @text: what a line must contain
 *
 * Return: how many there are, printed on the console or not.
 */
unsigned int log_lines_with(const char *text)
{
	struct kmsg_dump_iter iter;
	unsigned int found = 0;
	char line[256];
	size_t len;

	kmsg_dump_rewind(&iter);
	while (kmsg_dump_get_line(&iter, false, line, sizeof(line) - 1, &len)) {
		line[len] = '\0';
		if (strstr(line, text))
			found++;
	}
	return found;
}
