"""Run ffmpeg and ffprobe: apart, limited, without a shell, never longer than asked.

A media tool is where hostile bytes meet C code, so each runs as a process of its own with limits on
memory, file size and CPU, dies with its parent, works inside the scratch folder and sees only local files.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

from common.errors import DeadlineExceeded, NoSpace, Permanent, ToolFailed

GIB = 1 << 30

# What Cutroom opens. Playlists (hls, dash, concat, image2) are absent: they name other files and hosts.
DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,live_flv,ogg,asf,mxf,ivf,obu,"
    "h264,hevc,m4v,dv,nut,wav,w64,mp3,aac,flac,aiff,caf,ac3,eac3,gif,rm,wtv,vob,amr"
)
SAFE_INPUT = ("-protocol_whitelist", "file,pipe", "-format_whitelist", DEMUXERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one tool process: address space and written file in bytes, CPU and wall time in seconds."""

    memory: int = 12 * GIB
    file_size: int = 64 * GIB
    cpu_s: int = 4 * 3600
    wall_s: float = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a tool left behind; `stderr` holds the last lines only."""

    stdout: bytes
    stderr: str


def file_url(path: Path) -> str:
    """A path as ffmpeg must be given it, so that no name is read as an option, a pattern or a protocol."""
    return "file:" + os.path.abspath(path)


@cache
def find(tool: str) -> str:
    """The full path of a tool; raises Permanent naming the command that installs it."""
    path = shutil.which(tool)
    if path is None:
        raise Permanent(f"{tool} is not on this machine; run scripts/setup to install it", code="no_tool")
    return path


@cache
def _wrapper(limits: Limits) -> tuple[str, ...]:
    """util-linux's prlimit and setpriv, where they exist: limits, and death with the parent."""
    argv: tuple[str, ...] = ()
    if prlimit := shutil.which("prlimit"):
        argv += (
            prlimit,
            f"--as={limits.memory}",
            f"--fsize={limits.file_size}",
            f"--cpu={limits.cpu_s}",
            "--core=0",
            "--",
        )
    if setpriv := shutil.which("setpriv"):
        argv += (setpriv, "--pdeathsig", "KILL", "--")
    return argv


def _environment(scratch: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "HOME": str(scratch), "LANG": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1"}


@dataclass(slots=True)
class Running:
    """A tool at work. Read `stdout` to its end; `stderr` lines go to the callback given at the start."""

    name: str
    process: subprocess.Popen[bytes]
    tail: deque[str]
    reader: threading.Thread

    def last_words(self) -> str:
        """The last line it printed before it ended."""
        self.reader.join(timeout=5)
        lines = (line.strip() for line in reversed(self.tail))
        return next((line for line in lines if line and not line.startswith("Last message repeated")), "no message")

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None, "start the tool with feed=True to write to it"
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        assert self.process.stdout is not None
        return self.process.stdout


@contextmanager
def stream(
    tool: str,
    args: list[str],
    *,
    scratch: Path,
    limits: Limits = Limits(),
    on_stderr: Callable[[str], bool] | None = None,
    feed: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Running]:
    """Run a tool and read its stdout while it works.

    Leaving the block waits for the tool and raises as `run` does; leaving it by an exception kills the tool.
    `on_stderr` is called from another thread, once a line; True means the line was taken and is no error.
    With `feed`, write to `stdin` of what is yielded; it is closed when the block is left. `environment` is added to
    the few variables that a tool is given.
    """
    argv = [*_wrapper(limits), find(tool), *args]
    process = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE if feed else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=scratch,
        env={**_environment(scratch), **(environment or {})},
    )
    tail: deque[str] = deque(maxlen=40)

    def read_stderr() -> None:
        assert process.stderr is not None
        for raw in process.stderr:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            if on_stderr is None or not on_stderr(line):
                tail.append(line[:500])

    reader = threading.Thread(target=read_stderr, daemon=True, name=f"{tool}-stderr")
    reader.start()
    running = Running(tool, process, tail, reader)
    timed_out = threading.Event()
    late = DeadlineExceeded(f"{Path(tool).name} was stopped after {limits.wall_s:.0f} s; the file may be damaged")

    def expire() -> None:
        timed_out.set()
        process.kill()

    timer = threading.Timer(limits.wall_s, expire)
    timer.daemon = True
    timer.start()
    try:
        yield running
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()
        process.wait()
    except BaseException as error:
        process.kill()
        process.wait()
        if isinstance(error, ToolFailed) and timed_out.is_set():
            raise late from error
        raise
    finally:
        timer.cancel()
        reader.join(timeout=5)
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(BrokenPipeError):  # what was still to be written goes nowhere
                    pipe.close()
    if timed_out.is_set():
        raise late
    if process.returncode:
        raise _failure(running)


def run(tool: str, args: list[str], *, scratch: Path, limits: Limits = Limits()) -> Finished:
    """Run a tool to its end.

    Raises DeadlineExceeded past `limits.wall_s`, NoSpace on a full disk, ToolFailed on any other bad end.
    """
    with stream(tool, args, scratch=scratch, limits=limits) as running:
        out = running.stdout.read()
    return Finished(stdout=out, stderr="\n".join(running.tail))


def _failure(running: Running) -> Permanent:
    text = "\n".join(running.tail)
    if "No space left on device" in text:
        return NoSpace("the disk is full; free some space and run again")
    code = running.process.returncode
    how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
    return ToolFailed(f"{running.name} {how}: {running.last_words()}")
