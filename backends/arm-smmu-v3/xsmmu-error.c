// SPDX-License-Identifier: GPL-2.0
/*
 * Errors of the command queue, for CPUs that cannot wait for the interrupt.
 *
 * After an error the queue stands still until software acknowledges it (7.1). The
 * driver does that in the handler of the GERROR interrupt. A sync polls with
 * interrupts off, and may run on the CPU that this interrupt targets. There the
 * handler cannot run before the sync has given up. If the queue is full, the
 * sync does not give up, and the handler never runs. So a CPU that polls looks
 * for an error itself and does the handler's work.
 *
 * An error must be mended only once. When it is acknowledged, the SMMU goes on to
 * other commands, and a second CPU that still took the error for active would
 * overwrite one of them. So the handler and the CPUs that poll take a lock, and
 * read the registers under it.
 *
 * Section numbers are those of the "Arm System Memory Management Unit
 * Architecture Specification, version 3", IHI 0070, issue H.a.
 */
#include <linux/interrupt.h>
#include <linux/percpu.h>
#include "arm-smmu-v3.h"
#include "xsmmu.h"
#include "xsmmu-glue.h"

DEFINE_PER_CPU(u32, arm_smmu_xsmmu_sync_at);

/**
 * arm_smmu_xsmmu_init_errors - prepare an SMMU whose queue is not in use yet
 * @smmu: the SMMU
 */
void arm_smmu_xsmmu_init_errors(struct arm_smmu_device *smmu)
{
	raw_spin_lock_init(&smmu->xsmmu_gerror_lock);
}

/*
 * Does the queue stand still because of an error? An error is active while its
 * bits in GERROR and GERRORN differ (7.5). In service failure mode the queue
 * does not go on after an acknowledgment either (12.3); that is left to the
 * interrupt.
 */
static bool smmu_queue_stands(struct arm_smmu_device *smmu, u32 *gerrorn)
{
	u32 active = readl_relaxed(smmu->base + ARM_SMMU_GERROR);

	*gerrorn = readl_relaxed(smmu->base + ARM_SMMU_GERRORN);
	active ^= *gerrorn;
	return (active & (GERROR_CMDQ_ERR | GERROR_SFM_ERR)) == GERROR_CMDQ_ERR;
}

/*
 * The last acknowledgment has reached the SMMU when the register has been read
 * back. Otherwise the next holder of the lock might read the older value, and
 * take the error for active.
 */
static void smmu_unlock_gerror(struct arm_smmu_device *smmu,
			       unsigned long flags)
	__releases(&smmu->xsmmu_gerror_lock)
{
	readl(smmu->base + ARM_SMMU_GERRORN);
	raw_spin_unlock_irqrestore(&smmu->xsmmu_gerror_lock, flags);
}

/**
 * arm_smmu_xsmmu_mend_queue - let the queue go on if an error has stopped it
 * @smmu: an SMMU whose command queue the caller polls
 *
 * Does the work of the interrupt's handler for this one error, and acknowledges
 * no other. If the handler is at work, it is left to do it. The caller may have
 * interrupted it: a console may be behind this SMMU.
 *
 * Prints at once, because dev_err() of Linux 6.1 cannot be deferred. A console
 * behind this SMMU finds the lock taken and the queue standing, so its unmaps time
 * out.
 *
 * Context: any but NMI; interrupts may be off.
 */
void arm_smmu_xsmmu_mend_queue(struct arm_smmu_device *smmu)
{
	unsigned long flags;
	u32 gerrorn;

	if (likely(!smmu_queue_stands(smmu, &gerrorn)))
		return;
	if (!raw_spin_trylock_irqsave(&smmu->xsmmu_gerror_lock, flags))
		return;
	if (smmu_queue_stands(smmu, &gerrorn)) {
		arm_smmu_xsmmu_count_error(smmu, GERROR_CMDQ_ERR);
		arm_smmu_xsmmu_skip_error(smmu);
		writel(gerrorn ^ GERROR_CMDQ_ERR,
		       smmu->base + ARM_SMMU_GERRORN);
		smmu->xsmmu_mended = true;
	}
	smmu_unlock_gerror(smmu, flags);
}

/* Did the CMD_SYNC at @at report one of the last @n time-outs? */
static bool smmu_reported(const struct arm_smmu_device *smmu,
			  unsigned int since, unsigned int n, u32 at)
{
	const unsigned int kept = ARRAY_SIZE(smmu->xsmmu_atc_sync);
	u32 mask = (2U << smmu->cmdq.q.llq.max_n_shift) - 1;
	unsigned int i;

	if (n > kept)
		return true;
	for (i = since; i != since + n; i++)
		if (!((smmu->xsmmu_atc_sync[i % kept] ^ at) & mask))
			return true;
	return false;
}

/**
 * arm_smmu_xsmmu_timed_out - has a device not answered an ATC invalidation?
 * @smmu: the SMMU
 * @since: the number of time-outs before the invalidation was published
 * @at: position of the CMD_SYNC that followed it in the same list of commands;
 *	it has completed, and the caller has ordered that before this call
 *
 * The SMMU reports a time-out at the next CMD_SYNC in the queue, by
 * CERROR_ATC_INV_SYNC (3.9.1.4, 7.1). It does not tell the device. So time-outs of
 * devices that others have invalidated are told apart by their CMD_SYNC. If an
 * illegal command of the list was turned into a CMD_SYNC, that one may report the
 * time-out, but then the illegal command was counted too.
 *
 * Context: any but NMI; interrupts may be off.
 * Return: true if one has not answered. Also true if there were more time-outs
 * than are noted, or if the lock is taken: its holder prints, and its printing may
 * wait for the console that this CPU has.
 */
bool arm_smmu_xsmmu_timed_out(struct arm_smmu_device *smmu, unsigned int since,
			      u32 at)
{
	unsigned long flags;
	bool reported;

	if (likely(atomic_read(&smmu->xsmmu_atc_errors) == since))
		return false;
	if (!raw_spin_trylock_irqsave(&smmu->xsmmu_gerror_lock, flags))
		return true;
	reported = smmu_reported(smmu, since,
				 atomic_read(&smmu->xsmmu_atc_errors) - since,
				 at);
	raw_spin_unlock_irqrestore(&smmu->xsmmu_gerror_lock, flags);
	return reported;
}

/**
 * arm_smmu_xsmmu_gerror - the handler of the GERROR interrupt
 * @irq: its number
 * @dev: the SMMU
 *
 * Runs the driver's handler under the lock.
 *
 * Return: as the driver's handler. IRQ_HANDLED also if a CPU that polled has
 * mended the error before.
 */
irqreturn_t arm_smmu_xsmmu_gerror(int irq, void *dev)
{
	struct arm_smmu_device *smmu = dev;
	unsigned long flags;
	irqreturn_t ret;

	if (!xsmmu_mode())
		return arm_smmu_xsmmu_driver_gerror(irq, smmu);
	raw_spin_lock_irqsave(&smmu->xsmmu_gerror_lock, flags);
	ret = arm_smmu_xsmmu_driver_gerror(irq, smmu);
	if (smmu->xsmmu_mended)
		ret = IRQ_HANDLED;
	smmu->xsmmu_mended = false;
	smmu_unlock_gerror(smmu, flags);
	return ret;
}
