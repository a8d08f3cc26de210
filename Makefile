# SPDX-License-Identifier: GPL-2.0
#
# The users' commands; each runs a script in ci/. The kernel's build reads Kbuild.

SHELL := /bin/bash
BACKEND ?= intel
ARCH ?= x86_64
BASE ?= 6.1
goal := $(or $(MAKECMDGOALS),help)

# A wrong word is refused here, before anything is installed or fetched.
quote = '$(subst ','\'',$(1))'
given = $(foreach name,BACKEND ARCH BASE BACKENDS CELLS JOBS LIST MUTANTS,$(call quote,$(name)=$($(name))))
wrong := $(if $(filter help,$(goal)),,$(shell ci/words.sh $(given) 2>&1))
$(if $(wrong),$(error $(wrong)))

# "make check" and "make mutants" exit with 1 after a failed test and with 2 after a
# failure of the rig. make turns every failed recipe into a 2, but passes on a 1 in
# question mode. Lines that begin with + run in that mode too.
ifneq ($(filter check mutants,$(goal)),)
MAKEFLAGS += q
endif

# Some scripts run make themselves; they must not inherit the flags of this make.
run := @env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL
place := build/kernel-$(ARCH)-$(BASE)

help:
	@sed -n 's/^## //p' Makefile

## make run [BACKEND=intel|amd|arm-smmu-v3]
##     build a kernel, boot it in each mode, and compare strict, lazy, xSMMU and passthrough
run:
	$(run) ci/setup.sh
	$(run) python3 ci/measure.py pages $(call quote,$(BACKEND))

## make check [CELLS="NAMES OR PATTERNS"|all] [JOBS=N] [LIST=1]
##     run the gate, or the cells and checks that CELLS matches, or all of them; boot N
##     cells at once; LIST=1 only lists them, with the seconds of their last run
check:
	+$(run) ci/setup.sh
	+$(run) python3 ci/check.py $(if $(JOBS),--jobs $(JOBS)) $(if $(filter 1,$(LIST)),--list) -- $(call quote,$(CELLS))

## make kernel ARCH=x86_64|arm64 [BASE=6.1] [BACKENDS="intel amd"]
##     build a kernel into build/, with all or some of its architecture's backends
kernel:
	$(run) ci/setup.sh
	$(run) ci/make-kernel.sh $(ARCH) $(BASE) $(if $(filter undefined,$(origin BACKENDS)),,$(call quote,$(BACKENDS)))

## make menuconfig ARCH=x86_64|arm64 [BASE=6.1]
##     run the kernel's own menuconfig; make kernel uses the changes
menuconfig:
	$(run) ci/setup.sh
	@mkdir -p build
	$(run) ci/kernel.sh --arch $(ARCH) --base $(BASE) --config release --menuconfig $(CURDIR)/$(place).fragment

## make series [BASE=6.1]
##     write the change as patches for git am into build/
series:
	$(run) ci/setup.sh
	$(run) ci/series.sh $(BASE) build/series-$(BASE)

## make mutants [MUTANTS="NAMES OR PATTERNS"]
##     put each seeded bug into the kernel and see a test fail
mutants:
	+$(run) ci/setup.sh
	+$(run) python3 ci/mutants.py $(call quote,$(MUTANTS))

## make bench
##     not part of this version
bench:
	$(error make $@ comes later: it is not part of this version yet)

.PHONY: help run check kernel menuconfig series mutants bench
