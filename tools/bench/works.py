"""What is measured: networks, each one training step, and activations, each forward and backward."""
import dataclasses
import typing


@dataclasses.dataclass
class Network:
    name: str
    graph: str
    batch: int
    optimizer: str  # as dotgrad writes it
    products: float = 0  # floating-point operations of all matrix products and convolutions of a step; 0: not counted
    mode: str = 'train'  # or forward: the output alone
    settings: tuple = ()  # of the graph file

    def rate(self):
        """The optimiser's name and learning rate."""
        name, rate = self.optimizer.rstrip(')').split('(lr=')
        return name, float(rate)


@dataclasses.dataclass
class Activation:
    name: str
    formula: str
    torch: typing.Callable  # of torch.nn.functional and x
    jax: typing.Callable  # of jax.nn and x


ELEMENTS = 1 << 20  # of an activation's input
# Bytes that an activation moves at least: x read and y written; x and the cotangent read and the gradient written.
ACTIVATION_BYTES = 5 * 4 * ELEMENTS


def dense(batch, sizes, first_inputs=False):
    """Products of a step through linear layers: value, weights' gradient, and, but for the network's input, inputs'."""
    pairs = list(zip(sizes, sizes[1:]))
    return sum(2 * batch * a * b * (3 if k or first_inputs else 2) for k, (a, b) in enumerate(pairs))


def mlp_products(batch):
    return dense(batch, [784, 256, 128, 10])


def cnn_products(batch):
    first, second = 2 * batch * 28 * 28 * 9 * 32, 2 * batch * 28 * 28 * 9 * 32 * 32
    return 2 * first + 3 * second + dense(batch, [32 * 14 * 14, 128, 10], True)


def lstm_products(batch, steps=50):
    return steps * (2 * 2 * batch * 32 * 512 + 3 * 2 * batch * 128 * 512) + dense(batch, [128, 10], True)


def rbf_products(batch):
    return 2 * 2 * batch * 784 * 200 + dense(batch, [200, 10], True)


def transformer_products(batch, length=128, width=64):
    rows = batch * length
    attention = 3 * 2 * (2 * batch * length * length * width)
    return dense(rows, [width, 3 * width], True) + dense(rows, [width, width], True) + \
        dense(rows, [width, 256, width], True) + attention


def attention_products(batch, heads, length, width):
    return 7 * 2 * batch * heads * length * length * width  # two forward, five backward


WORKS = [
    Network('tiny', 'tiny', 4, 'sgd(lr=0.01)'),
    Network('mlp-sgd', 'mlp', 64, 'sgd(lr=0.01)', mlp_products(64)),
    Network('mlp-adam', 'mlp', 64, 'adam(lr=0.001)', mlp_products(64)),
    Network('mlp-256', 'mlp', 256, 'sgd(lr=0.01)', mlp_products(256)),
    Network('cnn', 'cnn', 64, 'adam(lr=0.001)', cnn_products(64)),
    Network('cnn-256', 'cnn', 256, 'adam(lr=0.001)', cnn_products(256)),
    Network('lstm', 'lstm', 64, 'adam(lr=0.001)', lstm_products(64)),
    Network('rbf', 'rbf', 64, 'adam(lr=0.001)', rbf_products(64)),
    Network('transformer', 'transformer', 16, 'adam(lr=0.001)', transformer_products(16)),
    Network('gru', 'gru', 64, 'adam(lr=0.001)'),
    Network('deep-mlp', 'deep', 64, 'adam(lr=0.001)', dense(64, [784] + 19 * [128] + [10])),
    Network('attention-512', 'attention', 2, 'sgd(lr=0.01)', attention_products(2, 8, 512, 64)),
    Network('attention-2048', 'attention', 1, 'sgd(lr=0.01)', attention_products(1, 4, 2048, 16),
            settings=('heads=4', 'length=2048', 'width=16')),
    Network('unet', 'unet', 4, 'adam(lr=0.001)'),
    Network('densenet', 'densenet', 16, 'adam(lr=0.001)'),
    Network('mlp-infer-1', 'mlp', 1, 'sgd(lr=0.01)', mode='forward'),
    Network('mlp-infer-64', 'mlp', 64, 'sgd(lr=0.01)', dense(64, [784, 256, 128, 10], True) / 3, mode='forward'),
    Network('cnn-infer-1', 'cnn', 1, 'sgd(lr=0.01)', mode='forward'),
    Network('cnn-infer-64', 'cnn', 64, 'sgd(lr=0.01)', mode='forward'),
    Activation('relu', 'max(x, 0)', lambda f, x: f.relu(x), lambda f, x: f.relu(x)),
    Activation('leaky_relu', 'where(x > 0, x, 0.01 * x)', lambda f, x: f.leaky_relu(x), lambda f, x: f.leaky_relu(x)),
    Activation('elu', 'where(x > 0, x, expm1(x))', lambda f, x: f.elu(x), lambda f, x: f.elu(x)),
    Activation('selu', '1.0507009873554805 * where(x > 0, x, 1.6732632423543772 * expm1(x))',
               lambda f, x: f.selu(x), lambda f, x: f.selu(x)),
    Activation('gelu', 'x * (1 + erf(x / sqrt(2))) / 2', lambda f, x: f.gelu(x),
               lambda f, x: f.gelu(x, approximate=False)),
    Activation('gelu_tanh', 'x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2',
               lambda f, x: f.gelu(x, approximate='tanh'), lambda f, x: f.gelu(x, approximate=True)),
    Activation('silu', 'x * sigmoid(x)', lambda f, x: f.silu(x), lambda f, x: f.silu(x)),
    Activation('mish', 'x * tanh(softplus(x))', lambda f, x: f.mish(x), lambda f, x: f.mish(x)),
    Activation('softplus', 'log1p(exp(-abs(x))) + max(x, 0)', lambda f, x: f.softplus(x), lambda f, x: f.softplus(x)),
    Activation('softsign', 'x / (1 + abs(x))', lambda f, x: f.softsign(x), lambda f, x: f.soft_sign(x)),
    Activation('sigmoid', '1 / (1 + exp(-x))', lambda f, x: f.sigmoid(x), lambda f, x: f.sigmoid(x)),
    Activation('hardswish', 'x * min(max(x + 3, 0), 6) / 6', lambda f, x: f.hardswish(x),
               lambda f, x: f.hard_swish(x)),
]


def find(name):
    return next((work for work in WORKS if work.name == name), None)
