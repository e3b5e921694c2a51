"""What a study found, in sentences and as a table, both worked out from its result alone."""

from __future__ import annotations

from collections.abc import Sequence

from sentiment_core.explain.faithfulness import RANDOM
from sentiment_core.explain.study_question import Gain, MeanInterval, Measure, Study
from sentiment_core.number_words import by_number

COLUMNS: dict[Measure, str] = {
    "comprehensiveness": "Comprehensiveness ↑",
    "sufficiency": "Sufficiency ↓",
    "deletion_area": "Area, deletion ↓",
    "insertion_area": "Area, insertion ↑",
}
GAINS: tuple[Gain, ...] = ("comprehensiveness_gain", "sufficiency_gain")


def findings(result: Study) -> list[str]:
    """Return which methods beat random order on these reviews, how attention compares, and what the truth says."""
    rows = [row for row in result["methods"] if row["method"] != RANDOM]
    by_name = {row["method"]: row for row in rows}
    percent = f"{100 * result['confidence']:.0f}\u00a0%"
    better = [row["title"] for row in rows if all(row[gain]["low"] > 0 for gain in GAINS)]
    worse = [row["title"] for row in rows if any(row[gain]["high"] < 0 for gain in GAINS)]
    open_ = [row["title"] for row in rows if row["title"] not in {*better, *worse}]
    sentences = []
    if better:
        sentences.append(
            f"Over {result['reviews']:,} reviews, {_list(better)} {by_number(len(better), 'beats', 'beat')} "
            f"random order: both gains, in comprehensiveness and in sufficiency, have a {percent} interval over "
            "reviews above 0."
        )
    else:
        sentences.append(
            f"Over {result['reviews']:,} reviews, no method beats random order: for none are the {percent} intervals "
            "over reviews of both gains, in comprehensiveness and in sufficiency, above 0."
        )
    if open_:
        sentences.append(f"For {_list(open_)} at least one interval includes 0: these reviews do not settle it.")
    if worse:
        sentences.append(
            f"{_list(worse)} {by_number(len(worse), 'is', 'are')} worse than random order in at least one measure."
        )
    best = max(rows, key=lambda row: float(row[GAINS[0]]["mean"]))
    if (attention := by_name.get("attention")) is not None:
        if best is not attention:
            sentences.append(
                f"Taking away what attention weighs most costs {say(attention[GAINS[0]])} more probability than random "
                f"order; with {best['title']}, the largest, it is {say(best[GAINS[0]])}."
            )
        own, others = _taus(result, attention=True), _taus(result, attention=False)
        if own:
            among = f", where the other methods reach {_range(others)} among themselves" if others else ""
            sentences.append(
                f"Attention and the other methods rank the tokens at Kendall's τ {_range(own)}{among} "
                "(1: the same order, 0: unrelated)."
            )
    known = {row["title"]: row["precision"]["R"] for row in rows if row["precision"] and "R" in row["precision"]}
    if known:
        known = dict(sorted(known.items(), key=lambda each: each[1]["mean"], reverse=True))
        chance = [row for row in result["methods"] if row["method"] == RANDOM]
        known |= {row["title"]: row["precision"]["R"] for row in chance if row["precision"]}
        found = ", ".join(f"{title} {say(share)}" for title, share in known.items())
        sentences.append(
            "The generator of these reviews knows the words that carry the sentiment. Of as many top tokens as there "
            f"are such words, this share are such words: {found}."
        )
    return sentences


def markdown(result: Study) -> str:
    """Return the study as a Markdown table, a row each method, `mean (low to high)`, with what was measured below."""
    known = [row["precision"] for row in result["methods"] if row["precision"]]
    head = ["Method", *COLUMNS.values(), "Better than random, compr.", "suff."]
    head += [f"Precision@{k} ↑" for k in known[0]] if known else []
    head += ["Passes", "Seconds"]
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 1)}"]
    for row in result["methods"]:
        cells = [row["title"], *(say(row[column]) for column in COLUMNS)]
        cells += [say(row[gain]) if gain in row else "–" for gain in GAINS]
        cells += [say(row["precision"][k]) if row["precision"] else "–" for k in (known[0] if known else ())]
        cells += [f"{row['passes']:.0f}", f"{row['seconds']:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| Kendall's τ | | |", "|---|---|---:|"]
    titles = {row["method"]: row["title"] for row in result["methods"]}
    for pair in result["agreement"]:
        tau = say(pair["tau"]) if pair["tau"] else "–"
        lines.append(f"| {titles[pair['first']]} | {titles[pair['second']]} | {tau} |")
    return "\n".join([*lines, "", described(result)])


def described(result: Study) -> str:
    """Say what was measured, on how many reviews of which kind."""
    truth = (
        f"; precision over the {result['precision_reviews']:,} that it got right" if result["precision_reviews"] else ""
    )
    left_out = (
        f" ({result['left_out']:,} fewer than asked for: there were no more, or the model knows none of their words)"
        if result["left_out"]
        else ""
    )
    return (
        f"Model {result['model']}, reviews {result['data']}, sample of {result['reviews']:,} reviews{left_out}, "
        f"seed {result['seed']}, {result['tokens']:.0f} tokens on average, accuracy {result['accuracy']:.3f}{truth}. "
        f"{_seen(result)}{''.join(f'{said} ' for said in result.get('remarks', ()))}"
        f"In brackets: {100 * result['confidence']:.0f} % bootstrap intervals over reviews."
    )


def _seen(result: Study) -> str:
    seen, offered = result["seen"], result["offered"]
    if seen is None:
        return "Whether the model has learned from some of these reviews cannot be told: its own are gone. "
    if not seen:
        return ""
    return (
        f"{seen:,} of the {offered:,} reviews were left out before drawing: the model was trained or validated on the "
        "same text. "
    )


def say(interval: MeanInterval) -> str:
    """Return `0.31 (0.28 to 0.34)`."""
    return f"{_number(interval['mean'])} ({_number(interval['low'])} to {_number(interval['high'])})"


def _number(value: float) -> str:
    # Adding 0 turns −0.0 into 0.0.
    return f"{round(value, 3) + 0:.3f}".replace("-", "−")


def _taus(result: Study, attention: bool) -> list[float]:
    pairs = ((pair, pair["tau"]) for pair in result["agreement"])
    return [tau["mean"] for pair, tau in pairs if tau and ("attention" in (pair["first"], pair["second"])) == attention]


def _range(values: Sequence[float]) -> str:
    low, high = (f"{value + 0:.2f}".replace("-", "−") for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _list(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
