"""Writes trajectories.txt: where each optimiser is after 1, 2, 5, 20 and 100 steps on three problems, in float64.

    python3 trajectories.py > trajectories.txt        (PyTorch 2.10 or later)

Optimisers that torch.optim has are run as they are (single-tensor code); the others are written here from the formulas
of their papers, Muon with its Newton-Schulz steps in float64 where torch.optim computes them in bfloat16.
A line: problem; call; step; numbers of all parameters.
"""
import math

import torch

torch.set_default_dtype(torch.float64)
STEPS = (1, 2, 5, 20, 100)


def valley():
    p = torch.tensor([-1.2, 1.0], requires_grad=True)
    return [p], lambda: (1 - p[0]) ** 2 + 5 * (p[1] - p[0] ** 2) ** 2


def matrix():
    p = torch.tensor([[0.5, -0.3, 0.8], [-0.6, 0.2, 0.4]], requires_grad=True)
    a = torch.tensor([[1.0, 0.5, -0.2], [0.3, 2.0, 0.1], [-0.4, 0.2, 1.5]])
    y = torch.tensor([[1.0, -1.0, 0.5], [0.2, 0.7, -0.9]])
    return [p], lambda: ((p @ a - y) ** 2).mean()


def classes():
    w = torch.tensor([[0.2, -0.4, 0.1], [-0.3, 0.5, 0.6]], requires_grad=True)
    b = torch.tensor([0.1, -0.2], requires_grad=True)
    x = torch.tensor([[1.0, 2.0, -1.0], [0.5, -0.3, 0.8], [-1.5, 0.4, 0.3], [0.7, 0.9, -0.6]])
    t = torch.tensor([0, 1, 1, 0])
    return [w, b], lambda: torch.nn.functional.cross_entropy(x @ w.T + b, t)


class Own:
    """The formula of a paper, parameter by parameter: step(t, p, g, state) returns the new p."""

    def __init__(self, parameters, step):
        self.parameters, self.step_of, self.t = parameters, step, 0
        self.state = [{} for _ in parameters]

    def zero_grad(self):
        for p in self.parameters:
            p.grad = None

    def step(self):
        self.t += 1
        with torch.no_grad():
            for p, s in zip(self.parameters, self.state):
                p.copy_(self.step_of(self.t, p.clone(), p.grad, s))


def keep(s, name, p):
    return s.setdefault(name, torch.zeros_like(p))


def lion(lr=1e-4, b1=0.9, b2=0.99, wd=0.0):
    def step(t, p, g, s):
        m = keep(s, "m", p)
        p = p * (1 - lr * wd) - lr * torch.sign(b1 * m + (1 - b1) * g)
        s["m"] = b2 * m + (1 - b2) * g
        return p

    return step


def adabelief(lr=1e-3, b1=0.9, b2=0.999, eps=1e-16, wd=0.0):
    def step(t, p, g, s):
        m = s["m"] = b1 * keep(s, "m", p) + (1 - b1) * g
        v = s["v"] = b2 * keep(s, "v", p) + (1 - b2) * (g - m) ** 2 + eps
        return p * (1 - lr * wd) - lr * m / (1 - b1**t) / (torch.sqrt(v / (1 - b2**t)) + eps)

    return step


def lamb(lr=1e-3, b1=0.9, b2=0.999, eps=1e-6, wd=1e-2):
    def step(t, p, g, s):
        m = s["m"] = b1 * keep(s, "m", p) + (1 - b1) * g
        v = s["v"] = b2 * keep(s, "v", p) + (1 - b2) * g * g
        r = m / (1 - b1**t) / (torch.sqrt(v / (1 - b2**t)) + eps) + wd * p
        a, b = p.norm(), r.norm()
        return p - lr * (a / b if a > 0 and b > 0 else 1) * r

    return step


def lars(lr=0.1, momentum=0.9, wd=1e-4, trust=1e-3, eps=1e-8):
    def step(t, p, g, s):
        a, b = p.norm(), g.norm()
        rate = trust * a / (b + wd * a + eps) if a > 0 and b > 0 else 1
        v = s["v"] = momentum * keep(s, "v", p) + lr * rate * (g + wd * p)
        return p - v

    return step


