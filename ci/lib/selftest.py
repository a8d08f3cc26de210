# SPDX-License-Identifier: GPL-2.0
"""Tests of the rig's own parts: judges must find what is wrong, QEMU must die,
the command log must miss nothing.

selftest.py prints the names of the tests; selftest.py NAME runs one, and exits
1 if it fails. ci/checks/rig.sh does both.
"""

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import boot  # noqa: E402
import cells  # noqa: E402
import check  # noqa: E402
import compare  # noqa: E402
import oracle  # noqa: E402
import packets  # noqa: E402
import prepare  # noqa: E402
import report  # noqa: E402

TESTS = {}
MUTANT = "mutant = mlx5-consume-before-sync"

DSI_LEAF = "vtd_inv_desc invalidate desc type iotlb high 0x40 low 0x300e2"
DSI_FULL = "vtd_inv_desc invalidate desc type iotlb high 0x0 low 0x300e2"
PSI = "vtd_inv_desc invalidate desc type iotlb high 0xfffff040 low 0x300f2"
GLOBAL = "vtd_inv_desc invalidate desc type iotlb high 0x0 low 0xd2"
WAIT = "vtd_inv_desc invalidate desc type wait high 0x154c3c low 0x200000025"
DEVTLB = "vtd_inv_desc invalidate desc type device-iotlb high 0x7ffffffffffff001 low 0x800000003"
PIOTLB = "vtd_inv_desc invalidate desc type p-iotlb high 0x40 low 0x30026"
PIOTLB_PAGES = "vtd_inv_desc invalidate desc type p-iotlb high 0xfffff040 low 0x30036"
DROPPED = "vtd_iotlb_reset IOTLB reset (reason: limit)"

AMD_LEAF = "amdvi_command 00000000 30000003 fffff001 7fffffff"
AMD_FULL = "amdvi_command 00000000 30000003 fffff003 7fffffff"
AMD_PAGE = "amdvi_command 00000000 30000003 40000002 00000000"
AMD_WAIT = "amdvi_command 01234001 10000000 00000017 00000000"
AMD_DEVTLB = "amdvi_command 00000018 40000018 fffff001 7fffffff"

SMMU_ASID = "smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_ASID"
SMMU_RANGE = "smmuv3_cmdq_opcode <--- SMMU_CMD_TLBI_NH_VA"
SMMU_SYNC = "smmuv3_cmdq_opcode <--- SMMU_CMD_SYNC"
SMMU_LEAF = "smmuv3_s1_range_inval vmid=0 asid=1 addr=0xfffff000 tg=1 num_pages=0x1 ttl=3 leaf=1"
SMMU_WALK = SMMU_LEAF.replace("leaf=1", "leaf=0")


GOOD = {"invalidation_commands": 100, "commands_per_page": 0.015625,
        "stale_accesses_tried": 100608, "stale_accesses_landed": 0}


def test(function):
    """Names a test after the first line of its description."""
    TESTS[function.__doc__.strip().rstrip(".")] = function
    return function


def verdict(claims, *lines, marks=("dma_probe_mark 1", "dma_probe_mark 2"), iommu="intel"):
    """What ci/lib/oracle.py says of one interval over these trace lines."""
    with tempfile.TemporaryDirectory() as folder:
        console, log = pathlib.Path(folder) / "console", pathlib.Path(folder) / "trace"
        console.write_text(f"[    1.5]     # a_test: interval 1 2 it {claims}\n", encoding="utf-8")
        around = lines[:1]
        log.write_text("\n".join([*around, marks[0], *lines, *marks[1:], *around]),
                       encoding="utf-8")
        (_, wrong), = oracle.verdicts(iommu, console, log)
        return wrong


def objections(**changes):
    """How many objections there are to a good comparison with these changes."""
    modes = {"strict": {**GOOD, "invalidation_commands": 6400, "commands_per_page": 1},
             "lazy": {**GOOD, "stale_accesses_landed": 90000}, "xsmmu": dict(GOOD)}
    for mode, figures in changes.items():
        modes[mode].update(figures)
    return len(compare.broken({"modes": modes}))


