/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a test must do or see as a user of the kernel would.
 */
#ifndef XSMMU_GUEST_FILES_H
#define XSMMU_GUEST_FILES_H

int file_write(const char *path, const char *text);
unsigned int log_lines_with(const char *text);

#endif /* XSMMU_GUEST_FILES_H */
