"""The Transformer that answers from [CLS]: what reaches its answer, padding, attention, its weights."""

from __future__ import annotations

import pytest
import torch

from sentiment_core.config import from_fields
from sentiment_core.models.masked import build_masked_model
from sentiment_core.models.reviews import ReviewTransformer, build_review_transformer
from sentiment_core.settings import ModelConfig
from sentiment_core.wordpiece import CLS_ID, SEP_ID

CPU = torch.device("cpu")
VOCABULARY, LONGEST = 30, 12
LENGTHS = torch.tensor([6, 3, 0])


def config(**fields: object) -> ModelConfig:
    sizes = {"hidden_size": 16, "heads": 2, "num_layers": 2, "feed_forward_size": 24}
    return from_fields({f"model.{name}": value for name, value in {**sizes, **fields}.items()}).model


def network(**fields: object) -> ReviewTransformer:
    model = build_review_transformer(config(**fields), VOCABULARY, LONGEST, 3, CPU).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)  # as far from its start as training takes it
    return model


@pytest.fixture
def token_ids() -> torch.Tensor:
    return torch.randint(5, VOCABULARY, (3, 6), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "none"])
def test_padding_never_changes_an_answer(token_ids: torch.Tensor, positions: str) -> None:
    model = network(positions=positions)
    padded = torch.cat([token_ids, torch.full((3, 4), 7)], dim=1)
    torch.testing.assert_close(model(padded, LENGTHS).logits, model(token_ids, LENGTHS).logits, rtol=0, atol=1e-6)
    alone = torch.cat(
        [model(row[None, : max(size, 1)], size[None]).logits for row, size in zip(token_ids, LENGTHS, strict=True)]
    )
    torch.testing.assert_close(model(token_ids, LENGTHS).logits, alone, rtol=0, atol=1e-6)
    filled = padded.clone()
    filled[torch.arange(10) >= LENGTHS[:, None]] = 9
    torch.testing.assert_close(model(filled, LENGTHS).logits, model(padded, LENGTHS).logits, rtol=0, atol=1e-6)


def test_a_review_stands_between_cls_and_sep(token_ids: torch.Tensor) -> None:
    """The answer is that of the Transformer over the ids written out, read at its first place alone."""
    model = network()
    for row, size in zip(token_ids, LENGTHS.tolist(), strict=True):
        written = torch.tensor([[CLS_ID, *row[:size].tolist(), SEP_ID]])
        states = model.transformer(written, torch.zeros_like(written), torch.tensor([size + 2]))
        expected = model.answer(torch.tanh(model.pair_layer(states[:, 0]))).squeeze()
        found = model(row[None, : max(size, 1)], torch.tensor([size])).logits[0]
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def test_other_places_reach_the_answer_through_attention_alone(token_ids: torch.Tensor) -> None:
    """Where [CLS] sees only itself, no word can change the answer; where it sees all, each can."""
    model = network(direction="left")
    other = (token_ids + 3) % VOCABULARY
    assert torch.equal(model(token_ids, LENGTHS).logits, model(other, LENGTHS).logits)
    model.transformer.direction = "both"
    assert (model(token_ids, LENGTHS).logits[:2] != model(other, LENGTHS).logits[:2]).all()
    embedded = model.transformer.embedding(token_ids).detach().requires_grad_()
    model.classify(embedded, LENGTHS).logits.sum().backward()
    assert embedded.grad is not None
    real = torch.arange(6) < LENGTHS[:, None]
    assert (embedded.grad.abs().sum(-1)[real] > 0).all() and not embedded.grad[~real].any()


def test_attention_sums_to_one_and_never_reaches_padding(token_ids: torch.Tensor) -> None:
    model = network()
    embedded = model.transformer.embedding(token_ids)
    weights = model.attention(embedded, LENGTHS)  # (layers, B, heads, T + 2, T + 2)
    assert weights.shape == (2, 3, 2, 8, 8)
    places = torch.arange(8)
    for row, size in enumerate(LENGTHS.tolist()):
        inside = weights[:, row, :, : size + 2]
        torch.testing.assert_close(inside.sum(-1), torch.ones(inside.shape[:-1]))
        assert not inside[..., places >= size + 2].any()
    output = model.classify(embedded, LENGTHS)
    assert output.attention_weights is not None
    cls = weights[-1].mean(dim=1)[:, 0]  # (B, T + 2)
    special = torch.stack([cls[row, 0] + cls[row, size + 1] for row, size in enumerate(LENGTHS.tolist())])
    torch.testing.assert_close(output.attention_weights.sum(dim=1) + special, torch.ones(3))
    assert not output.attention_weights[torch.arange(6) >= LENGTHS[:, None]].any()
    torch.testing.assert_close(output.logits, model(token_ids, LENGTHS).logits, rtol=0, atol=1e-6)


def test_all_but_the_answer_is_called_as_in_a_masked_language_model() -> None:
    """Else the weights of pre-training would be left lying."""
    masked = build_masked_model(config(), VOCABULARY, LONGEST, 0, CPU).state_dict()
    own = network().state_dict()
    assert {name for name in own if name not in masked} == {"answer.weight", "answer.bias"}
    assert all(own[name].shape == masked[name].shape for name in own if name in masked)