@test
def comparison():
    """The comparison accepts what is promised and objects to anything else."""
    assert objections() == 0
    assert objections(xsmmu={"commands_per_page": 0.015782}) == 1
    assert objections(xsmmu={"stale_accesses_landed": 1}) == 1
    assert objections(xsmmu={"stale_accesses_tried": 99999}) == 1
    assert objections(xsmmu={"invalidation_commands": 0, "commands_per_page": 0}) == 1
    assert objections(strict={"stale_accesses_landed": 1}) == 1
    assert objections(strict={"commands_per_page": 0.5}) == 1
    assert objections(lazy={"stale_accesses_landed": 0}) == 1


def packets_figure(commands, instructions, **driver):
    """A run of the mlx5 driver in which 4,400 packets were carried."""
    said = {"tx_packets": 4400, "rx_packets": 4400, "rx_cache_full": 2200, "rx_cache_reuse": 0,
            "ch_poll": 100, "ch_unmap_batched": 0, "ch_iotlb_sync": 0, "ch_iotlb_sync_early": 0}
    return {"packets": 4400, "invalidation_commands": commands, "map_commands": 0,
            "instructions_per_packet": instructions, "domain_commands": commands,
            "unknown_commands": 0, "driver": {**said, **driver}}


def packets_objections(mode="", name="tx", driver=(), **changes):
    """Objections to good figures of packets with these changes."""
    good = {"strict": (8800, 5000), "lazy": (40, 4000), "passthrough": (0, 3000)}
    modes = {mode: {run: packets_figure(*figures) for run in packets.RUNS}
             for mode, figures in good.items()}
    modes["xsmmu"] = {run: packets_figure(60, 4100, ch_iotlb_sync=60, ch_unmap_batched=8800)
                      for run in packets.RUNS}
    if mode:
        modes[mode][name].update(changes)
        modes[mode][name]["driver"].update(driver)
    return len(packets.broken({"modes": modes}))


@test
def packet_targets():
    """The figures of packets are accepted if the targets are met, and objected to if not."""
    assert packets_objections() == 0
    assert packets_objections("xsmmu", driver={"ch_poll": 59}) == 2
    assert packets_objections("xsmmu", driver={"ch_iotlb_sync": 101}) == 1
    assert packets_objections("xsmmu", driver={"ch_iotlb_sync": 0}) == 1
    assert packets_objections("xsmmu", domain_commands=101) == 1
    assert packets_objections("xsmmu", invalidation_commands=276) == 1
    assert packets_objections("xsmmu", instructions_per_packet=4201) == 1
    assert packets_objections("strict", instructions_per_packet=4220) == 1
    assert packets_objections("strict", instructions_per_packet=4230) == 0
    assert packets_objections("strict", invalidation_commands=4399) == 1
    assert packets_objections("lazy", invalidation_commands=0) == 1
    assert packets_objections("lazy", "rx", {"rx_packets": 4399}) == 1
    assert packets_objections("lazy", "rx", {"rx_cache_reuse": 200}) == 1
    assert packets_objections("strict", map_commands=10) == 0
    assert packets_objections("xsmmu", map_commands=10) == 1


@test
def counts():
    """The oracle counts each kind of VT-d descriptor."""
    said = verdict("domain_leaf=2 domain_full=2 pages_leaf=2 pages=2 global=1 waits=1 devtlb=1"
                   " resets=1 all=8", DSI_LEAF, DSI_LEAF, DSI_FULL, PSI, GLOBAL, WAIT, DEVTLB,
                   DROPPED, PIOTLB, PIOTLB_PAGES)
    assert not said, said


@test
def counts_amdvi():
    """The oracle counts each kind of AMD-Vi command, S and PDE bits included."""
    said = verdict("domain_leaf=1 domain_full=1 pages_full=2 pages_leaf=1 waits=1 devtlb=1 resets=1",
                   AMD_LEAF, AMD_FULL, AMD_PAGE, AMD_PAGE.replace("40000002", "40000000"),
                   AMD_FULL.replace("7fffffff", "0fffffff"), AMD_WAIT, AMD_DEVTLB,
                   "amdvi_iotlb_reset IOTLB exceed size limit - reset", iommu="amd")
    assert not said, said


@test
def counts_smmuv3():
    """The oracle counts each kind of SMMUv3 command; a range that QEMU splits is one."""
    said = verdict("domain_full=1 pages_leaf=1 pages_full=1 waits=1 resets=1 faults=1",
                   SMMU_ASID, SMMU_RANGE, SMMU_LEAF, SMMU_LEAF, SMMU_RANGE, SMMU_WALK, SMMU_SYNC,
                   "smmu_iotlb_inv_all IOTLB invalidate all",
                   "smmuv3_record_event smmuv3-iommu-memory-region-0-2 F_TRANSLATION", iommu="arm-smmu-v3")
    assert not said, said


