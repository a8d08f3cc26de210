# SPDX-License-Identifier: GPL-2.0
#
# The users' commands; each runs a script in ci/. The kernel's build reads Kbuild.

SHELL := /bin/bash
BACKEND ?= intel
ARCH ?= x86_64
goal := $(or $(MAKECMDGOALS),help)

# A word without BASE= means the default base, but "make check" then runs the rows of all bases.
default := $(shell sed -n 's/^default = //p' ci/bases.ini)
base := $(or $(BASE),$(default))

# A wrong word is refused here, before anything is installed or fetched.
quote = '$(subst ','\'',$(1))'
given = $(foreach name,BACKEND ARCH BASE BACKENDS BENCH CELLS JOBS LIST MUTANTS,$(call quote,$(name)=$($(name))))
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
place := build/kernel-$(ARCH)-$(base)

help:
	@sed -n 's/^## //p' Makefile
	@echo "known bases: $$(ci/words.sh bases); the default is $(default)"

## make run [BACKEND=intel|amd|amd-npcache-off|arm-smmu-v3] [BASE=VERSION]
##     build a kernel, boot it in each mode, and compare strict, lazy, xSMMU and passthrough
run:
	$(run) ci/setup.sh
	$(run) python3 ci/measure.py pages $(call quote,$(BACKEND)) $(base)

## make check [CELLS="NAMES OR PATTERNS"|all] [BASE=VERSION] [JOBS=N] [LIST=1]
##     run the gate, or the cells and checks that CELLS matches, or all of them; of all base
##     kernels, or of BASE; boot N cells at once; LIST=1 only lists them, with the seconds of
##     their last run
check:
	+$(run) ci/setup.sh
	+$(run) python3 ci/check.py $(if $(BASE),--base $(BASE)) $(if $(JOBS),--jobs $(JOBS)) \
		$(if $(filter 1,$(LIST)),--list) -- $(call quote,$(CELLS))

## make kernel ARCH=x86_64|arm64 [BASE=VERSION] [BACKENDS="intel amd"]
##     build a kernel into build/, with all or some of its architecture's backends
kernel:
	$(run) ci/setup.sh
	$(run) ci/make-kernel.sh $(ARCH) $(base) $(if $(filter undefined,$(origin BACKENDS)),,$(call quote,$(BACKENDS)))

## make menuconfig ARCH=x86_64|arm64 [BASE=VERSION]
##     run the kernel's own menuconfig; make kernel uses the changes
menuconfig:
	$(run) ci/setup.sh
	@mkdir -p build
	$(run) ci/kernel.sh --arch $(ARCH) --base $(base) --config release --menuconfig $(CURDIR)/$(place).fragment

## make series [BASE=VERSION]
##     write the change as patches for git am, and a cover letter, into build/
series:
	$(run) ci/setup.sh
	$(run) ci/series.sh $(base) build/series-$(base)

## make mutants [MUTANTS="NAMES OR PATTERNS"] [BASE=VERSION]
##     put each seeded bug into the kernel and see a test fail
mutants:
	+$(run) ci/setup.sh
	+$(run) python3 ci/mutants.py $(base) $(call quote,$(MUTANTS))

## make bench [BENCH="time caches points packets"] [BASE=VERSION]
##     compare the modes in tables and pictures: build/bench
bench:
	$(run) ci/setup.sh
	$(run) python3 ci/bench.py $(base) $(call quote,$(BENCH))

.PHONY: help run check kernel menuconfig series mutants bench
