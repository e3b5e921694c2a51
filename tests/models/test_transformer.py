"""The Transformer and its heads: torch's own layers with the same weights, bounds of attention, directions."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sentiment_core.config import from_fields
from sentiment_core.models.masked import MaskedLanguageModel, build_masked_model
from sentiment_core.models.transformer import Transformer, sinusoidal
from sentiment_core.settings import ModelConfig

VOCABULARY, LONGEST = 50, 20
CPU = torch.device("cpu")


def config(**fields: Any) -> ModelConfig:
    small = {"hidden_size": 16, "heads": 2, "feed_forward_size": 24, "num_layers": 2}
    return from_fields({f"model.{name}": value for name, value in {**small, **fields}.items()}).model


def built(seed: int = 1, **fields: Any) -> MaskedLanguageModel:
    """A model with weights far from their start, where a mistake would hardly show."""
    model = build_masked_model(config(**fields), VOCABULARY, LONGEST, seed, CPU).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.3)
    return model


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(2)
    lengths = torch.tensor([11, 7, 4])
    token_ids = torch.randint(1, VOCABULARY, (3, 11), generator=generator)
    segments = (torch.arange(11) > 5).long().expand(3, 11)
    return token_ids * (torch.arange(11) < lengths[:, None]), segments, lengths


def reference(model: MaskedLanguageModel, batch: Any, chosen: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The same computation of torch's own modules."""
    token_ids, segments, lengths = batch
    own = model.transformer
    first = own.layers[0]
    layer = nn.TransformerEncoderLayer(
        16, 2, 24, dropout=0.0, activation="gelu", batch_first=True, norm_first=first.pre
    )
    stack = nn.TransformerEncoder(layer, 2, norm=nn.LayerNorm(16) if first.pre else None, enable_nested_tensor=False)
    for theirs, ours in zip(stack.layers, own.layers, strict=True):
        theirs.self_attn.in_proj_weight.data = ours.attention.projection.weight.data
        theirs.self_attn.in_proj_bias.data = ours.attention.projection.bias.data
        for name, module in {
            "self_attn.out_proj": ours.attention.output,
            "linear1": ours.widen,
            "linear2": ours.narrow,
            "norm1": ours.attention_norm,
            "norm2": ours.feed_forward_norm,
        }.items():
            theirs.get_submodule(name).load_state_dict(module.state_dict())
    if first.pre:
        stack.norm.load_state_dict(own.final_norm.state_dict())
    x = F.embedding(token_ids, own.embedding.weight) + F.embedding(segments, own.segments.weight)
    if own.positions is not None:
        x = x + own.positions[: x.shape[1]]
    x = F.layer_norm(x, (16,), own.embedding_norm.weight, own.embedding_norm.bias)
    steps = x.shape[1]
    causal = torch.ones(steps, steps, dtype=torch.bool).triu(1) if own.direction == "left" else None
    # In training mode: without it torch takes a fused path of its own.
    states = stack.train()(x, mask=causal, src_key_padding_mask=torch.arange(steps) >= lengths[:, None])
    head = nn.Sequential(model.word_layer, nn.GELU(), model.word_norm)
    words = head(states.reshape(-1, 16)[chosen]) @ own.embedding.weight.T + model.word_bias
    return words, model.pair_head(torch.tanh(model.pair_layer(states[:, 0])))[:, 0]


