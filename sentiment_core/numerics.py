"""How the threads of this program compute.

Gradients that vanish through time end as subnormal floats (below 1.2e-38), which many CPUs compute several times more
slowly than any other number (AMD's do not). They are counted as zero here: the processor keeps that choice for each
thread, and a thread inherits it from the one that starts it. So every process makes it before anything else computes,
or pools of threads that were started earlier stay slow.
"""

from __future__ import annotations


def prepare_thread(threads: int | None = None) -> None:
    """Count subnormal floats as zero in this thread and in those it starts; let it use `threads` threads for one sum.

    The first statement of each process that computes, and the initializer of each pool of threads.
    """
    import torch

    torch.set_flush_denormal(True)  # False where the processor cannot: slower there, with the same measurements
    if threads is not None:
        torch.set_num_threads(threads)
