"""Ask a model of Sentiment Lab with PyTorch alone: `python load_model.py "What a film!"`, or `Model()([text, …])`."""

import json
import re
import struct
import sys
import unicodedata
from pathlib import Path

import torch
import torch.nn.functional as F
from plain_text import plain_string

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64}
MARKS = "".join(chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c))[0] == "M")


def read_tensors(data):
    """Return the tensors of a safetensors file by name: eight bytes of length, a JSON header, then the numbers."""
    start, found = 8 + struct.unpack("<Q", data[:8])[0], {}
    for name, item in json.loads(data[8:start]).items():
        if name != "__metadata__":
            first, last = (start + offset for offset in item["data_offsets"])
            found[name] = torch.frombuffer(bytearray(data[first:last]), dtype=TYPES[item["dtype"]])
            found[name] = found[name].reshape(item["shape"]).float()
    return found


class Model:
    def __init__(self, folder=Path(__file__).parent):
        about, words = (json.loads((Path(folder) / f"{name}.json").read_text("utf-8")) for name in ("model", "words"))
        self.settings, self.reading = about["config"]["model"], about["reading"]
        self.weights = read_tensors((Path(folder) / "model.safetensors").read_bytes())
        self.ids = {word: place for place, word in enumerate(words, start=1)}
        # Python's \w has letters, digits and the underscore, but no marks that are written onto letters.
        written = self.reading["token"].replace(r"[\p{L}\p{M}\p{N}_]", rf"[\w{MARKS}]")
        self.token = re.compile(written.replace(r"(?!\w)", rf"(?![\w{MARKS}])"))
        ways, depths = ("forward", "backward")[: 1 + self.settings["bidirectional"]], self.settings["num_layers"]
        self.layers = [[self.layer(f"encoder.{way}_layers.{depth}.") for way in ways] for depth in range(depths)]

    def layer(self, prefix):
        own = {name.removeprefix(prefix): value for name, value in self.weights.items() if name.startswith(prefix)}
        size = own["weight_ih_l0"].shape[1]
        made = getattr(torch.nn, self.settings["cell"].upper())(size, self.settings["hidden_size"])
        made.load_state_dict(own)
        return made

    def tokens(self, text):
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = plain_string(text) if self.reading["plain"] else text
        for sign, plain in self.reading["replace"]:
            text = text.replace(sign, plain)
        text = "".join(character.lower() for character in text)
        return [found for piece in re.split(self.reading["break"], text) for found in self.token.findall(piece)]

    def norm(self, x, name):
        own = [self.weights.get(f"{name}.norm.{part}") for part in ("running_mean", "running_var", "weight", "bias")]
        if self.settings[name] == "batch":
            return F.batch_norm(x, *own)
        return F.layer_norm(x, x.shape[-1:], *own[2:]) if self.settings[name] == "layer" else x

    def pooled(self, kind, states, last):
        if not kind.startswith("attention"):
            return {"mean": states.mean(0), "max": states.amax(0)}.get(kind, last)
        own = {name.removeprefix("pool.attention."): value for name, value in self.weights.items()}
        if kind == "attention_additive":
            asked = F.linear(last, own["query.weight"], own["query.bias"])
            scores = F.linear(torch.tanh(F.linear(states, own["keys.weight"]) + asked), own["score.weight"]).squeeze(-1)
        else:
            query = {"attention_uniform": 0 * last, "attention_random": own.get("query_drawn")}.get(kind, last)
            scores = states @ query / (states.shape[1] ** 0.5 if kind == "attention_scaled_dot" else 1)
        return scores.softmax(0) @ states

    @torch.no_grad()
    def __call__(self, texts):
        ids = [[self.ids[token] for token in self.tokens(text) if token in self.ids] for text in texts]
        return [torch.sigmoid(self.log_odds(row) / self.reading["temperature"]).item() for row in ids]

    def log_odds(self, ids):
        head, tail = self.reading["head"], self.reading["tail"]
        ids = ids if len(ids) <= head + tail else ids[:head] + ids[len(ids) - tail :]
        states = self.weights["embedding.weight"][ids or [0]]  # (T, E)
        states = self.norm(states, "input_norm") if ids else states
        for first, *second in self.layers:
            states = torch.cat([first(states)[0], *(way(states.flip(0))[0].flip(0) for way in second)], dim=-1)
        size, kinds = self.settings["hidden_size"], self.settings["pooling"]
        last = torch.cat([states[-1, :size], states[0, size:]])
        # A review without a known word has no state to read, but for the one after the padding.
        parts = [self.pooled(kind, states, last) * (bool(ids) or kind == "padded_last") for kind in kinds]
        x = self.norm(torch.cat(parts)[None], "state_norm")
        for place in sorted({int(name.split(".")[1]) for name in self.weights if name.startswith("head.")}):
            x = x if self.settings["head_activation"] == "none" else getattr(torch, self.settings["head_activation"])(x)
            x = F.linear(x, self.weights[f"head.{place}.weight"], self.weights[f"head.{place}.bias"])
        return x.squeeze().double()


if __name__ == "__main__":
    print(*(f"{answer:.6f}" for answer in Model()(sys.argv[1:])), sep="\n")
