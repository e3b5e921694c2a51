"""The estimate before training: what ships always fits, what clearly cannot is refused with the setting to lower."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sentiment_core.classroom.settings import TrainingLimits
from sentiment_core.config import ExperimentConfig, RunConfig, build, from_fields
from sentiment_core.errors import LimitError, OutOfMemory
from sentiment_core.models import build_model, parameter_count
from sentiment_core.models.masked import build_masked_model
from sentiment_core.models.reviews import build_review_transformer
from sentiment_core.presets import PRESETS, vary_clipping
from sentiment_core.tasks import TASKS, TRANSFORMER
from sentiment_core.training import memory, transformer_memory
from sentiment_core.training.memory import DataSize, check_before, check_loaded, expected_size, memory_need
from sentiment_core.training.size import check_size, tokens_of, updates_of

GIB = 2**30
ENORMOUS = {"training.batch_size": 4096, "data.max_tokens": 10_000, "model.hidden_size": 1024, "model.cell": "lstm"}


@pytest.fixture
def laptop(monkeypatch: pytest.MonkeyPatch) -> Any:
    """`laptop(gib)` is a machine with that much free memory and no GPU."""

    def with_memory(gib: float) -> None:
        monkeypatch.setattr(memory, "available_memory", lambda: round(gib * GIB))
        monkeypatch.setattr(memory, "worker_memory", lambda: round(gib * GIB))
        monkeypatch.setattr(memory, "may_have_gpu", lambda: False)

    return with_memory


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("source", ["demo", "imdb"])
def test_what_ships_is_never_refused_on_a_usual_computer(name, source, laptop):
    laptop(8)
    check_before(vary_clipping(from_fields({"data.source": source}, PRESETS[name].config)))


def test_the_first_experiment_trains_on_a_small_laptop_without_a_word(laptop):
    laptop(3)
    assert check_before(vary_clipping(ExperimentConfig())) is None


def test_what_clearly_does_not_fit_is_refused_with_figures_and_a_setting_that_suffices(laptop):
    laptop(8)
    config = from_fields({"training.batch_size": 4096, "model.hidden_size": 1024})
    with pytest.raises(OutOfMemory) as found:
        check_before(config)
    told = re.fullmatch(
        r"This training would take about ([\d.,]+) GB of memory, and 8\.6 GB are free\. "
        r"Lower the batch size \(training\.batch_size\) to ([\d,]+)\.",
        str(found.value),
    )
    assert told is not None
    assert float(told[1].replace(",", "")) == pytest.approx(memory_need(config).total / 1e9, abs=0.06)
    lowered = from_fields({"training.batch_size": told[2].replace(",", "")}, config)
    assert memory_need(lowered).total <= 8 * GIB
    check_before(lowered)


def test_where_no_single_setting_suffices_all_that_help_are_named(laptop):
    laptop(1)
    twelve = [RunConfig(name=str(number)) for number in range(12)]
    config = build(ExperimentConfig, from_fields(ENORMOUS).model_dump() | {"runs": twelve})
    with pytest.raises(OutOfMemory, match=r"Lower several of these: batch size .* and train fewer than 12 runs"):
        check_before(config)


def test_a_training_that_takes_a_good_part_is_told_before(laptop):
    config = from_fields({"training.batch_size": 1024})
    need = memory_need(config).total
    laptop(1.5 * need / GIB)
    note = check_before(config)
    assert note is not None and re.fullmatch(r"This training will take about .* of memory; .* are free\.", note)
    laptop(4 * need / GIB)
    assert check_before(config) is None


def test_runs_side_by_side_add_up_and_those_that_take_turns_do_not():
    one, two = from_fields({"device": "cpu"}), vary_clipping(from_fields({"device": "cpu"}))
    assert memory_need(two).activations == 2 * memory_need(one).activations
    # What is replayed keeps its memory, and what is not shares some.
    assert memory_need(two.model_copy(update={"device": "cuda"})).activations == 3 * memory_need(one).activations
    assert memory_need(two.model_copy(update={"device": "mps"})).activations == memory_need(one).activations


def test_what_a_gpu_holds_is_not_held_against_the_computer(laptop, monkeypatch):
    laptop(3)
    config = from_fields({"training.batch_size": 4096, "model.hidden_size": 1024})
    with pytest.raises(OutOfMemory):
        check_before(config)
    monkeypatch.setattr(memory, "may_have_gpu", lambda: True)
    assert check_before(config) is None
    with pytest.raises(OutOfMemory):
        check_before(config.model_copy(update={"device": "cpu"}))


@pytest.mark.parametrize(
    "field",
    ["training.batch_size", "model.hidden_size", "data.max_tokens", "model.num_layers", "model.bidirectional"],
)
def test_more_takes_more(field):
    less = {"training.batch_size": 512, "model.hidden_size": 64, "data.max_tokens": 100, "model.num_layers": 1}
    more = {field: True if field == "model.bidirectional" else 2 * less[field]}
    assert memory_need(from_fields({**less, **more})).training > memory_need(from_fields(less)).training


@pytest.mark.parametrize("name", [name for name, item in PRESETS.items() if item.config.task == "sentiment"])
def test_the_number_of_parameters_is_the_models(name):
    import torch

    config = from_fields({"data.embeddings": "glove-50"}, PRESETS[name].config)
    model = build_model(config.model, torch.zeros(7, 50), 1, torch.device("cpu"))
    own = memory._parameters(config.model, 50) + (0 if config.model.freeze_embeddings else 7 * 50)
    assert own == pytest.approx(parameter_count(model), rel=0.01)


TRANSFORMERS = [name for name, item in PRESETS.items() if TRANSFORMER in TASKS[item.config.task].topics]


@pytest.mark.parametrize("name", TRANSFORMERS)
@pytest.mark.parametrize("fields", [{}, {"model.positions": "learned", "model.norm_place": "post"}])
def test_the_number_of_parameters_of_a_transformer_is_the_models(name, fields):
    import torch

    config = from_fields({"model.pretrained": None, **fields}, PRESETS[name].config)
    cpu, words = torch.device("cpu"), config.data.vocabulary_size
    if transformer_memory.reads_pairs(config):
        model = build_masked_model(config.model, words, config.data.pair_tokens, 1, cpu)
    else:
        model = build_review_transformer(config.model, words, config.data.max_tokens + 2, 1, cpu)
    assert memory.parameters_of(config) == parameter_count(model)


def test_pieces_of_a_model_that_ships_are_counted_as_it_has_them():
    config = PRESETS["bert-finetune-reviews"].config
    assert memory.parameters_of(config) < memory.parameters_of(from_fields({"model.pretrained": None}, config))


@pytest.mark.parametrize(
    ("name", "field", "more"),
    [
        ("bert-mlm", "training.batch_size", 512),
        ("bert-mlm", "data.pair_tokens", 512),
        ("bert-mlm", "training.mask_share", 0.4),
        ("bert-mlm", "data.vocabulary_size", 40_000),
        ("bert-finetune-reviews", "data.max_tokens", 1_000),
        ("bert-finetune-reviews", "model.feed_forward_size", 1_024),
    ],
)
def test_more_takes_more_of_a_transformer_too(name, field, more):
    base = from_fields({"data.source": "imdb", "training.batch_size": 256}, PRESETS[name].config)
    assert memory_need(from_fields({field: more}, base)).training > memory_need(base).training


def test_a_transformer_that_clearly_does_not_fit_is_refused_with_a_setting_that_suffices(laptop):
    laptop(4)
    large = {"training.batch_size": 4096, "data.pair_tokens": 512}
    config = from_fields(large, PRESETS["bert-mlm"].config)
    with pytest.raises(OutOfMemory, match=r"Lower the batch size \(training\.batch_size\)") as found:
        check_before(config)
    lowered = re.search(r"to ([\d,]+)\.", str(found.value))
    assert lowered is not None
    check_before(from_fields({"training.batch_size": lowered[1].replace(",", "")}, config))
    wide = {"data.pair_tokens": 512, "model.hidden_size": 1024, "model.num_layers": 4, "training.batch_size": 1}
    advised = memory._advice(from_fields(wide, config), lambda candidate: candidate.data.pair_tokens < 512)
    assert advised == "Lower the longest pair (data.pair_tokens) to 256."


def test_once_loaded_a_transformer_is_judged_by_its_pieces():
    large = {"device": "cpu", "training.batch_size": 512, "data.max_tokens": 254}
    config = from_fields(large, PRESETS["bert-finetune-reviews"].config)
    check_loaded(config, longest=60, words=4_000, free=GIB)
    with pytest.raises(OutOfMemory, match=r"batch size"):
        check_loaded(config, longest=254, words=4_000, free=GIB // 2)


def test_once_loaded_the_real_lengths_and_words_count():
    config = from_fields({"device": "cpu", "data.max_tokens": None, "model.freeze_embeddings": False})
    check_loaded(config, longest=300, words=1000, free=GIB)
    with pytest.raises(OutOfMemory, match=r"longest review|batch size"):
        check_loaded(config, longest=50_000, words=1000, free=GIB)
    with pytest.raises(OutOfMemory):
        check_loaded(config, longest=300, words=5_000_000, free=GIB)


def test_a_file_is_judged_by_its_size(tmp_path):
    plain, packed = tmp_path / "a.csv", tmp_path / "b.csv.gz"
    for path in (plain, packed):
        path.write_bytes(b"x" * 100_000)
    sizes = [expected_size(from_fields({"data.source": "csv", "data.path": str(path)})) for path in (plain, packed)]
    assert sizes[0].characters == 100_000 < sizes[1].characters
    gone = expected_size(from_fields({"data.source": "csv", "data.path": str(tmp_path / "c.csv")}))
    assert gone == DataSize(0, 1, 0)


def test_an_lstm_on_a_cpu_keeps_whole_numbers_in_reduced_precision() -> None:
    def kept(cell: str, precision: str, device: str) -> int:
        fields = {"model.cell": cell, "training.precision": precision, "device": device, "model.num_layers": 2}
        return memory_need(from_fields(fields)).activations

    assert kept("lstm", "bf16", "cpu") == kept("lstm", "fp32", "cpu")
    assert kept("lstm", "bf16", "cuda") < kept("lstm", "fp32", "cuda")
    assert kept("gru", "bf16", "cpu") < kept("gru", "fp32", "cpu")


def test_a_class_limits_transformers_by_updates_and_parameters_too() -> None:
    small = from_fields({"training.epochs": 2}, PRESETS["bert-mlm"].config)
    check_size(small, TrainingLimits())
    with pytest.raises(LimitError, match=r"training\.steps"):
        check_size(from_fields({"training.epochs": 100}, small), TrainingLimits())
    with pytest.raises(LimitError, match=r"training\.parameters"):
        check_size(from_fields({"model.hidden_size": 512}, small), TrainingLimits())
    with pytest.raises(LimitError, match=r"about 4,\d+,\d+ tokens, and a run may read 4,000,000 \(training\.tokens\)"):
        check_size(from_fields({"training.epochs": 3}, small), TrainingLimits(tokens=4_000_000))
    half = from_fields({"data.pair_tokens": small.data.pair_tokens // 2}, small)
    assert updates_of(half) > updates_of(small)


def test_a_class_counts_the_tokens_that_a_run_reads() -> None:
    whole = from_fields({"data.limit": 1_000, "training.epochs": 3, "training.batch_size": 72})
    assert tokens_of(whole) == 3 * 10 * 72 * 260, "720 reviews to train on, of 1,300 characters, five a token"
    assert tokens_of(from_fields({"data.max_tokens": 100}, whole)) == 3 * 10 * 72 * 100
    assert tokens_of(from_fields({"training.max_steps": 5}, whole)) == 5 * 72 * 260
    order = from_fields(
        {"data.sequences": 200, "data.sequence_length": 30, "training.batch_size": 20}, PRESETS["temporal-order"].config
    )
    assert tokens_of(order) == order.training.epochs * 200 * 30
    with pytest.raises(LimitError, match=r"training\.tokens"):
        check_size(order, TrainingLimits(tokens=119_999))
    check_size(order, TrainingLimits(tokens=120_000))


@pytest.mark.parametrize("name", PRESETS)
def test_a_student_may_train_what_ships_on_the_demo_reviews(name):
    check_size(PRESETS[name].config, TrainingLimits())