@test
def finds_differences():
    """The oracle finds one command too many, one too few, one of another kind."""
    for lines in ([DSI_LEAF, DSI_LEAF], [WAIT], [DSI_FULL], [PSI]):
        assert verdict("domain_leaf=1 domain_full=0 pages=0", *lines), lines


@test
def finds_unknown_commands():
    """The oracle fails an interval with a command that it does not know."""
    for iommu, line in (("intel", DSI_LEAF.replace("0x300e2", "0x300ef")),
                        ("amd", AMD_LEAF.replace("30000003", "f0000003")),
                        ("arm-smmu-v3", SMMU_ASID.replace("TLBI_NH_ASID", "TLBI_EL3_ALL"))):
        assert verdict("global=0", line, iommu=iommu), line


@test
def bounds():
    """The oracle knows at most and at least."""
    assert not verdict("waits<=1 pages>=1", WAIT, PSI)
    assert verdict("waits<=1", WAIT, WAIT)
    assert verdict("waits>=1", PSI)


@test
def domains():
    """The oracle counts one domain when it is asked to."""
    other = DSI_LEAF.replace("0x300e2", "0x400e2")
    assert not verdict("domain=3 domain_leaf=1", DSI_LEAF, other)
    assert not verdict("domain_leaf=2", DSI_LEAF, other)


@test
def marks():
    """The oracle fails an interval whose marks are missing, doubled or swapped."""
    one, two = "dma_probe_mark 1", "dma_probe_mark 2"
    for wrong in ((one,), (one, two, two), (two, one)):
        assert verdict("pages=0", WAIT, marks=wrong), wrong


@test
def unknown_keys():
    """The oracle fails an interval that asks for what it does not know."""
    assert verdict("dsi=0", WAIT)
    assert verdict("pages=x", WAIT)
    assert verdict("", WAIT)


@test
def failing_group():
    """A group that fails although its tests pass is a failure."""
    class Status:  # pylint: disable=too-few-public-methods
        """The kernel parser's words."""
        SUCCESS, SKIPPED, FAILURE = range(3)

    class Test:  # pylint: disable=too-few-public-methods
        """A parsed test."""
        def __init__(self, name, status, subtests=()):
            self.name, self.status, self.subtests, self.log = name, status, list(subtests), []

    import ktap  # pylint: disable=import-outside-toplevel
    leaf = Test("leaf", Status.SUCCESS)
    found = ktap.flatten(Test("group", Status.FAILURE, [leaf]), Status)
    assert [t["status"] for t in found] == ["passed", "failed"], found


@test
def table():
    """The last line of a check is the summary."""
    row = report.Row("x")
    row.add("a", "passed")
    row.add("b", "failed")
    assert report.summary([row, row]) == "2 passed, 2 failed, 0 skipped"


def with_mutant(**statuses):
    """What tests come to, by name, where those with a b in their name should catch a mutant."""
    row, cell = report.Row("x"), next(iter(cells.load().values()))
    cell.mutant, cell.caught_by = "m", "b|a reason"
    for name, status in statuses.items():
        row.add(name, status, ["a log", "a reason"] if name == "r" else ["a log"])
    check.judge_mutant(row, cell)
    return {entry["name"]: entry["status"] for entry in row.tests}


@test
def mutants():
    """A mutant that no test catches is a failure, and so are other tests that fail."""
    assert with_mutant(a="passed", b="failed", bb="passed") == {
        "a": "passed", "bb": "passed", "mutant m is caught by: b": "passed"}
    assert with_mutant(b="failed", bb="failed") == {"mutant m is caught by: b, bb": "passed"}
    assert with_mutant(a="failed", b="failed")["a"] == "failed"
    assert with_mutant(r="failed") == {"mutant m is caught by: r": "passed"}
    for found in (with_mutant(), with_mutant(a="failed"), with_mutant(b="passed"),
                  with_mutant(b="skipped")):
        assert found["mutant m is caught"] == "failed", found