def muon(lr=1e-3, wd=0.1, momentum=0.95, nesterov=True, k=(3.4445, -4.775, 2.0315), eps=1e-7, steps=5, rms=False):
    def step(t, p, g, s):
        if p.dim() < 2:  # AdamW
            m = s["m"] = 0.9 * keep(s, "m", p) + 0.1 * g
            v = s["v"] = 0.95 * keep(s, "v", p) + 0.05 * g * g
            return p * (1 - lr * wd) - lr * m / (1 - 0.9**t) / (torch.sqrt(v / (1 - 0.95**t)) + 1e-10)
        m = s["m"] = keep(s, "m", p) * momentum + (1 - momentum) * g
        x = g * (1 - momentum) + momentum * m if nesterov else m
        n, c = p.shape
        x = x.T if n > c else x
        x = x / max(x.norm().item(), eps)
        for _ in range(steps):
            a = x @ x.T
            x = k[0] * x + (k[1] * a + k[2] * a @ a) @ x
        x = x.T if n > c else x
        adjust = 0.2 * math.sqrt(max(n, c)) if rms else math.sqrt(max(1, n / c))
        return p * (1 - lr * wd) - lr * adjust * x

    return step


def sophia(lr=1e-4, b1=0.965, b2=0.99, rho=0.04, wd=0.1, k=10, eps=1e-15):
    """Algorithm 3 of Liu and others (2023); trajectories.c gives it the gradient for the one of drawn targets."""

    def step(t, p, g, s):
        m = s["m"] = b1 * keep(s, "m", p) + (1 - b1) * g
        h = keep(s, "h", p)
        if (t - 1) % k == 0:
            h = s["h"] = b2 * h + (1 - b2) * g * g
        return p * (1 - lr * wd) - lr * torch.sign(m) * torch.clamp(m.abs() / (rho * h + eps), max=1)

    return step


def heavy_ball(lr, k):  # a rule of the user's
    def step(t, p, g, s):
        m = s["m"] = k * keep(s, "m", p) + g
        return p - lr * m

    return step


