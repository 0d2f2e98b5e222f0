#!/usr/bin/env python3
"""Numbers that tests/systems/learning.c compares with, by plain Python and PyTorch in float64:
python3 tests/systems/learning.py"""
import math

import torch

torch.set_default_dtype(torch.float64)


def saturated(steps=300):
    for cost in ('quadratic', 'entropy'):
        w = b = 2.0
        for _ in range(steps):
            a = 1 / (1 + math.exp(-(w + b)))
            delta = a * a * (1 - a) if cost == 'quadratic' else a
            w -= 0.15 * delta
            b -= 0.15 * delta
        print(cost, 1 / (1 + math.exp(-(w + b))))


def valley(name, make, steps):
    p = torch.tensor([-1.5, 1.0], requires_grad=True)
    optimizer = make([p])
    for _ in range(steps):
        optimizer.zero_grad()
        ((1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2).backward()
        optimizer.step()
    print(name, *map(repr, p.detach().tolist()))


saturated()
valley('sgd', lambda p: torch.optim.SGD(p, lr=1e-3), 500)
valley('momentum', lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9), 500)
valley('rmsprop', lambda p: torch.optim.RMSprop(p, lr=1e-2), 500)
valley('adam', lambda p: torch.optim.Adam(p, lr=0.02), 500)
