"""One colour, one meaning: what each colour stands for, and that words can be read on it."""

from __future__ import annotations

from sentiment_core.colours import MEANINGS, RUN_COLOURS, colours_of, ordered, style
from sentiment_core.config import ExperimentConfig, RunConfig
from sentiment_core.findings.sweep import sweep_experiment

LIGHT, DARK = "#0b1320", "#e8edf3"


def luminance(colour: str) -> float:
    parts = [part / 255 for part in bytes.fromhex(colour[1:])]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_words_are_readable_on_every_meaning_in_both_themes():
    for hue in MEANINGS.values():
        assert contrast(LIGHT, hue.pale) >= 4.5 and contrast(DARK, hue.deep) >= 4.5
        assert contrast(hue.line, "#ffffff") >= 3 and contrast(hue.line, "#12161c") >= 3
    taken = {colour for hue in MEANINGS.values() for colour in (hue.line, hue.pale, hue.deep)}
    assert not taken & set(RUN_COLOURS) and all(f"--lab-{name}:" in style() for name in MEANINGS)


def test_rates_are_coloured_from_low_to_high_and_other_runs_by_their_place():
    sweep = sweep_experiment("relu", (1e-1, 1e-3, 1e-2), 10)
    low, middle, high = ordered(3)
    assert colours_of(sweep) == [high, low, middle]
    twin = ExperimentConfig(runs=(RunConfig(name="a"), RunConfig(name="b", overrides={"training.learning_rate": 0.5})))
    assert colours_of(twin) == list(RUN_COLOURS[:2])
    ways = [RunConfig(name=way, overrides={"training.clipping": way}) for way in ("none", "norm", "value")]
    assert colours_of(ExperimentConfig(runs=tuple(ways))) == list(RUN_COLOURS[:3])