class FakeQemu:
    """A qemu-system-x86_64 that is a shell script, and a cell that uses it."""

    def __init__(self, script, timeout=20):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        program = self.path / "qemu-system-x86_64"
        program.write_text("#!/bin/sh\nfor a; do case $a in file:*) log=${a#file:} ;; esac; done\n"
                           f"echo $$ >{self.path}/pid\n{script}\n", encoding="utf-8")
        program.chmod(0o755)
        os.environ["PATH"] = f"{self.path}:{os.environ['PATH']}"
        self.cell = next(iter(cells.load().values()))
        self.cell.timeout = timeout

    def boot(self):
        """Runs it as a cell is run."""
        return boot.boot(self.cell, self.path, self.path / "initrd", [], self.path / "out")

    def alive(self):
        """Whether it still runs, given a moment to die."""
        pid = int((self.path / "pid").read_text())
        for _ in range(50):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return False
            time.sleep(0.1)
        return True


@test
def hang():
    """A guest that hangs ends at its timeout, with its last lines."""
    qemu = FakeQemu("echo last words >$log; sleep 60 & wait", timeout=1)
    outcome = qemu.boot()
    assert "timeout" in outcome.problems[0] and outcome.tail == ["last words"], outcome
    assert not qemu.alive()


@test
def panic():
    """A guest that panics counts as failed."""
    outcome = FakeQemu(f"echo '[ 1.0] Kernel panic - not syncing: x\n{boot.FINISHED}' >$log").boot()
    assert any("panic" in problem for problem in outcome.problems), outcome


@test
def early_end():
    """A guest that ends without its last word counts as failed."""
    assert FakeQemu("echo hello >$log").boot().problems
    assert not FakeQemu(f"echo '{boot.FINISHED}' >$log").boot().problems


@test
def expected_splat():
    """A splat that a cell expects is no failure; its absence and any other splat are."""
    def problems(*lines):
        text = "\n".join([*lines, boot.FINISHED])
        qemu = FakeQemu(f"echo '{text}' >$log")
        qemu.cell.expect = "pagealloc: memory corruption"
        return qemu.boot().problems

    assert not problems("[ 1.0] pagealloc: memory corruption")
    assert problems("hello") == ["no splat matches pagealloc: memory corruption"]
    assert any("KASAN" in p for p in problems("pagealloc: memory corruption", "BUG: KASAN: x"))


@test
def qemu_refuses():
    """A QEMU that refuses its arguments counts as failed, with its message."""
    outcome = FakeQemu("echo no such device; exit 1").boot()
    assert "no such device" in outcome.problems[0], outcome


def runner(number):
    """Starts a run that hangs, ends the runner by a signal; the fake QEMU."""
    qemu = FakeQemu("sleep 60 & wait", timeout=60)
    code = ("import sys, pathlib; sys.path[:0] = sys.argv[1:3]; import boot, cells;"
            "p = pathlib.Path(sys.argv[3]);"
            "boot.boot(next(iter(cells.load().values())), p, p / 'i', [], p / 'out')")
    process = subprocess.Popen([sys.executable, "-B", "-c", code, str(HERE), str(HERE.parent),
                                str(qemu.path)], stderr=subprocess.DEVNULL)
    for _ in range(100):
        if (qemu.path / "pid").exists() and (qemu.path / "pid").read_text():
            break
        time.sleep(0.1)
    process.send_signal(number)
    process.wait()
    return qemu


@test
def interrupt():
    """Ctrl-C leaves no QEMU behind."""
    assert not runner(signal.SIGINT).alive()


@test
def killed():
    """A runner that is killed leaves no QEMU behind."""
    assert not runner(signal.SIGKILL).alive()


RING, REGISTERS = 0x1000000, 0xFED80000
BASE, CONTROL, TAIL = (REGISTERS + offset for offset in (0x8, 0x18, 0x2008))
ENABLE = f"writel {CONTROL:#x} 0x1001"
SLOTS = 256
RESET = "outb 0xcf9 6"


def with_devices(qemu, program, *arguments, **options):
    """Runs an emulator (a word of ci/qemu.sh) with our devices to its end."""
    preload = f"LD_PRELOAD={':'.join(map(str, prepare.devices(qemu)))}"
    return subprocess.run(["env", preload, *prepare.emulator(qemu, program), "-display", "none",
                           *arguments], capture_output=True, text=True, timeout=20, check=False,
                          **options)


