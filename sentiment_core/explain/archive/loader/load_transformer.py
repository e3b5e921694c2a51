"""Ask a model of Sentiment Lab with PyTorch alone: `python load_model.py "What a film!"`, or `Model()([text, …])`."""

import json
import math
import re
import struct
import sys
from bisect import bisect_right
from pathlib import Path

import torch
import torch.nn.functional as F

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}


def read_tensors(data):
    """Return the tensors of a safetensors file by name."""
    start, found = 8 + struct.unpack("<Q", data[:8])[0], {}
    for name, item in json.loads(data[8:start]).items():
        if name != "__metadata__":
            first, last = (start + offset for offset in item["data_offsets"])
            values = torch.frombuffer(bytearray(data[first:last]), dtype=TYPES[item["dtype"]])
            found[name] = values.reshape(item["shape"]).float()
    return found


class Model:
    def __init__(self, folder=Path(__file__).parent):
        about, pieces = (json.loads((Path(folder) / f"{name}.json").read_text("utf-8")) for name in ("model", "words"))
        self.settings, self.reading = about["config"]["model"], about["reading"]
        self.weights = read_tensors((Path(folder) / "model.safetensors").read_bytes())
        self.ids = {piece: place for place, piece in enumerate(pieces)}
        self.starts = [first for first, _, _ in self.reading["spelling"]]

    def spelled(self, character):
        _, last, form = self.reading["spelling"][bisect_right(self.starts, ord(character)) - 1]
        return form if ord(character) <= last else "\0"

    def pieces(self, text):
        text = re.sub(self.reading["break"], " ", text.encode("utf-8", "replace").decode("utf-8"), flags=re.I)
        text = text.translate({ord(sign): plain for sign, plain in self.reading["replace"]})
        return [piece for word in "".join(map(self.spelled, text)).split() for piece in self.cut(word)]

    def cut(self, word):
        """Return the ids of a word's pieces, the longest first; none of a word that they cannot write."""
        start, found = 0, []
        while start < len(word) <= self.reading["longest_word"]:
            prefix = "##" if start else ""
            end = next((e for e in range(len(word), start, -1) if prefix + word[start:e] in self.ids), start)
            if end == start:
                return []
            found.append(self.ids[prefix + word[start:end]])
            start = end
        return found

    @torch.no_grad()
    def __call__(self, texts):
        rows = [self.pieces(text) for text in texts]
        return [torch.sigmoid(self.log_odds(row) / self.reading["temperature"]).item() for row in rows]

    def linear(self, x, name):
        return F.linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def positions(self, steps, size):
        if self.settings["positions"] != "sinusoidal":
            return self.weights["transformer.positions"][:steps] if self.settings["positions"] == "learned" else 0
        angles = torch.arange(steps)[:, None] * torch.exp(torch.arange(0, size, 2) * (-math.log(10_000.0) / size))
        return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :size] * self.reading["position_size"]

    def feed(self, x, layer):
        return self.linear(F.gelu(self.linear(x, f"{layer}widen")), f"{layer}narrow")

    def attend(self, x, layer):
        parts = self.linear(x, f"{layer}attention.projection").chunk(3, dim=1)
        queries, keys, values = (part.unflatten(1, (self.settings["heads"], -1)).transpose(0, 1) for part in parts)
        mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=self.settings["direction"] == "left")
        return self.linear(mixed.transpose(0, 1).flatten(1), f"{layer}attention.output")

    def log_odds(self, ids):
        head, tail, pre = self.reading["head"], self.reading["tail"], self.settings["norm_place"] == "pre"
        ids = ids if len(ids) <= head + tail else ids[:head] + ids[len(ids) - tail :]
        x = self.weights["transformer.embedding.weight"][[self.ids["[CLS]"], *ids, self.ids["[SEP]"]]]
        x = x + self.weights["transformer.segments.weight"][0] + self.positions(*x.shape)
        x = self.norm(x, "transformer.embedding_norm")
        for depth in range(self.settings["num_layers"]):
            own = f"transformer.layers.{depth}."
            for part, name in ((self.attend, own + "attention"), (self.feed, own + "feed_forward")):
                added = part(self.norm(x, f"{name}_norm") if pre else x, own)
                x = x + added if pre else self.norm(x + added, f"{name}_norm")
        x = self.norm(x[0], "transformer.final_norm") if pre else x[0]
        return self.linear(torch.tanh(self.linear(x, "pair_layer")), "answer").squeeze().double()


if __name__ == "__main__":
    print(*(f"{answer:.6f}" for answer in Model()(sys.argv[1:])), sep="\n")
