# SPDX-License-Identifier: GPL-2.0
"""A QEMU that runs no guest. Requests of qtest change memory, registers and time."""

import os
import select
import subprocess
import tempfile

TIMEOUT = 30	# seconds for an answer; QEMU hangs if it takes longer


class Crash(Exception):
    """QEMU ended, or does not answer."""


class Qemu:
    """A QEMU process, and the requests of QEMU's docs/devel/qtest.rst."""

    def __init__(self, command):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            command + ["-qtest", "stdio", "-qtest-log", "none"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, bufsize=0)
        self.rest = b""

    def requests(self, lines):
        """Sends requests, returns the answers without their OK."""
        try:
            self.process.stdin.write(("\n".join(lines) + "\n").encode())
        except BrokenPipeError as error:
            raise Crash(self.story("ended")) from error
        answers = self.rest.split(b"\n")
        while len(answers) <= len(lines):
            if not select.select([self.process.stdout], [], [], TIMEOUT)[0]:
                raise Crash(self.story("does not answer"))
            more = os.read(self.process.stdout.fileno(), 1 << 16)
            if not more:
                raise Crash(self.story("ended"))
            self.rest += more
            answers = self.rest.split(b"\n")
        self.rest = answers.pop()
        return [self.value(answer) for answer in answers]

    def value(self, answer):
        """The answer without its OK."""
        if not answer.startswith(b"OK"):
            raise Crash(self.story(f"answers {answer[:100]!r}"))
        return answer[3:].decode()

    def request(self, line):
        """One request."""
        return self.requests([line])[0]

    def read(self, address, size):
        """Guest memory, or registers."""
        return bytes.fromhex(self.request(f"read 0x{address:x} 0x{size:x}")[2:])

    def story(self, what):
        """A description of the error, with the end of QEMU's output."""
        try:
            status = self.process.wait(5 if what == "ended" else 0.1)
            what += f", exit status {status}"
        except subprocess.TimeoutExpired:
            pass
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace").split("\n")
        at = next((i for i, line in enumerate(said) if "ERROR:" in line or
                   "runtime error" in line), max(len(said) - 30, 0))
        return "\n".join([f"QEMU {what}"] + said[at:at + 40])

    def close(self):
        """Ends it."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


def write(address, data):
    """Request: write to guest memory."""
    return f"write 0x{address:x} 0x{len(data):x} 0x{bytes(data).hex()}"


def register(address, value, size):
    """Request: write a big-endian register of 1, 2, 4 or 8 bytes with one access."""
    swapped = int.from_bytes(value.to_bytes(size, "big"), "little")
    return f"write{'bwlq'[size.bit_length() - 1]} 0x{address:x} 0x{swapped:x}"
