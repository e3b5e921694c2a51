"""What the live plot draws of its numbers: the scripts alone, in a real browser, without a server."""

from __future__ import annotations

import pytest

from sentiment_core import number_words

pytestmark = pytest.mark.browser


def test_thinning_drops_no_spike_moves_no_point_and_keeps_what_is_not_finite(assets):
    found = assets.evaluate("""async () => {
      const { envelope, Series } = await import('/series.js');
      const steps = Array.from({ length: 20000 }, (_, i) => i + 1);
      const values = steps.map((s) => Math.sin(s / 50));
      values[7776] = 99; values[12344] = NaN; values[15000] = Infinity;
      const all = envelope(steps, values, { most: 3000 });
      const early = envelope(steps.slice(0, 19000), values.slice(0, 19000), { most: 3000 });
      const shown = new Set(all.line.x);
      const zoomed = envelope(steps, values, { most: 3000, from: 7000, to: 8000 });
      const series = new Series();
      const rows = { step: [1, 2], epoch: [1, 1], loss: ['NaN', 'Infinity'], accuracy: [1, 1], ratio: [null, 0.5],
                     grad_norm: [2, 1], grad_norm_clipped: [1, 1], threshold: [1, 1], clipped: [true, false] };
      series.append(rows);
      series.append(rows);
      return {
        count: all.line.x.length, top: Math.max(...all.line.y), spike: all.line.x[all.line.y.indexOf(99)],
        marks: all.marks.x, kinds: all.marks.value.map(String),
        moved: early.line.x.slice(0, -2).filter((x) => !shown.has(x)).length,
        exact: zoomed.line.x.filter((x) => x >= 7000 && x <= 8000).length,
        loss: series.columns.loss.map(String), ratio: series.columns.ratio, clipped: series.clippedShare,
      };
    }""")
    assert found["count"] <= 3100
    assert (found["top"], found["spike"]) == (99, 7777)
    assert found["marks"] == [12345, 15001]
    assert found["kinds"] == ["NaN", "Infinity"]
    assert found["moved"] == 0
    assert found["exact"] == 1001
    assert found["loss"] == ["NaN", "Infinity"]
    assert found["ratio"] == [None, 0.5]
    assert found["clipped"] == 0.5


def test_a_diagnostic_is_drawn_in_its_own_panel_where_it_was_measured(assets):
    found = assets.evaluate("""async () => {
      const { stackedFigure, usedPanels } = await import('/figure.js');
      const { Series } = await import('/series.js');
      const panels = [{ name: 'ratio', title: 'Ratio <b>', log: true }, { name: 'other', title: 'Other', log: false }];
      const declared = { title: 'update : weight', unit: 'u', help: 'What it is.', line: 'solid' };
      const quantities = Object.fromEntries([['ratio', 0], ['loss', 1], ['hidden', 0]].map(([name, place]) =>
        [name, { ...declared, name, panel: panels[place] }]));
      const series = new Series();
      series.append({ step: [1, 2, 3], loss: [1, 1, 1] });
      const first = { step: [4, 5, 6], loss: [1, 1, 1], ratio: [0.5, null, 'NaN'], hidden: [1, 1, 1] };
      const grown = [series.append(first), series.append({ step: [6], loss: [1] })];
      // Measured when the step itself was already here: sent with it once more, in a column that may be new.
      const late = new Series();
      late.append({ step: [1, 2], loss: [1, 1], clipped: [true, true] });
      grown.push(late.append({ step: [2, 3], loss: [9, 1], clipped: [true, false], ratio: [0.25, null] }));
      grown.push(late.append({ step: [3], ratio: [0.75] }));
      const filled = { ratio: late.columns.ratio, loss: late.columns.loss, share: late.clippedShare, grown };
      const runs = [{ id: 'a', label: 'a', colour: '#000', series, undrawn: ['hidden'] }];
      const look = { muted: '#888', grid: '#ccc', border: '#ccc', text: '#000', font: 'serif' };
      const used = usedPanels(runs, panels.slice(0, 1), quantities);
      const options = { range: null, smoothing: 0, markers: [], guessing: [] };
      const { traces, layout } = stackedFigure(runs, look, used, quantities, options);
      const empty = [{ ...runs[0], series: new Series() }];
      const modes = (all) => all.map((step) => {
        const series = new Series();
        series.append({ step, ratio: [1, 1, 1] });
        return stackedFigure([{ ...runs[0], series }], look, used, quantities, options).traces[0].mode;
      });
      return { used: used.length, x: traces.map((trace) => trace.x), axes: traces.map((trace) => trace.yaxis),
               type: layout.yaxis.type, title: layout.annotations[0].text, help: layout.annotations[0].hovertext,
               hover: traces[0].hovertemplate, filled,
               alone: traces[0].marker?.size, joined: modes([[1, 2, 3], [1, 2, 4]]),
               none: usedPanels(empty, panels, quantities).length };
    }""")
    assert found["used"] == 1 and found["none"] == 0
    assert found["filled"] == {
        "ratio": [None, 0.25, 0.75],
        "loss": [1, 1, 1],
        "share": 2 / 3,
        "grown": [True, False, True, True],
    }
    assert found["x"] == [[4, 6], [6]] and found["axes"] == ["y", "y2"], "a gap is drawn at what is no number"
    assert found["alone"] == [5, 0] and found["joined"] == ["lines", "lines"], "a line of one point is a dot"
    assert found["type"] == "log" and "Ratio &lt;b&gt;" in found["title"]
    assert found["help"] == "update : weight (u): What it is." and "%{y:.4~g} u" in found["hover"]


