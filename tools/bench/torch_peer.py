"""PyTorch's side: the same networks, losses and optimisers, as its users write them.

usage: torch_peer.py eager|compile|memory|chain THREADS"""
import json
import sys
import time

import torch

import turns
import works

nn = torch.nn


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(32, 128, batch_first=True)
        self.scores = nn.Linear(128, 10)

    def forward(self, x):
        return self.scores(self.lstm(x)[1][0][0])


class Gated(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(32, 128, batch_first=True)
        self.scores = nn.Linear(128, 10)

    def forward(self, x):
        return self.scores(self.gru(x)[1][0])


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(width))

    def forward(self, x):
        q = x * self.scale
        return nn.functional.scaled_dot_product_attention(q, q, q)


def conv(a, b):
    return nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.ReLU())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.ModuleList([conv(1, 16), conv(16, 32), conv(32, 64)])
        self.up = nn.ModuleList([conv(96, 32), conv(48, 16)])
        self.last = nn.Conv2d(16, 1, 1)

    def forward(self, x):
        fine = self.down[0](x)
        middle = self.down[1](nn.functional.max_pool2d(fine, 2))
        coarse = self.down[2](nn.functional.max_pool2d(middle, 2))
        y = self.up[0](torch.cat([middle, nn.functional.interpolate(coarse, scale_factor=2)], 1))
        return self.last(self.up[1](torch.cat([fine, nn.functional.interpolate(y, scale_factor=2)], 1)))


class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 3, padding=1)
        self.layers = nn.ModuleList([nn.Sequential(nn.BatchNorm2d(24 + 12 * k), nn.ReLU(),
                                                   nn.Conv2d(24 + 12 * k, 12, 3, padding=1)) for k in range(4)])
        self.head = nn.Sequential(nn.BatchNorm2d(72), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
                                  nn.Linear(72, 10))

    def forward(self, x):
        x = self.stem(x)
        for layer in self.layers:
            x = torch.cat([x, layer(x)], 1)
        return self.head(x)


class Rbf(nn.Module):
    def __init__(self):
        super().__init__()
        self.centers = nn.Parameter(torch.randn(200, 784))
        self.gamma = nn.Parameter(torch.full((200,), 0.001))
        self.scores = nn.Linear(200, 10)

    def forward(self, x):
        squares = (x * x).sum(1, keepdim=True) + (self.centers * self.centers).sum(1) - 2 * x @ self.centers.T
        return self.scores(torch.exp(-self.gamma * squares.clamp(min=0)))


def model_and_data(graph, batch, settings=()):
    """Model, loss, input and target, as the graph file has them."""
    if graph == 'tiny':
        model = nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 1))
        return model, nn.functional.mse_loss, torch.randn(batch, 2), torch.randn(batch, 1)
    if graph == 'transformer':
        model = nn.TransformerEncoderLayer(64, 4, dim_feedforward=256, dropout=0.0, activation='gelu',
                                           norm_first=True, batch_first=True)
        return model, nn.functional.mse_loss, torch.randn(batch, 128, 64), torch.randn(batch, 128, 64)
    if graph == 'attention':
        given = {'heads': 8, 'length': 512, 'width': 64, **{k: int(v) for k, v in (one.split('=') for one in settings)}}
        shape = batch, given['heads'], given['length'], given['width']
        return Attention(given['width']), nn.functional.mse_loss, torch.randn(shape), torch.randn(shape)
    if graph == 'unet':
        channels_last = {'memory_format': torch.channels_last}
        x, target = (torch.randn(batch, 1, 64, 64).to(**channels_last) for _ in range(2))
        return UNet().to(**channels_last), nn.functional.mse_loss, x, target
    if graph == 'densenet':
        x = torch.randn(batch, 3, 32, 32).to(memory_format=torch.channels_last)
        model = DenseNet().to(memory_format=torch.channels_last)
    elif graph == 'gru':
        x, model = torch.randn(batch, 50, 32), Gated()
    elif graph == 'deep':
        sizes = [784] + 19 * [128]
        layers = [part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), nn.ReLU())]
        x, model = torch.randn(batch, 784), nn.Sequential(*layers, nn.Linear(128, 10))
    elif graph == 'mlp':
        x = torch.randn(batch, 784)
        model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    elif graph == 'cnn':
        x = torch.randn(batch, 1, 28, 28).to(memory_format=torch.channels_last)
        model = nn.Sequential(nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
                              nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 14 * 14, 128), nn.ReLU(),
                              nn.Linear(128, 10)).to(memory_format=torch.channels_last)
    elif graph == 'lstm':
        x, model = torch.randn(batch, 50, 32), Recurrent()
    else:
        x, model = torch.randn(batch, 784), Rbf()
    return model, nn.functional.cross_entropy, x, torch.randint(10, (batch,))


def compiled(function, *arguments):
    """As one graph where PyTorch can (not through nn.LSTM)."""
    whole = torch.compile(function, fullgraph=True)
    try:
        whole(*arguments)
        return whole
    except Exception:
        torch._dynamo.reset()
        return torch.compile(function)


def forward_step(model, x, is_compiled):
    with torch.no_grad():
        output = compiled(model, x) if is_compiled else model

    def step():
        with torch.no_grad():
            output(x)

    return step


def network_step(work, is_compiled):
    model, loss, x, target = model_and_data(work.graph, work.batch, work.settings)
    if work.mode == 'forward':
        return forward_step(model.eval(), x, is_compiled)
    name, rate = work.rate()
    optimizer = (torch.optim.SGD if name == 'sgd' else torch.optim.Adam)(model.parameters(), lr=rate)

    def value(x, target):
        return loss(model(x), target)

    update = optimizer.step
    if is_compiled:
        value, update = compiled(value, x, target), torch.compile(optimizer.step)

    def step():
        optimizer.zero_grad(set_to_none=True)
        value(x, target).backward()
        update()

    return step


def activation_step(work, is_compiled):
    x = torch.randn(works.ELEMENTS, requires_grad=True)
    ones = torch.ones_like(x)

    def value(x):
        return work.torch(nn.functional, x)

    value = compiled(value, x) if is_compiled else value

    def step():
        x.grad = None
        value(x).backward(ones)

    return step


def make_step(is_compiled):
    def make(work):
        torch.manual_seed(0)
        torch._dynamo.reset() if is_compiled else None
        return (network_step if isinstance(work, works.Network) else activation_step)(work, is_compiled)

    return make


def memory():
    """Bytes that training the CNN takes at most, above what the process has before the network is made."""

    def status(field):
        line = next(line for line in open('/proc/self/status') if line.startswith(field + ':'))
        return 1024 * int(line.split()[1])

    idle = status('VmRSS')
    step = network_step(works.find('cnn'), False)
    for _ in range(10):
        step()
    print(json.dumps({'bytes': status('VmHWM') - idle}))


def chain(length=1000000):
    """Seconds a node of building, running and differentiating a long chain."""
    begin = time.perf_counter()
    x = torch.randn(1, requires_grad=True)
    y = x
    for _ in range(length):
        y = torch.sin(y)
    y.backward()
    print(json.dumps({'seconds': (time.perf_counter() - begin) / length}))


if __name__ == '__main__':
    torch.set_num_threads(int(sys.argv[2]))
    if sys.argv[1] in ('memory', 'chain'):
        globals()[sys.argv[1]]()
    else:
        turns.serve(torch.__version__, make_step(sys.argv[1] == 'compile'))
