"""Writes drive.txt: where L-BFGS and Levenberg-Marquardt are after each of 20 steps, in float64, on a regression and a
classification of eight rows (all of them the batch).

    python3 drive.py > drive.txt        (PyTorch 2.10 or later)

L-BFGS is torch.optim.LBFGS; Levenberg-Marquardt is written here from Hagan and Menhaj (1994) with the Jacobian of
torch.autograd. A line: problem; call; step; numbers of all parameters.
"""
import torch

torch.set_default_dtype(torch.float64)
X = torch.tensor([[0.1, -0.4], [0.9, 0.3], [-0.7, 0.8], [0.2, 0.5], [-0.3, -0.9], [0.6, -0.2], [-0.8, -0.1], [0.4, 0.7]])
Y = torch.tensor([[0.3], [-0.2], [0.8], [0.1], [-0.6], [0.4], [0.5], [-0.7]])
T = torch.tensor([0, 1, 1, 0, 0, 1, 1, 0])


def parameters(outputs):
    w = torch.tensor([[0.3, -0.2], [-0.5, 0.4], [0.1, 0.6]], requires_grad=True)
    b = torch.tensor([0.05, -0.1, 0.2], requires_grad=True)
    v = torch.tensor([[0.7, -0.3, 0.2], [-0.4, 0.5, 0.1]][:outputs], requires_grad=True)
    c = torch.tensor([0.1, -0.05][:outputs], requires_grad=True)
    return [w, b, v, c]


def output(p):
    return torch.tanh(X @ p[0].T + p[1]) @ p[2].T + p[3]


def losses(name, p):
    return ((output(p) - Y) ** 2).mean() if name == "regression" else torch.nn.functional.cross_entropy(output(p), T)


def say(name, call, step, p):
    print(name, call, step, " ".join(repr(x) for q in p for x in q.detach().flatten().tolist()), sep=";")


for name in ("regression", "classes"):
    for call, options in [
        ("lbfgs(max_iter=1)", dict(max_iter=1, line_search_fn="strong_wolfe")),
        ("lbfgs(lr=0.5, max_iter=2, max_eval=10, history_size=3)",
         dict(lr=0.5, max_iter=2, max_eval=10, history_size=3, line_search_fn="strong_wolfe")),
        ("lbfgs(lr=0.1, max_iter=2, line_search_fn=fixed)", dict(lr=0.1, max_iter=2)),
    ]:
        p = parameters(1 if name == "regression" else 2)
        optimizer = torch.optim.LBFGS(p, **options)

        def closure():
            optimizer.zero_grad()
            loss = losses(name, p)
            loss.backward()
            return loss

        for step in range(1, 21):
            optimizer.step(closure)
            say(name, call, step, p)

p, mu = parameters(1), 1e-2
for step in range(1, 21):
    flat = torch.cat([q.detach().flatten() for q in p])

    def residuals(x):
        parts, at = [], 0
        for q in p:
            parts.append(x[at:at + q.numel()].reshape(q.shape))
            at += q.numel()
        return (output(parts) - Y).flatten()

    r, j = residuals(flat), torch.autograd.functional.jacobian(residuals, flat)
    for _ in range(30):
        new = flat + torch.linalg.solve(j.T @ j + mu * torch.eye(len(flat)), -j.T @ r)
        lower = (residuals(new) ** 2).mean() < (r**2).mean()
        mu *= 0.1 if lower else 10
        if lower:
            break
    at = 0
    with torch.no_grad():
        for q in p:
            q.copy_(new[at:at + q.numel()].reshape(q.shape))
            at += q.numel()
    say("regression", "lm(mu=0.01)", step, p)
