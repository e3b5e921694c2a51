"""Presets and the twin experiment."""

from sentiment_core.config import ExperimentConfig
from sentiment_core.presets import PRESETS, preset, vary_clipping


def test_twins_differ_in_clipping_alone():
    twins = vary_clipping(ExperimentConfig())
    assert [run.overrides for run in twins.runs] == [{"training.clipping": "none"}, {"training.clipping": "norm"}]


def test_a_preset_with_several_runs_keeps_them_as_pairs():
    twins = vary_clipping(preset("learning-rates").config)
    assert len(twins.runs) == 6
    assert twins.runs[0].name == "rate 0.1, no clipping"
    assert twins.resolve(twins.runs[1]).training.learning_rate == 0.1
    assert twins.resolve(twins.runs[1]).training.clipping == "norm"


def test_every_preset_can_be_varied():
    for item in PRESETS.values():
        assert len(vary_clipping(item.config).runs) == 2 * len(item.config.runs)


def test_each_bert_twin_differs_in_what_it_is_named_after():
    twins = {
        name: item.config for name, item in PRESETS.items() if name.startswith("bert-") and len(item.config.runs) > 1
    }
    varied = {name: {field for run in config.runs for field in run.overrides} for name, config in twins.items()}
    assert varied == {
        "bert-direction": {"model.direction"},
        "bert-masking": {"training.masked_share", "training.replaced_share"},
        "bert-mask-share": {"training.mask_share"},
        "bert-positions": {"model.positions", "training.shuffle_words"},
        "bert-next-sentence": {"training.next_sentence"},
        "bert-finetune": {"model.transfer"},
    }
