"""Which commands there are, and their options."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NoReturn

from sentiment_core import __version__
from sentiment_core.cli import about, findings, inside, reviews, runs, seeds
from sentiment_core.cli.files import add_file_options
from sentiment_core.presets import PRESETS
from sentiment_core.settings import DataConfig
from sentiment_core.sources import SOURCES

ABOUT = """The command line: one JSON document on standard output with `--json`, progress on standard error.

Exit code 0, or 2 with one line on standard error for bad input.
"""
OR_RECORDED = "of the store, or of a recording, such as recorded-clip-norm-1"
SPLIT_HELP = (
    "grouped (random 80/20, copies in one part), notebook (copies where they fall), official (imdb only) or column "
    "(what the file's column split says)"
)
EXAMPLES = "Write a room's confirmed edits, and demo reviews beside them, as a CSV to train on."
SET_UP = "Turn class mode on: write its settings file, and print the lecturer's access code, once."
TAKE_OVER = (
    "have it belong to this store's database: one that was moved, or restored from a backup, goes on in its place"
)
VECTORS_HELP = "your own, instead: a file in word2vec's, GloVe's or fastText's format, or a name of gensim.downloader"


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of printing the usage above it."""

    def error(self, message: str) -> NoReturn:
        print(f"error: {message}; see `{self.prog} --help`", file=sys.stderr)
        raise SystemExit(2)