o = torch.optim
CASES = [
    ("sgd(lr=0.02)", lambda q: o.SGD(q, lr=0.02)),
    ("sgd(lr=0.01, momentum=0.9, dampening=0.2, weight_decay=0.01)",
     lambda q: o.SGD(q, lr=0.01, momentum=0.9, dampening=0.2, weight_decay=0.01)),
    ("sgd(lr=0.01, momentum=0.9, nesterov=true)", lambda q: o.SGD(q, lr=0.01, momentum=0.9, nesterov=True)),
    ("rmsprop(lr=0.01)", lambda q: o.RMSprop(q, lr=0.01)),
    ("rmsprop(lr=0.01, momentum=0.5, centered=true, weight_decay=0.01)",
     lambda q: o.RMSprop(q, lr=0.01, momentum=0.5, centered=True, weight_decay=0.01)),
    ("adam(lr=0.05)", lambda q: o.Adam(q, lr=0.05)),
    ("adam(lr=0.05, betas=[0.8, 0.95], weight_decay=0.01, amsgrad=true)",
     lambda q: o.Adam(q, lr=0.05, betas=(0.8, 0.95), weight_decay=0.01, amsgrad=True)),
    ("adamw(lr=0.05, weight_decay=0.1)", lambda q: o.AdamW(q, lr=0.05, weight_decay=0.1)),
    ("adagrad(lr=0.1)", lambda q: o.Adagrad(q, lr=0.1)),
    ("adagrad(lr=0.1, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1)",
     lambda q: o.Adagrad(q, lr=0.1, lr_decay=0.01, weight_decay=0.01, initial_accumulator_value=0.1)),
    ("adadelta", lambda q: o.Adadelta(q)),
    ("adadelta(lr=0.5, rho=0.95, eps=1e-4, weight_decay=0.01)",
     lambda q: o.Adadelta(q, lr=0.5, rho=0.95, eps=1e-4, weight_decay=0.01)),
    ("rprop", lambda q: o.Rprop(q)),
    ("rprop(lr=0.05, etas=[0.6, 1.3], step_sizes=[1e-4, 0.2])",
     lambda q: o.Rprop(q, lr=0.05, etas=(0.6, 1.3), step_sizes=(1e-4, 0.2))),
    ("asgd(lr=0.02)", lambda q: o.ASGD(q, lr=0.02)),
    ("asgd(lr=0.02, lambd=0.01, alpha=0.6, t0=10, weight_decay=0.01)",
     lambda q: o.ASGD(q, lr=0.02, lambd=0.01, alpha=0.6, t0=10, weight_decay=0.01)),
    ("adamax(lr=0.05)", lambda q: o.Adamax(q, lr=0.05)),
    ("adamax(lr=0.05, betas=[0.8, 0.95], weight_decay=0.01)",
     lambda q: o.Adamax(q, lr=0.05, betas=(0.8, 0.95), weight_decay=0.01)),
    ("nadam(lr=0.05)", lambda q: o.NAdam(q, lr=0.05)),
    ("nadam(lr=0.05, weight_decay=0.01, momentum_decay=0.01)",
     lambda q: o.NAdam(q, lr=0.05, weight_decay=0.01, momentum_decay=0.01)),
    ("nadam(lr=0.05, weight_decay=0.1, decoupled_weight_decay=true)",
     lambda q: o.NAdam(q, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)),
    ("radam(lr=0.05)", lambda q: o.RAdam(q, lr=0.05)),
    ("radam(lr=0.05, betas=[0.9, 0.99], weight_decay=0.1, decoupled_weight_decay=true)",
     lambda q: o.RAdam(q, lr=0.05, betas=(0.9, 0.99), weight_decay=0.1, decoupled_weight_decay=True)),
    ("adafactor(lr=0.02)", lambda q: o.Adafactor(q, lr=0.02)),
    ("adafactor(lr=0.005, beta2_decay=-0.6, eps1=1e-6, eps2=1e-2, d=1.5, weight_decay=0.1)",
     lambda q: o.Adafactor(q, lr=0.005, beta2_decay=-0.6, eps=(1e-6, 1e-2), d=1.5, weight_decay=0.1)),
    ("lion(lr=0.01, weight_decay=0.1)", lambda q: Own(q, lion(lr=0.01, wd=0.1))),
    ("adabelief(lr=0.05, weight_decay=0.01)", lambda q: Own(q, adabelief(lr=0.05, wd=0.01))),
    ("lamb(lr=0.05)", lambda q: Own(q, lamb(lr=0.05))),
    ("lars(lr=0.3, trust_coefficient=0.01)", lambda q: Own(q, lars(lr=0.3, trust=0.01))),
    ("muon(lr=0.02)", lambda q: Own(q, muon(lr=0.02))),
    ("muon(lr=0.02, nesterov=false, adjust_lr_fn=match_rms_adamw, ns_steps=3)",
     lambda q: Own(q, muon(lr=0.02, nesterov=False, rms=True, steps=3))),
    ("sophia(lr=0.05)", lambda q: Own(q, sophia(lr=0.05))),
    ("sophia(lr=0.02, betas=[0.9, 0.95], rho=30, weight_decay=0.01, k=3)",
     lambda q: Own(q, sophia(lr=0.02, b1=0.9, b2=0.95, rho=30, wd=0.01, k=3))),
    ("rule('m = 0.9*m + g; p = p - lr*m', lr=0.01)", lambda q: Own(q, heavy_ball(0.01, 0.9))),
]

for problem in (valley, matrix, classes):
    for call, make in CASES:
        parameters, loss = problem()
        optimizer = make(parameters)
        if hasattr(optimizer, "param_groups"):
            optimizer.param_groups[0]["foreach"] = False
        for step in range(1, STEPS[-1] + 1):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()
            if step in STEPS:
                numbers = [repr(v) for p in parameters for v in p.detach().flatten().tolist()]
                print(problem.__name__, call, step, " ".join(numbers), sep=";")
