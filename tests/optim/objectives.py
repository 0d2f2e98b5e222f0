#!/usr/bin/env python3
"""Numbers for tests/optim/groups.c and tests/optim/objectives.c, by PyTorch in float64:
python3 tests/optim/objectives.py > tests/optim/objectives.txt

groups: 100 steps of AdamW on sum(weight * (p - target)^2) with groups of their own rate and decay, one of which steps
        the logarithm (the same parameter as exp(u), u a torch parameter without decay).
turns:  100 turns of two torch.optim.Adam on two losses, `turns` of the first to one of the second."""
import torch

torch.set_default_dtype(torch.float64)


def show(name, tensor):
    print(name, *(repr(float(v)) for v in tensor.detach().reshape(-1)))


def groups():
    a, b, u = (torch.tensor(v, requires_grad=True) for v in ([1.0, -2.0, 0.5], [0.3, 0.7, -1.5], [0.0, 0.0, 0.0]))
    with torch.no_grad():
        u.copy_(torch.log(torch.tensor([0.5, 2.0, 8.0])))
    target = torch.tensor([0.2, 3.0, 5.0])
    optimizer = torch.optim.AdamW([{'params': [a], 'lr': 0.05, 'weight_decay': 0.3}, {'params': [b], 'lr': 0.01, 'weight_decay': 0.02},
                                   {'params': [u], 'lr': 0.01, 'weight_decay': 0.0}])
    for _ in range(100):
        optimizer.zero_grad()
        loss = ((a - target) ** 2).sum() + 0.5 * ((b * target - 1) ** 2).sum() + ((torch.exp(u) - target) ** 2).sum()
        loss.backward()
        optimizer.step()
    show('groups.a', a), show('groups.b', b), show('groups.c', torch.exp(u))


def turns(count):
    x = torch.tensor([[((7 * i + 3 * j) % 11) / 5.0 - 1 for j in range(3)] for i in range(8)])
    w = torch.tensor([0.5, -0.25, 1.0], requires_grad=True)
    v = torch.tensor([1.0, 0.5, -0.75], requires_grad=True)
    first = torch.optim.Adam([w], lr=2e-2, betas=(0.5, 0.999))
    second = torch.optim.Adam([v], lr=1e-2)
    for turn in range(100):
        y = (x * (w * v)).sum(1)
        if turn % (count + 1) < count:
            optimizer, parameter, loss = first, w, ((y - 1) ** 2).mean()
        else:
            optimizer, parameter, loss = second, v, ((y + 0.5) ** 2).mean() + (w * v).sum() * 0.1
        parameter.grad, = torch.autograd.grad(loss, parameter)
        optimizer.step()
    show(f'turns{count}.w', w), show(f'turns{count}.v', v)


groups()
turns(1)
turns(5)
