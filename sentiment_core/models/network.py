"""What every model that is trained has in common."""

from __future__ import annotations

import torch
from torch import nn

from sentiment_core.models.states import StateWatch


class Network(nn.Module):
    """A model that a task trains. All its random numbers come from `generator`, which a checkpoint keeps."""

    generator: torch.Generator

    def watch_states(self) -> StateWatch:
        """Return a block around one forward pass that keeps its hidden states; here there are none to watch."""
        raise NotImplementedError(f"{type(self).__name__} has no states to watch")