def build_parser() -> argparse.ArgumentParser:
    installed = Path(sys.argv[0]).stem == "sentiment-lab"
    parser = _Parser(prog="sentiment-lab" if installed else "python -m sentiment_core", description=ABOUT)
    parser.add_argument("--version", action="version", version=f"sentiment-lab {__version__}")
    sources = f"{', '.join(name for name, source in SOURCES.items() if not source.needs)}, or a file of reviews"
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)

    def add(
        name: str, command: Any, help_text: str, computes: bool = False, to: Any = commands
    ) -> argparse.ArgumentParser:
        # argparse formats the one and not the other.
        sub: argparse.ArgumentParser = to.add_parser(name, help=help_text.replace("%", "%%"), description=help_text)
        sub.add_argument("--json", action="store_true", help="print one JSON document")
        sub.set_defaults(command=command, computes=computes)
        return sub

    train = add("train", runs.train, "Train an experiment here and now, and keep it in the store.", computes=True)
    train.add_argument("--preset", metavar="NAME", help=f"one of {', '.join(PRESETS)}")
    train.add_argument(
        "--vary", choices=["clipping"], help="train two runs: without clipping, and clipped as set, by norm if not"
    )
    train.add_argument("--data", metavar="SOURCE", help=sources)
    train.add_argument("--split", help=SPLIT_HELP)
    train.add_argument("--embeddings", help="glove-50, glove-100, word2vec or random")
    train.add_argument("--vectors", metavar="FILE|NAME", help=VECTORS_HELP)
    train.add_argument("--limit", help="use at most so many reviews")
    train.add_argument("--epochs", help="passes over the training reviews")
    train.add_argument("--max-steps", help="stop after so many updates")
    train.add_argument(
        "--seed", help="fixes weights, batches and dropout; several, such as 1,2,3 or 1-5: an experiment each"
    )
    train.add_argument("--device", help="auto, cpu, cuda or mps")
    train.add_argument("--name", help="name of the experiment")
    add_file_options(train)
    train.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help="any setting; `fields` lists them"
    )
    metrics = add("metrics", runs.metrics, "Print every measured step of a run.")
    metrics.add_argument("run_id", metavar="RUN_ID", help=OR_RECORDED)
    over = add("seeds", seeds.seeds, "Group runs by everything but their seed: mean, 95 % interval and n.")
    over.add_argument("run_id", metavar="RUN_ID", nargs="*", help="only these (default: all)")
    real = add("compare", seeds.compare, "Is it real? Compare settings over all seeds that they were trained with.")
    real.add_argument("run_id", metavar="RUN_ID", nargs="+", help="one run of each setting, the first to compare with")
    looks = add(
        "inside", inside.looks, "Print what a run that watched its inside has seen there; --json has all of it."
    )
    looks.add_argument("run_id", metavar="RUN_ID")
    exported = add(
        "export", runs.export, "Write a run to a file: metrics, configuration, TensorBoard, its model, a report."
    )
    exported.add_argument("run_id", metavar="RUN_ID", nargs="+", help=OR_RECORDED)
    exported.add_argument("--format", choices=["csv", "json", "tensorboard", "model", "html"], default="csv")
    exported.add_argument("--output", required=True, metavar="FILE")
    imported = add("import", runs.bring, "Bring a model that `export --format model` has written into this home.")
    imported.add_argument("file", metavar="FILE")
    predict = add("predict", reviews.predict, "Classify the reviews of a file.", computes=True)
    predict.add_argument("--model", default="pretrained", metavar="RUN_ID|pretrained")
    predict.add_argument("--data", required=True, metavar="FILE", help="labels are optional")
    predict.add_argument(
        "--output", metavar="FILE", help="write every answer beside the columns of the file: .csv or .parquet"
    )
    add_file_options(predict)
    explain = add("explain", reviews.explain, "Show what a model attends to in one review.", computes=True)
    explain.add_argument("--model", default="pretrained", metavar="RUN_ID|pretrained")
    explain.add_argument("--text", required=True, help="the review")
    explain.add_argument("--method", metavar="NAME,NAME", help="add a score per token by each explanation method")
    fill = add("fill", reviews.fill, "Ask a masked language model what belongs in a gap.", computes=True)
    fill.add_argument("--model", required=True, metavar="RUN_ID")
    fill.add_argument("--text", required=True, help="with [MASK] for each piece to fill in")
    fill.add_argument("--second", default="", metavar="TEXT", help="ask too whether this follows the text")
    fill.add_argument("--step", type=int, help="the weights as they were after this update, where they were kept")
    padding = add(
        "padding", reviews.padding, "Ask runs about one review with more and more padding behind it.", computes=True
    )
    padding.add_argument("--model", required=True, metavar="RUN_ID,RUN_ID", help="runs alike in all but their pooling")
    padding.add_argument("--text", required=True, help="the review")
    padding.add_argument("--amounts", default="0,1,10,100,500", help="so many padding steps (default %(default)s)")
    glass = add(
        "glass", inside.glass, "Look into a network while it reads one review: states, gates, gradient.", computes=True
    )
    glass.add_argument("--model", default="glass-last", metavar="RUN_ID|NAME", help="a run, pretrained or glass-NAME")
    glass.add_argument("--step", type=int, metavar="N", help="as it was after this update, where that was kept")
    glass.add_argument("--text", required=True, help="the review")
    glass.add_argument("--padding", type=int, default=0, metavar="N", help="so many zero vectors behind it")
    glass.add_argument("--label", choices=["predicted", "positive", "negative"], default="predicted")
    study = add(
        "study", reviews.study, "Measure how faithful explanation methods are over a sample of reviews.", computes=True
    )
    study.add_argument("--model", default="pretrained", metavar="RUN_ID|pretrained")
    study.add_argument(
        "--data",
        default="demo",
        metavar="SOURCE",
        help="demo, own (the run's test part) or a file: without the reviews that the model has learned from",
    )
    add_file_options(study)
    study.add_argument("--sample", type=int, default=500, help="so many reviews (default 500)")
    study.add_argument("--seed", type=int, default=0, help="fixes sample, random orders and intervals")
    study.add_argument("--method", metavar="NAME,NAME", help="which methods (default: all)")
    linear = add("baselines", reviews.baselines, "Train linear models on the same reviews and split.", computes=True)
    linear.add_argument("--data", default="demo", metavar="SOURCE", help=sources)
    linear.add_argument("--split", default=DataConfig().split, help=SPLIT_HELP)
    add_file_options(linear)
    linear.add_argument("--embeddings", default="glove-50", help="vectors the elastic net averages")
    linear.add_argument("--vectors", metavar="FILE|NAME", help=VECTORS_HELP)
    linear.add_argument("--limit", help="use at most so many reviews")
    health = add("health", findings.health, "Say what is wrong with runs, as far as their measurements show it.")
    health.add_argument("run_id", metavar="RUN_ID", nargs="+")
    masked = add(
        "masked-words",
        findings.masked_words,
        "Say what masked language models reached on their test pairs, several of one experiment against each other.",
    )
    masked.add_argument("run_id", metavar="RUN_ID", nargs="+", help="runs of one experiment")
    order_map = add(
        "order-map",
        findings.order_map,
        "Say which ways of training solve the temporal order task at which length, over five seeds.",
        computes=True,
    )
    order_map.add_argument(
        "--train",
        metavar="FILE",
        help="train all of it here, in about eight minutes of one core, and write it; one that is begun goes on",
    )
    order_map.add_argument("--lengths", type=int, nargs="+", metavar="N", help="train these lengths only")
    order_map.add_argument("--seeds", type=int, nargs="+", metavar="N", help="train with these seeds instead of 1 to 5")
    add(
        "work",
        about.work,
        "List what waits and runs in the background, training included, and what was calculated last.",
    )
    add("cluster", about.cluster, "List the nodes of the Ray cluster that does the work, where one does.")
    shared = add("bucket", about.bucket, "Say what this store has in its bucket, and to which database that belongs.")
    shared.add_argument("--take-over", action="store_true", help=TAKE_OVER)
    cancel = add(
        "cancel", about.cancel, "End background work: an experiment or a calculation, by the id that `work` lists."
    )
    cancel.add_argument("work_id", metavar="ID")
    app = add(
        "app", about.open_app, "Open the web application; every other setting of Streamlit is an environment variable."
    )
    app.add_argument("--address", help="where to listen (default 127.0.0.1: this machine only)")
    app.add_argument("--port", type=int, help="default 8501")
    app.add_argument("--headless", action="store_true", help="open no browser")
    classes = commands.add_parser(
        "class", help="Share this app with a class.", description="Share this app with a class."
    )
    steps = classes.add_subparsers(required=True, metavar="STEP", parser_class=_Parser)
    add("set-up", about.set_up_class, SET_UP, to=steps)
    edits = add("examples", about.class_examples, EXAMPLES, to=steps)
    edits.add_argument("room", metavar="CODE", help="the room's five letters")
    edits.add_argument("--output", metavar="FILE", help="write it to a file instead of printing it")
    told = add(
        "diagnostics",
        about.diagnostics,
        "Collect what somebody who helps must know: versions, settings, counts, last problems; no texts, no secrets.",
    )
    told.add_argument("--output", metavar="FILE", help="write it to a file instead of printing it")
    add("presets", about.presets, "List the course notebook's ladder.")
    add("fields", about.fields, "List every setting with its range and default.")
    add("quantities", about.quantities, "List every quantity that is measured at a step.")
    return parser
