"""The notebook's mistakes in the model: each does exactly what the notebook did, and the correct path does not."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from sentiment_core.config import build
from sentiment_core.errors import ConfigError
from sentiment_core.models import SentimentModel, build_model
from sentiment_core.models.mistakes import CrossReviewAttention, NormPerCall, OffByOneMask
from sentiment_core.models.pooling import DotAttention, RandomAttention
from sentiment_core.settings import ModelConfig

CPU = torch.device("cpu")
LENGTHS = torch.tensor([7, 1, 4])
MATRIX = torch.cat([torch.zeros(1, 5), torch.randn(20, 5, generator=torch.Generator().manual_seed(3))])
TOKENS = torch.randint(1, 21, (3, 9), generator=torch.Generator().manual_seed(4)) * (torch.arange(9) < LENGTHS[:, None])


def make(*mistakes: str, **fields: Any) -> SentimentModel:
    config = build(ModelConfig, {"hidden_size": 6, "mistakes": mistakes, **fields})
    return build_model(config, MATRIX, 1, CPU).eval()


def logits(model: SentimentModel, tokens: torch.Tensor = TOKENS) -> torch.Tensor:
    with torch.no_grad():
        return model(tokens, LENGTHS[: len(tokens)]).logits


def weights(model: SentimentModel) -> torch.Tensor:
    with torch.no_grad():
        found = model(TOKENS, LENGTHS).attention_weights
    assert found is not None
    return found


def test_no_mistake_is_on_unless_named() -> None:
    for norm in ("none", "batch", "layer"):
        kinds = {type(module) for module in make(input_norm=norm, state_norm=norm).modules()}
        assert not kinds & {OffByOneMask, CrossReviewAttention, NormPerCall}


@pytest.mark.parametrize(
    ("mistake", "fields"),
    [
        ("off_by_one_mask", {"pooling": ("attention_additive",)}),
        ("cross_review_attention", {}),
        ("norm_per_call", {"input_norm": "batch", "state_norm": "batch", "norm_affine": False}),
    ],
)
def test_a_mistaken_model_starts_from_its_twins_weights(mistake: str, fields: dict[str, Any]) -> None:
    right, wrong = make(**fields), make(mistake, **fields)
    for one, other in zip(right.parameters(), wrong.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not torch.equal(logits(right), logits(wrong))


@pytest.mark.parametrize("pooling", ["attention_dot", "attention_scaled_dot", "attention_additive"])
def test_off_by_one_mask_gives_the_last_real_token_nothing(pooling: str) -> None:
    right, wrong = weights(make(pooling=(pooling,))), weights(make("off_by_one_mask", pooling=(pooling,)))
    assert (right[torch.arange(3), LENGTHS - 1] > 0).all()
    assert (wrong[0, :6] > 0).all() and not wrong[0, 6:].any()
    assert (wrong[2, :3] > 0).all() and not wrong[2, 3:].any()
    torch.testing.assert_close(wrong.sum(dim=1), torch.ones(3))


def test_off_by_one_mask_spreads_a_review_of_one_token_over_all_positions() -> None:
    # By hand, as the notebook has it: products at masked positions are −9999 in each unit, then summed over the units.
    generator = torch.Generator().manual_seed(0)
    states, mask = torch.randn(3, 9, 6, generator=generator), torch.arange(9) < LENGTHS[:, None]
    last = states[torch.arange(3), LENGTHS - 1]
    masked = (torch.arange(9) >= LENGTHS[:, None] - 1).unsqueeze(-1)
    expected = (states * last.unsqueeze(1)).masked_fill(masked, -9999.0).sum(dim=-1).softmax(dim=-1)
    pooled, found = OffByOneMask(DotAttention(6, 4))(states, last, mask)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found[1], torch.full((9,), 1 / 9))
    torch.testing.assert_close(pooled, (expected.unsqueeze(-1) * states).sum(dim=1))


def test_the_mock_up_adds_over_time_and_weighs_reviews() -> None:
    # What the lesson says of the notebook's mock-up, shape by shape; the weights add up to 1 all the same.
    generator = torch.Generator().manual_seed(0)
    states, h_n = torch.randn(2, 5, 6, generator=generator), torch.randn(1, 2, 6, generator=generator)
    meant = states * h_n.squeeze(0).unsqueeze(1)
    product = states * h_n.squeeze().unsqueeze(1).unsqueeze(1)
    assert (meant.shape, product.shape) == ((2, 5, 6), (2, 2, 5, 6))
    assert meant.sum(2).shape == (2, 5), "scores of tokens"
    assert product.sum(2).shape == (2, 2, 6), "time is gone: reviews and units are left"
    torch.testing.assert_close(product.sum(2).softmax(dim=1).sum(dim=1), torch.ones(2, 6))


def test_another_review_changes_my_answer_only_when_reviews_attend_to_each_other() -> None:
    other = TOKENS.clone()
    other[2, 0] = (other[2, 0] + 1) % 20 + 1
    right, wrong = make(), make("cross_review_attention")
    assert torch.equal(logits(right)[:2], logits(right, other)[:2])
    assert (logits(wrong)[:2] != logits(wrong, other)[:2]).all()
    torch.testing.assert_close(logits(right, TOKENS[:1]), logits(right)[:1])
    assert not torch.allclose(logits(wrong, TOKENS[:1]), logits(wrong)[:1], atol=1e-4)


def test_cross_review_attention_is_the_broadcast_of_the_mock_up() -> None:
    generator = torch.Generator().manual_seed(0)
    states, h_n = torch.randn(2, 5, 6, generator=generator), torch.randn(1, 2, 6, generator=generator)
    product = states * h_n.squeeze(0)[:, None, None, :]
    assert product.shape == (2, 2, 5, 6)
    attended = product.sum(-1).softmax(-1)  # (2, 2, 5)
    expected = (attended.unsqueeze(-1) * states).sum(dim=2).mean(dim=1)
    pooled, own = CrossReviewAttention()(states, h_n[0], torch.ones(2, 5, dtype=torch.bool))
    torch.testing.assert_close(pooled, expected)
    torch.testing.assert_close(own, torch.stack([attended[0, 0], attended[1, 1]]) / 2)
    torch.testing.assert_close(own.sum(dim=1), torch.full((2,), 0.5))


def test_alone_a_review_attends_to_itself() -> None:
    torch.testing.assert_close(logits(make("cross_review_attention"), TOKENS[:1]), logits(make(), TOKENS[:1]))


def test_batch_norm_per_call_is_pytorchs_layer_made_in_forward() -> None:
    x = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(0)) * 3 + 1
    mask = torch.arange(9) < 5
    torch.testing.assert_close(NormPerCall("batch")(x, mask), nn.BatchNorm1d(9)(x))
    torch.testing.assert_close(NormPerCall("batch")(x[:, 0], mask), nn.BatchNorm1d(5)(x[:, 0]))
    torch.testing.assert_close(NormPerCall("layer")(x, mask), nn.LayerNorm(5)(x))
    assert not NormPerCall("batch")(x[:1, 0], mask).any()


def test_norm_per_call_keeps_nothing_and_answers_by_the_batch() -> None:
    fields: dict[str, Any] = {"input_norm": "batch", "state_norm": "batch", "pooling": ("last",)}
    right, wrong = make(**fields), make("norm_per_call", **fields)
    trained = [name for name, _ in right.named_parameters() if "norm" in name]
    assert len(trained) == 4
    assert not [name for name in wrong.state_dict() if "norm" in name]
    longer = torch.nn.functional.pad(TOKENS, (0, 5))
    torch.testing.assert_close(logits(right), logits(right, longer))
    assert not torch.allclose(logits(wrong), logits(wrong, TOKENS.flip(0)).flip(0), atol=1e-4)
    torch.testing.assert_close(logits(right)[:2], logits(right, TOKENS[:2]))
    assert not torch.allclose(logits(wrong)[:2], logits(wrong, TOKENS[:2]), atol=1e-4)


@pytest.mark.parametrize(
    ("mistake", "fields", "wanted"),
    [
        ("off_by_one_mask", {"pooling": ("last",)}, "an attention"),
        ("cross_review_attention", {"pooling": ("attention_additive",)}, "attention_dot"),
        ("norm_per_call", {}, "needs a norm"),
    ],
)
def test_a_mistake_in_a_part_that_is_not_there_is_refused(mistake: str, fields: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ConfigError, match=wanted):
        make(mistake, **fields)


def test_uniform_attention_is_one_over_length_and_the_mean() -> None:
    found = weights(make(pooling=("attention_uniform",)))
    for row, length in enumerate(LENGTHS.tolist()):
        torch.testing.assert_close(found[row, :length], torch.full((length,), 1 / length))
        assert not found[row, length:].any()
    torch.testing.assert_close(logits(make(pooling=("attention_uniform",))), logits(make(pooling=("mean",))))


def test_random_attention_is_drawn_from_the_seed_saved_and_never_trained() -> None:
    config = build(ModelConfig, {"hidden_size": 6, "pooling": ("attention_random",)})
    model, again, other = (build_model(config, MATRIX, seed, CPU) for seed in (1, 1, 2))
    assert torch.equal(model.state_dict()["pool.attention.query_drawn"], again.pool.attention.query_drawn)
    assert not torch.equal(model.pool.attention.query_drawn, other.pool.attention.query_drawn)
    assert not any(parameter.requires_grad for parameter in model.pool.parameters())
    other.load_state_dict(model.state_dict())
    assert torch.equal(weights(other), weights(model))


def test_no_gradient_reaches_the_states_through_random_scores() -> None:
    torch.manual_seed(0)
    attention = RandomAttention(5, 4)
    states = torch.randn(2, 3, 5, requires_grad=True)
    _, found = attention(states, states[:, -1], torch.ones(2, 3, dtype=torch.bool))
    assert not found.requires_grad
    assert found.max() > 1.5 / 3, "it has to differ from uniform to be a control of its own"