@pytest.mark.parametrize("positions", ["learned", "sinusoidal", "none"])
@pytest.mark.parametrize(("norm_place", "direction"), [("pre", "both"), ("post", "both"), ("pre", "left")])
def test_it_computes_what_torch_s_own_layers_do(batch: Any, positions: str, norm_place: str, direction: str) -> None:
    model = built(positions=positions, norm_place=norm_place, direction=direction)
    chosen = torch.tensor([1, 3, 12, 24])
    with torch.no_grad():
        found = model(*batch, chosen)
        words, follows = reference(model, batch, chosen)
    torch.testing.assert_close(found.words, words, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(found.follows, follows, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("direction", ["both", "left"])
def test_weights_sum_to_one_never_reach_padding_and_explain_the_states(batch: Any, direction: str) -> None:
    model = built(direction=direction)
    weights: list[torch.Tensor] = []
    token_ids, segments, lengths = batch
    with torch.no_grad():
        explicit = model.transformer(token_ids, segments, lengths, weights)
        fused = model.transformer(token_ids, segments, lengths)
    assert [tuple(layer.shape) for layer in weights] == [(3, 2, 11, 11)] * 2
    padding = torch.arange(11) >= lengths[:, None]
    for layer in weights:
        torch.testing.assert_close(layer.sum(-1), torch.ones(3, 2, 11))
        assert (layer.transpose(1, 3)[padding] == 0).all()  # by the place that is attended to
        if direction == "left":
            assert (layer.triu(1) == 0).all()
    torch.testing.assert_close(explicit[~padding], fused[~padding], atol=1e-5, rtol=1e-5)


def test_more_padding_changes_nothing(batch: Any) -> None:
    token_ids, segments, lengths = batch
    model = built()
    with torch.no_grad():
        short = model.transformer(token_ids, segments, lengths)
        long = model.transformer(F.pad(token_ids, (0, 6)), F.pad(segments, (0, 6)), lengths)
    real = torch.arange(11) < lengths[:, None]
    torch.testing.assert_close(short[real], long[:, :11][real], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("norm_place", ["pre", "post"])
def test_a_decoder_s_past_does_not_see_its_future(batch: Any, norm_place: str) -> None:
    token_ids, segments, lengths = batch
    changed = token_ids.clone()
    changed[0, 8] = (token_ids[0, 8] + 1) % VOCABULARY
    for direction, before_differs in (("left", False), ("both", True)):
        model = built(direction=direction, norm_place=norm_place)
        with torch.no_grad():
            first, second = (model.transformer(ids, segments, lengths)[0] for ids in (token_ids, changed))
        assert torch.equal(first[:8], second[:8]) is not before_differs
        assert not torch.equal(first[8], second[8])


def test_without_positions_order_is_invisible(batch: Any) -> None:
    token_ids, segments, lengths = batch
    mixed = token_ids.clone()
    mixed[0, 1:5] = token_ids[0, [4, 2, 1, 3]]
    for positions, sees in (("none", False), ("learned", True), ("sinusoidal", True)):
        model = built(positions=positions)
        with torch.no_grad():
            # [CLS], the pair's answer, cannot change where order is unknown; the words' states move with them.
            plain, shuffled = (
                model(ids, segments, lengths, torch.tensor([0])).follows[0] for ids in (token_ids, mixed)
            )
        assert bool(abs(plain - shuffled) > 1e-4) is sees


def test_only_chosen_places_are_learned_from(batch: Any) -> None:
    model = built()
    model.zero_grad()
    token_ids, segments, lengths = batch
    chosen = torch.tensor([2, 13])
    kept: list[torch.Tensor] = []
    model.transformer.register_forward_hook(
        lambda module, inputs, states: (states.retain_grad(), kept.append(states))[1]
    )
    F.cross_entropy(model(token_ids, segments, lengths, chosen).words, torch.tensor([3, 4])).backward()
    touched = kept[0].grad.flatten(0, 1).abs().sum(-1) > 0
    assert touched.nonzero().flatten().tolist() == chosen.tolist()


def test_models_that_differ_in_positions_share_all_other_weights() -> None:
    states = [
        build_masked_model(config(positions=kind), VOCABULARY, LONGEST, 1, CPU).state_dict()
        for kind in ("learned", "sinusoidal", "none")
    ]
    assert set(states[0]) - set(states[2]) == {"transformer.positions"} and set(states[1]) == set(states[2])
    assert all(torch.equal(states[0][name], states[2][name]) for name in states[2])
    other = build_masked_model(config(), VOCABULARY, LONGEST, 2, CPU).state_dict()
    assert not torch.equal(states[0]["transformer.embedding.weight"], other["transformer.embedding.weight"])


def test_sinusoidal_positions_are_the_formula_and_similar_to_their_neighbours() -> None:
    table = sinusoidal(40, 6)
    assert table[0].tolist() == [0, 1, 0, 1, 0, 1]
    assert float(table[3, 2]) == pytest.approx(torch.sin(torch.tensor(3 / 10_000 ** (2 / 6))).item())
    similarity = table @ table.T
    # The product depends on the distance alone.
    torch.testing.assert_close(similarity.diagonal(5), similarity[0, 5].expand(35), atol=1e-5, rtol=1e-5)
    assert sinusoidal(4, 5).shape == (4, 5)


def test_a_transformer_is_built_from_its_sizes() -> None:
    made = Transformer(config(num_layers=3), VOCABULARY, LONGEST, torch.Generator())
    assert len(made.layers) == 3 and made.positions is not None and made.positions.shape == (LONGEST, 16)