def rung_in(qemu, script):
    """What one emulator logs when these accesses are made; see rung()."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8") as log:
        done = with_devices(
            qemu, "qemu-system-x86_64", "-M", "q35", "-accel", "tcg", "-S", "-nodefaults",
            "-device", "amd-iommu", "-device", "command-log", "-no-reboot", "-qtest", "stdio",
            "-qtest-log", "/dev/null", "-D", log.name, "-trace", "amdvi_command_exec",
            input="\n".join([*script, ""]))
        text = log.read()
    assert done.stdout.count("OK") == len(script), done
    logged = list(re.finditer(r"^amdvi_command (\w+) 20000000 00000000 00000000$", text, re.M))
    executed = list(re.finditer(r"^amdvi_command_exec .* head at (0x\w+)", text, re.M))
    numbers = [int(line[1], 16) for line in logged]
    assert numbers == [int(line[1], 16) // 16 for line in executed], text
    assert all(line.start() < later.start() for line, later in zip(logged, executed)), text
    return numbers


def rung(*accesses):
    """Which commands, by number, the log shows when these accesses are made.

    No guest runs: QEMU's test protocol makes them. The ring is filled before
    with commands that hold their own number. What the IOMMU executes must be
    what was logged, and be logged before.
    """
    fill = [f"writeq {RING + 16 * n:#x} {2 << 60 | n:#x}" for n in range(SLOTS)]
    script = [*fill, f"writeq {BASE:#x} {8 << 56 | RING:#x}", *accesses, RESET]
    stock, *others = (rung_in(qemu, script) for qemu in cells.QEMUS)
    assert all(other == stock for other in others), others
    return stock


def tail(slot, size="l"):
    """Rings the doorbell."""
    return f"write{size} {TAIL:#x} {16 * slot:#x}"


@test
def devices_load():
    """The devices load into every emulator, and the command log wants an amd-iommu."""
    for program in boot.QEMU.values():
        said = with_devices("stock", program, "-M", "none", "-device", "help").stdout
        assert '"command-log"' in said and '"dma-probe"' in said, said
    for qemu in cells.QEMUS:
        done = with_devices(qemu, "qemu-system-x86_64", "-M", "q35", "-device", "command-log")
        assert done.returncode == 1 and "there is no amd-iommu" in done.stderr, done


@test
def command_log():
    """The command log shows each command of a doorbell, across the ring's end too."""
    assert rung(ENABLE, tail(1), tail(2), tail(2)) == [0, 1]
    assert rung(ENABLE, tail(1, "q"), tail(255, "q")) == [*range(255)]
    assert rung(ENABLE, tail(254), tail(3), tail(5)) == [*range(256), *range(5)]
    assert rung(ENABLE, tail(255), tail(0), tail(1)) == [*range(256), 0]


@test
def command_log_disabled():
    """The command log shows what waits in a disabled ring when it is enabled."""
    assert rung(tail(3)) == []
    assert rung(tail(3), f"writel {CONTROL:#x} 0x1") == []
    assert rung(tail(3), ENABLE, tail(4)) == [0, 1, 2, 3]
    assert rung(tail(3), ENABLE.replace("writel", "writeq")) == [0, 1, 2]


@test
def matrix():
    """A wrong key or value in the matrix is refused with its place."""
    text = (cells.CI / "matrix.ini").read_text(encoding="utf-8")
    for wrong in ("like = @intel\nnonsense = 1", "like = @intel\nsmp = two", "like = @intel\noracles = luck",
                  "like = @intel\niommu = none", "like = @intel\nqemu = new", "like = @nobody",
                  "like = x", "smp = 2", "like = @intel\nexpect = (", f"like = @intel\n{MUTANT}",
                  f"like = @intel\n{MUTANT}\ncaught_by = (", "like = @intel\ncaught_by = b",
                  "like = @intel\nmutant = nobody\ncaught_by = b"):
        with tempfile.NamedTemporaryFile("w", suffix=".ini") as file:
            file.write(f"{text}\n[x]\n{wrong}\n")
            file.flush()
            try:
                cells.load(file.name)
            except cells.RigError as error:
                assert "[x]" in str(error), error
            else:
                raise AssertionError(wrong)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print("\n".join(TESTS))
    else:
        TESTS[sys.argv[1]]()