def test_what_was_changed_is_marked_once_and_named_where_it_was_not_for_all(assets):
    found = assets.evaluate("""async () => {
      const { changed } = await import('/markers.js');
      const rate = { step: 9, words: 'rate 0.1 → 0.4' }, cut = { step: 5, words: 'threshold 1 → 0.5' };
      return changed([{ label: 'a', changes: [rate] }, { label: 'b', changes: [cut, rate] }]);
    }""")
    assert found == [
        {"step": 9, "label": "rate 0.1 → 0.4"},
        {"step": 5, "label": "b: threshold 1 → 0.5"},
    ]


def test_labels_of_lines_that_lie_close_stand_beside_one_another(assets):
    found = assets.evaluate("""async () => {
      const { labelPlaces } = await import('/figure.js');
      const lines = [0.5, 0.913, 0.79, 0.9, 0.914, 0.912].map((value) => ({ label: String(value), value }));
      return labelPlaces(lines).map(({ reference, x, yanchor }) => [reference.value, x, yanchor]);
    }""")
    assert found == [
        [0.914, 0, "bottom"],
        [0.913, 0.5, "bottom"],
        [0.912, 1, "bottom"],
        [0.9, 0, "top"],
        [0.79, 0, "bottom"],
        [0.5, 0, "bottom"],
    ]


def test_a_loss_that_explodes_turns_its_axis_and_hides_no_other(assets):
    found = assets.evaluate("""async () => {
      const { stackedFigure } = await import('/figure.js');
      const { grouped } = await import('/groups.js');
      const { Series } = await import('/series.js');
      const panel = { name: 'loss', title: 'Loss', log: false, log_beyond: 20 };
      const quantities = { loss: { name: 'loss', title: 'loss', unit: 'nats', help: '', line: 'solid', panel } };
      const look = { muted: '#888', grid: '#ccc', border: '#ccc', text: '#000', font: 'serif' };
      const options = { range: null, smoothing: 0, markers: [], guessing: [0.693], revision: 'r' };
      const run = (id, loss, group = null) => {
        const series = new Series();
        series.append({ step: loss.map((_, i) => i + 1), loss });
        return { id, label: id, colour: '#000', group, series, undrawn: [] };
      };
      const drawn = (...runs) => stackedFigure(runs, look, [panel], quantities, options);
      const told = ({ layout: { yaxis, annotations } }) =>
        [yaxis.type ?? 'linear', annotations[0].text.slice(0, 13), yaxis.uirevision];
      const calm = run('calm', [0.7, 0.5, 0.4]), wild = run('wild', [0.7, 11, 11]);
      const seeds = grouped([run('a', [0.7, 0.1, 0.5], 'g'), run('b', [0.7, 30, 0.5], 'g')], { 2: 12.7 }, new Set());
      const { traces: [band, mean], layout } = drawn(...seeds);
      return {
        calm: told(drawn(calm)), both: told(drawn(calm, wild)), alone: told(drawn(wild)),
        broken: told(drawn(calm, run('nan', [0.7, 'NaN', 'Infinity']))),
        mean: mean.y, band: [Math.min(...band.y), Math.max(...band.y)], type: layout.yaxis.type,
      };
    }""")
    assert found["calm"][:2] == found["alone"][:2] == found["broken"][:2] == ["linear", "<b>Loss</b>  "]
    assert found["both"][:2] == ["log", "<b>Loss (log)"]
    assert found["calm"][2] != found["both"][2], "a zoom of one axis is none of the other"
    assert found["type"] == "log" and found["mean"] == [0.7, 15.05, 0.5], "the mean of losses stays their mean"
    assert found["band"][0] == 0.5 / 4 and found["band"][1] > 100, "an interval that holds 0 reaches the bottom"


