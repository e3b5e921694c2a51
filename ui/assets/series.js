// Numbers on their way to the screen: collecting polled rows, thinning them, smoothing them.

// What one run has measured so far, as columns of what the server sends; rows arrive in batches and only ever grow. null:
// not measured at that step, which is not the same as a measurement that is no number.
export class Series {
  constructor() {
    this.columns = { step: [] };
    this.evaluations = [];
    this.clipped = 0;
    this.clippable = 0;
  }

  get last() {
    const steps = this.columns.step;
    return steps.length ? steps[steps.length - 1] : 0;
  }

  // JSON knows no NaN and no infinity: the server writes their names, Number() reads them. Returns whether anything is
  // new: the last step known is sent again, because what belongs to it may have been measured late.
  append(rows) {
    const known = this.last, before = this.columns.step.length;
    const first = lowerBound(rows.step, known + 1);
    let late = false;
    for (const name of Object.keys(rows)) this.columns[name] ??= Array(before).fill(null);
    for (const [name, column] of Object.entries(this.columns)) {
      const sent = rows[name];
      const read = (i) => {
        const value = sent?.[i] ?? null;
        return value === null ? null : Number(value);
      };
      const again = before && first && rows.step[first - 1] === known ? first - 1 : -1;
      if (again >= 0 && column[before - 1] === null && read(again) !== null) {
        column[before - 1] = read(again);
        late = true;
      }
      for (let i = first; i < rows.step.length; i += 1) column.push(read(i));
    }
    // The server says what counts as clipped; null where no step was to be clipped, or it cannot be seen.
    for (const cut of (this.columns.clipped ?? []).slice(before)) {
      if (cut === null) continue;
      this.clippable += 1;
      this.clipped += cut;
    }
    return late || first < rows.step.length;
  }

  // What was known after step `step`: the same columns, cut there.
  until(step) {
    const part = new Series();
    const end = lowerBound(this.columns.step, step + 1);
    part.append(Object.fromEntries(Object.entries(this.columns).map(([name, column]) => [name, column.slice(0, end)])));
    part.evaluations = this.evaluations.filter((evaluation) => evaluation.step <= step);
    return part;
  }

  get clippedShare() {
    return this.clippable ? this.clipped / this.clippable : NaN;
  }
}

// The bucket width (a power of two, in steps) that leaves at most `most` points of the steps in [from, to].
export function bucketWidth(from, to, most) {
  let width = 1;
  while ((2 * (to - from + 1)) / width > most && width < 2 ** 30) width *= 2;
  return to - from + 1 <= most ? 1 : width;
}

// Min-max envelope: of each bucket the smallest and the largest value, at their own steps. Buckets start at multiples of
// their width, so new rows never move an old point, and a spike of one step is always the maximum of its bucket.
// `keep(value)` says what belongs on the line; the rest is returned as `marks`, one per bucket and kind.
export function envelope(steps, values, { from = -Infinity, to = Infinity, most = 3000, keep = Number.isFinite } = {}) {
  const line = { x: [], y: [] };
  const marks = { x: [], value: [], count: [] };
  if (!steps.length) return { line, marks };
  const first = Math.max(from, steps[0]);
  const final = Math.min(to, steps[steps.length - 1]);
  const width = bucketWidth(first, final, most);
  let i = lowerBound(steps, first - width);
  const end = Math.min(steps.length, lowerBound(steps, final + width) + 1);
  while (i < end) {
    const bucket = Math.floor(steps[i] / width);
    let low = -1, high = -1, gap = -1, gaps = 0;
    for (; i < end && Math.floor(steps[i] / width) === bucket; i += 1) {
      const value = values[i];
      if (!keep(value)) {
        if (gap < 0) gap = i;
        gaps += 1;
        continue;
      }
      if (low < 0 || value < values[low]) low = i;
      if (high < 0 || value >= values[high]) high = i;
    }
    if (gap >= 0) {
      marks.x.push(steps[gap]);
      marks.value.push(values[gap]);
      marks.count.push(gaps);
    }
    const points = low < 0 ? [] : low === high ? [low] : [Math.min(low, high), Math.max(low, high)];
    if (!points.length) {
      line.x.push(steps[gap]);
      line.y.push(null);
    }
    for (const point of points) {
      line.x.push(steps[point]);
      line.y.push(values[point]);
    }
  }
  return { line, marks };
}

// Exponential moving average with bias correction; what is not finite is left out and leaves a gap.
export function smooth(values, weight) {
  let mean = 0, mass = 0;
  return values.map((value) => {
    if (!Number.isFinite(value)) return NaN;
    mean = weight * mean + (1 - weight) * value;
    mass = weight * mass + (1 - weight);
    return mean / mass;
  });
}

function lowerBound(sorted, value) {
  let low = 0, high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
