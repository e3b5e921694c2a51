"""The ladder over seeds: runs are known by what they train, trained once, and recorded with what all seeds reached."""

from __future__ import annotations

from benchmarks import ladder
from sentiment_core.config import ExperimentConfig, RunConfig, build
from sentiment_core.lessons import LESSONS, full_experiment_for, lesson
from sentiment_core.metrics import Evaluation, Status
from sentiment_core.recorded import read, recording, recordings
from sentiment_core.steps.quantities import StepMetrics

FILE = "/somewhere/movie.csv.gz"
CLIPPING = lesson("clip-norm")


def ended(store, config, test=0.7):
    """Write an experiment as a worker would have."""
    experiment = store.create_experiment(config)
    for run in experiment.runs:
        store.write_steps({run.id: [StepMetrics(1, 1, 0.7, 0.5, 1e-3, 0.5, 0.5, 0.1, 1.0, 1.0, 300, 0.1)]})
        store.write_evaluations(run.id, [Evaluation(1, 1, "validation", 0.6, test)])
        store.update_run(run.id, steps=1, validation_accuracy=test, test_accuracy=test, status="finished")
    store.set_status(experiment.id, Status.FINISHED)
    return store.experiment(experiment.id)


def alone(config, place, **changes):
    """Return one run of an experiment as an experiment of its own, under another name and on another device."""
    run = config.runs[place]
    tree = config.resolve(run).model_dump()
    tree |= {"name": "any", "device": "cpu", "runs": [RunConfig(name="any").model_dump()], **changes}
    return build(ExperimentConfig, tree)


def test_a_run_is_known_by_what_it_trains_alone_or_side_by_side(store):
    config = ladder.on_file(CLIPPING, FILE, 1)
    ended(store, alone(config, 1))
    assert [run is not None for run in ladder.found_runs(config, ladder.finished(store))] == [False, True]
    ended(store, config)
    assert all(ladder.found_runs(config, ladder.finished(store)))
    assert not any(ladder.found_runs(ladder.on_file(CLIPPING, FILE, 2), ladder.finished(store)))
    assert not any(ladder.found_runs(ladder.on_file(CLIPPING, "/other.csv.gz", 1), ladder.finished(store)))


def test_what_did_not_finish_is_not_known(store):
    config = alone(ladder.on_file(CLIPPING, FILE, 1), 0)
    store.set_status(ended(store, config).id, Status.STOPPED)
    assert ladder.finished(store) == {}


def test_only_what_is_missing_is_trained_and_once(store, monkeypatch):
    trained = []

    def train_here(store, config, watch):
        trained.append((config.seed, config.runs[0].name))
        return ended(store, config)

    monkeypatch.setattr(ladder, "train_here", train_here)
    configs = [ladder.on_file(item, FILE, 1) for item in (CLIPPING, lesson("relu"), lesson("gradient-norm"))]
    ended(store, alone(configs[1], 1))  # ReLU is there
    ladder.train(store, configs, ladder.finished(store))
    assert trained == [(1, "True last state"), (1, "Clip by norm")]
    ladder.train(store, configs, ladder.finished(store))
    assert len(trained) == 2


def test_the_table_and_the_recording_hold_what_all_seeds_reached(store, monkeypatch, tmp_path, capsys):
    for seed, tests in {1: (0.64, 0.70), 2: (0.66, 0.71), 3: (0.60, 0.69), 4: (0.62, 0.72), 5: (0.65, 0.70)}.items():
        for place, test in enumerate(tests):
            ended(store, alone(ladder.on_file(CLIPPING, FILE, seed), place), test)
    monkeypatch.setattr(ladder, "RECORDINGS", tmp_path)
    monkeypatch.setattr(ladder, "reference_lines", lambda config: {"elastic net": 0.79})
    monkeypatch.setattr("sys.argv", ["ladder", "--data", FILE, "--lessons", "clip-norm", "--stored", "--record"])
    ladder.main()
    out = capsys.readouterr().out
    assert "| 4 | Clip by norm |" in out and "| 5 | 0.704 ± 0.011 | 0.704 ± 0.011 | +0.070 (+0.041 to +0.099) |" in out
    assert "elastic net: test 0.790" in out
    found = read(tmp_path / "clip-norm.npz")
    assert [run.name for run in found.recorded.runs] == ["True last state", "Clip by norm"]
    assert found.recorded.runs[0].test_accuracy == 0.64 and found.recorded.config.seed == 1
    assert found.spread[1].tests == {1: 0.70, 2: 0.71, 3: 0.69, 4: 0.72, 5: 0.70}
    assert found.made == ({}, {}), "nobody noted what computed these"


def test_a_seed_that_is_missing_leaves_the_others(store, monkeypatch, tmp_path, capsys):
    config = ladder.on_file(CLIPPING, FILE, 2)
    ended(store, alone(config, 0))
    monkeypatch.setattr(ladder, "RECORDINGS", tmp_path)
    monkeypatch.setattr("sys.argv", ["ladder", "--data", FILE, "--lessons", "clip-norm", "--stored", "--record"])
    ladder.main()
    assert "| 4 | Clip by norm | – | – | 0 | – | – | – |" in capsys.readouterr().out
    assert not list(tmp_path.glob("*.npz")), "the first seed is what a recording replays"


def test_recorded_runs_keep_the_split_and_the_reading_they_were_trained_with() -> None:
    for name in (item.name for item in LESSONS if item.name in recordings()):
        data = recording(name).recorded.config.data
        assert (data.split, data.tokenizer, data.keep) == ("notebook", "whitespace", "head")
    for item in LESSONS:
        if item.preset is not None:
            data = full_experiment_for(item).data
            assert (data.split, data.tokenizer, data.keep) == ("notebook", "whitespace", "head")
