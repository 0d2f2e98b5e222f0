#!/usr/bin/env python3
"""Writes the cases that tests/tools/pytorch.c compares with: models of PyTorch, their weights, and what they give.

usage: make_cases.py [FOLDER]     (needs torch and safetensors; the files here were made with torch 2.15.0, CPU)

For each case: CASE.weights.safetensors (the state_dict as it is), CASE.in.safetensors (inputs, and a cotangent for each
output) and CASE.out.safetensors (outputs, the loss, and the gradients of the loss by the input and by every parameter, as
grad:NAME). The loss is the sum of outputs times cotangents. CASE.dot is written by hand, with nodes named so that the
parameters have the names of the state_dict. All in float32 and on one thread.
"""
import os
import sys

import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))


def save(name, tensors):
    save_file({key: t.detach().contiguous().clone() for key, t in tensors.items()}, os.path.join(FOLDER, name))


def write(name, model, run, inputs):
    """run(model, inputs) -> the outputs by name."""
    outputs = run(model, inputs)
    feeds = dict(inputs)
    loss = 0
    for key, value in outputs.items():
        feeds["ct_" + key] = torch.randn(value.shape)
        loss = loss + (value * feeds["ct_" + key]).sum()
    wrt = {key: t for key, t in inputs.items() if t.requires_grad}
    wrt.update(model.named_parameters())
    grads = torch.autograd.grad(loss, list(wrt.values()))
    save(name + ".in.safetensors", feeds)
    save(name + ".out.safetensors",
         {**outputs, "loss": loss, **{"grad:" + key: grad for key, grad in zip(wrt, grads)}})


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(5, 6, num_layers=2, bidirectional=True, batch_first=True)


def lstm():
    model = Recurrent()

    def run(model, inputs):
        output, (h_n, c_n) = model.lstm(inputs["x"])
        return {"output": output, "h_n": h_n, "c_n": c_n}

    save("lstm.weights.safetensors", model.state_dict())
    write("lstm", model, run, {"x": torch.randn(3, 7, 5, requires_grad=True)})


class Encoder(nn.Module):
    """Two layers: normalised after, as by default, and before, with the other activation."""

    def __init__(self):
        super().__init__()
        self.first = nn.TransformerEncoderLayer(8, 2, dim_feedforward=16, dropout=0.0, batch_first=True)
        self.second = nn.TransformerEncoderLayer(8, 4, dim_feedforward=12, dropout=0.0, batch_first=True,
                                                 activation="gelu", norm_first=True)


def transformer():
    model = Encoder()

    def run(model, inputs):
        first = model.first(inputs["x"], src_key_padding_mask=inputs["padding"])
        causal = nn.Transformer.generate_square_subsequent_mask(first.shape[1])
        return {"output": model.second(first, src_mask=causal, is_causal=True)}

    for key, value in model.named_parameters():  # ones and zeros would hide a mistake
        if "norm" in key or key.endswith("bias"):
            nn.init.normal_(value, mean=1.0 if key.endswith("weight") else 0.0, std=0.3)
    padding = torch.zeros(3, 6, dtype=torch.bool)
    padding[1, 4:] = True
    padding[2, 5:] = True
    save("transformer.weights.safetensors", model.state_dict())
    write("transformer", model, run, {"x": torch.randn(3, 6, 8, requires_grad=True), "padding": padding})


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False),
                                            nn.BatchNorm2d(channels))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        return self.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    """torchvision's ResNet, its names and its order of things, small."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 5, stride=2, padding=2, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(Block(8, 8, 1))
        self.layer2 = nn.Sequential(Block(8, 12, 2), Block(12, 12, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(12, 10)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        return self.fc(self.avgpool(self.layer2(self.layer1(x))).flatten(1))


def resnet():
    model = ResNet()
    for module in model.modules():  # ones and zeros would hide a mistake
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, mean=1.0, std=0.3)
            nn.init.normal_(module.bias, std=0.3)
            nn.init.normal_(module.running_mean, std=0.3)
            nn.init.uniform_(module.running_var, 0.5, 2.0)
    save("resnet.weights.safetensors", model.state_dict())
    x = torch.randn(4, 3, 18, 18)
    for name in "eval", "train":
        model.train(name == "train")
        write("resnet." + name, model, lambda model, inputs: {"output": model(inputs["x"])},
              {"x": x.clone().requires_grad_()})


def main():
    torch.set_num_threads(1)
    torch.backends.mha.set_fastpath_enabled(False)
    for seed, case in enumerate((lstm, transformer, resnet), 1):
        torch.manual_seed(seed)
        case()


main()
