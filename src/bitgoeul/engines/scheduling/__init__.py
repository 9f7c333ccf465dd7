"""Who starts when on a machine of fixed size.

    plan        the earliest start of every waiting job, in the order of the queue
    Need        what a job takes of the machine while it runs
    Waiting     a job in the queue, with the time it may take at most
    Running     a job that holds its part of the machine now
    Start       the answer for one waiting job

Conservative backfilling: each job, in order, gets the earliest place at which it fits
for its whole declared time beside every earlier promise.  A small job may overtake a
large one only when it delays nobody, and no job starves.
"""

from bitgoeul.engines.scheduling._plan import Need, Running, Start, Waiting, plan

__all__ = ["Need", "Running", "Start", "Waiting", "plan"]
