"""The numbers that bands and axes are drawn from, against the same worked out in Python."""

from __future__ import annotations

import math

import pytest

from sentiment_core.intervals import mean_of, student

pytestmark = pytest.mark.browser

LOSSES = [[0.9, 0.5, 0.4], [0.7, math.nan, 0.3], [0.8, 0.6]]
NORMS = [[1.0, 10.0, 2.0], [4.0, 20.0, 2.0], [2.0, 40.0]]
SCRIPT = """async ({ losses, norms, quantiles }) => {
  const { grouped, onAxis, outline, stepsOf } = await import("http://lab.test/groups.js");
  const run = (n) => ({
    id: `r${n}`, group: n < 3 ? "same" : null, batch_size: 10, per_epoch: 25,
    validation_accuracy: 0.5 + n / 10, test_accuracy: null,
    series: {
      columns: { step: losses[n % 3].map((_, i) => i + 1), loss: losses[n % 3], norm: norms[n % 3], epoch: [1, 1, 1] },
      last: losses[n % 3].length, clippedShare: NaN,
      evaluations: [{ part: "validation", step: 3, accuracy: 0.5 + n / 10 }],
    },
  });
  const runs = grouped([0, 1, 2, 3].map(run), quantiles, new Set(["norm"]));
  const figure = () => ({ traces: [{ legendgroup: runs[0].id, x: [1, 2, 3, 4, 6] }],
    layout: { shapes: [{ xref: "x", x0: 3, x1: 3 }], annotations: [], xaxis: { title: {} } } });
  const over = (axis) => {
    const made = onAxis(figure(), runs, axis);
    return [made.traces[0].x, made.layout.shapes[0].x1];
  };
  return {
    labels: runs.map((each) => each.label ?? each.id), equal: grouped([0, 1].map(run), quantiles, new Set())[0].label,
    validation: runs[0].validation_accuracy,
    columns: runs[0].series.columns, bands: runs[0].series.bands, evaluations: runs[0].series.evaluations,
    outline: outline([1, 2, 3, 4], { low: [1, 0, 3, null], high: [2, 9, 4, null] }, 4),
    reviews: over("reviews"), epochs: over("epoch"), steps: over("step"), zoom: stepsOf([0, 1], runs, "epoch"),
  };
}"""


def test_means_bands_and_axes_are_what_they_say(assets) -> None:
    quantiles = {count: student(count) for count in (2, 3)}
    losses = [["NaN" if math.isnan(value) else value for value in row] for row in LOSSES]
    script = SCRIPT.replace("async ({ losses,", "async ({ losses: given,").replace(
        "=> {\n", '=> {\n  const losses = given.map((row) => row.map((v) => (v === "NaN" ? NaN : v)));\n', 1
    )
    found = assets.evaluate(script, {"losses": losses, "norms": NORMS, "quantiles": quantiles})
    assert found["labels"] == ["same (n = 3, at the end 2)", "r3"]
    assert found["equal"] == "same (n = 2)"
    assert found["validation"] == pytest.approx(0.6)
    for step, values in enumerate([(0.9, 0.7, 0.8), (0.5, 0.6), (0.4, 0.3)]):
        expected = mean_of(values)
        assert expected is not None
        assert found["columns"]["loss"][step] == pytest.approx(expected.mean)
        assert found["bands"]["loss"]["low"][step] == pytest.approx(expected.low)
        assert found["bands"]["loss"]["high"][step] == pytest.approx(expected.high)
    logarithms = mean_of([math.log(value) for value in (10.0, 20.0, 40.0)])
    assert logarithms is not None
    assert found["columns"]["norm"][1] == pytest.approx(math.exp(logarithms.mean))
    assert found["bands"]["norm"]["high"][1] == pytest.approx(math.exp(logarithms.high))
    reach = mean_of([0.5, 0.6, 0.7])
    assert reach is not None and found["evaluations"][0]["reach"] == pytest.approx(reach.half)
    # Nothing that the band reaches is lost, and what was not measured is left out.
    assert min(found["outline"]["y"]) == 0 and max(found["outline"]["y"]) == 9
    # Three updates an epoch of 25 reviews in batches of 10.
    assert found["reviews"] == [[10, 20, 25, 35, 50], 25]
    assert found["epochs"] == [[0.4, 0.8, 1, 1.4, 2], 1]
    assert found["steps"] == [[1, 2, 3, 4, 6], 3]
    assert found["zoom"][0] <= 1 and found["zoom"][1] >= 3
