"""The first process inside a sandbox.  Stand-alone, standard library only.

    python -I -S init.py UID NICE CPUS LIMIT=VALUE… -- COMMAND…

It waits for the supervisor's word (file descriptor 4), gives up every right, runs
the command, reaps whatever its processes leave behind, and passes on a request to
stop to all of them.  When it ends, the kernel kills the rest of the sandbox.
"""

from __future__ import annotations

# The C module behind `signal`, which would import enum and re: 20 ms for every job.
import _signal as signal
import os
import resource
import sys

GO, REPORT = 4, 5
NOT_RUN = 125


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code that a shell would show."""
    os.set_inheritable(GO, False)
    os.set_inheritable(REPORT, False)
    signal.signal(signal.SIGTERM, stop_everything)
    os.write(REPORT, b"ready\n")
    if os.read(GO, 1) != b"g":  # the supervisor died before it knew about us
        return NOT_RUN
    split = arguments.index("--")
    settings, command = arguments[:split], arguments[split + 1 :]
    child = os.fork()
    if child == 0:
        become_the_command(settings, command)
    status = reap_until(child)
    os.write(REPORT, b"status %d\n" % status)
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def become_the_command(settings: list[str], command: list[str]) -> None:
    """Give up rights and limits, then run the command; never returns."""
    try:
        user, niceness, cpus, *limits = settings
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("700")  # when the machine runs out of memory, jobs go before the hub
        os.nice(int(niceness))
        if cpus:
            os.sched_setaffinity(0, {int(cpu) for cpu in cpus.split(",")})
        if user:
            os.setgroups([])
            os.setresgid(int(user), int(user), int(user))
            os.setresuid(int(user), int(user), int(user))
        for limit in limits:
            name, value = limit.split("=")
            lower(getattr(resource, "RLIMIT_" + name), int(value))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(command[0], command, os.environ)  # noqa: S606 - the command is the job's own, in its sandbox
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(127 if isinstance(error, FileNotFoundError) else 126)
    except ValueError as error:
        os.write(2, f"{error}\n".encode())
        os._exit(NOT_RUN)


def lower(limit: int, value: int) -> None:
    """Set a limit, or leave the machine's own where that is lower already."""
    hard = resource.getrlimit(limit)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(limit, (value, value))


def reap_until(child: int) -> int:
    """Wait for the command itself; reap orphans on the way, so that none of their time is lost."""
    while True:
        ended, status = os.wait()
        if ended == child:
            break
    try:
        os.kill(-1, signal.SIGKILL)
        while True:
            os.wait()
    except (ProcessLookupError, ChildProcessError):
        return status


def stop_everything(_signal: int, _frame: object) -> None:
    """Pass the request to stop on to every process of the sandbox."""
    try:
        os.kill(-1, signal.SIGTERM)
    except ProcessLookupError:
        return


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