def test_shares_and_probabilities_are_written_as_the_server_writes_them(assets):
    code = """async ([shares, probabilities]) => {
      const { equals, percent } = await import("/words.js");
      return [shares.map((value) => percent(value, 0)), probabilities.map(equals)];
    }"""
    shares, probabilities = [0.0, 1 / 240, 0.5, 239 / 240, 1.0], [0.0, 0.0004, 0.5, 0.9996, 1.0]
    assert assets.evaluate(code, [shares, probabilities]) == [
        [number_words.percent(value).replace("%", " %") for value in shares],
        [number_words.equals(value) for value in probabilities],
    ]


def test_status_and_curves_are_of_one_moment(assets):
    found = assets.evaluate("""async () => {
      const { default: live } = await import('/live_plot.js');
      const steps = [1, 2, 3, 4, 5, 6];
      const answer = { status: 'running', finished: false, error: null, asked: [],
        progress: { step: 4, total_steps: 10, epoch: 1, epochs: 2, message: 'Training' },
        runs: [{ id: 'a', name: 'a', clipping: 'none', test_accuracy: null, validation_accuracy: null, evaluations: [],
                 steps: { step: steps, epoch: [1, 1, 1, 1, 1, 2], loss: steps.map(() => 0.7) } }] };
      window.fetch = async () => new Response(JSON.stringify(answer), { status: 200 });
      const data = { status: 'running', height: 300, sources: [{ url: '/api/experiments/ab' }], plotly: '',
        panels: {}, quantities: { loss: { help: '', panel: {} } },
        quantiles: {}, markers: [] };
      live({ parentElement: document.body, data, setTriggerValue: () => {} });
      while (!document.querySelector('.sl-facts')?.textContent) await new Promise(requestAnimationFrame);
      return document.querySelector('.sl-facts').textContent;
    }""")
    assert found == "step 6 / 10  ·  epoch 2 / 2"


def test_the_band_of_few_seeds_leaves_their_mean_to_be_seen(assets):
    found = assets.evaluate("""async () => {
      const { stackedFigure } = await import('/figure.js');
      const { grouped } = await import('/groups.js');
      const { Series } = await import('/series.js');
      const panel = { name: 'norm', title: 'Norm', log: true };
      const quantities = { norm: { name: 'norm', title: 'norm', unit: '', help: '', line: 'solid', panel } };
      const look = { muted: '#888', grid: '#ccc', border: '#ccc', text: '#000', font: 'serif' };
      const options = { range: null, smoothing: 0, markers: [], guessing: [], revision: 'r' };
      const run = (id, norm) => {
        const series = new Series();
        series.append({ step: [1, 2], norm });
        return { id, label: id, colour: '#000', group: 'g', series, undrawn: [] };
      };
      const drawn = (runs) => stackedFigure(runs, look, [panel], quantities, options).layout.yaxis;
      const runs = [run('a', [1, 0.01]), run('b', [1, 100])];
      const { low, high } = grouped(runs, { 2: 12.7 }, new Set(['norm']))[0].series.bands.norm;
      return [low[1], high[1], drawn(grouped(runs, { 2: 12.7 }, new Set(['norm']))), drawn(runs)];
    }""")
    low, high, mean, alone = found
    assert low < 1e-20 and high > 1e20, "Student's t of two seeds"
    assert mean["autorangeoptions"] == pytest.approx({"clipmin": 0.25, "clipmax": 4}), "the mean is 1 at both steps"
    assert mean["dtick"] == "D2" and "autorangeoptions" not in alone
