"""JAX's side: whole training steps under jit, parameters and the optimiser's state donated.

usage: jax_peer.py jit THREADS"""
import functools

import jax
import jax.numpy as jnp
import numpy

import turns
import works

random = numpy.random.default_rng(0)


def normal(*shape, scale=1.0):
    return jnp.asarray(scale * random.standard_normal(shape), jnp.float32)


def layer(inputs, outputs):
    return {'weight': normal(inputs, outputs, scale=inputs ** -0.5), 'bias': jnp.zeros(outputs)}


def linear(p, x):
    return x @ p['weight'] + p['bias']


def cross_entropy(scores, labels):
    return -jnp.take_along_axis(jax.nn.log_softmax(scores), labels[:, None], 1).mean()


def mean_squares(y, target):
    return jnp.square(y - target).mean()


# ---- the networks: parameters, and the output from parameters and input ----

def dense_network(sizes, activation):
    parameters = [layer(a, b) for a, b in zip(sizes, sizes[1:])]

    def output(p, x):
        for one in p[:-1]:
            x = activation(linear(one, x))
        return linear(p[-1], x)

    return parameters, output


def cnn():
    parameters = {'conv1': normal(3, 3, 1, 32, scale=0.3), 'bias1': jnp.zeros(32),
                  'conv2': normal(3, 3, 32, 32, scale=0.06), 'bias2': jnp.zeros(32),
                  'fc1': layer(32 * 14 * 14, 128), 'scores': layer(128, 10)}

    def conv(weight, bias, x):
        y = jax.lax.conv_general_dilated(x, weight, (1, 1), 'SAME', dimension_numbers=('NHWC', 'HWIO', 'NHWC'))
        return jax.nn.relu(y + bias)

    def output(p, x):
        x = conv(p['conv2'], p['bias2'], conv(p['conv1'], p['bias1'], x))
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), 'VALID')
        return linear(p['scores'], jax.nn.relu(linear(p['fc1'], x.reshape(x.shape[0], -1))))

    return parameters, output


def lstm():
    parameters = {'input': layer(32, 512), 'hidden': layer(128, 512), 'scores': layer(128, 10)}

    def output(p, x):
        gates_of_inputs = linear(p['input'], x).transpose(1, 0, 2)  # all steps at once: [T, N, 4·H]

        def cell(state, gates):
            h, c = state
            i, f, g, o = jnp.split(gates + linear(p['hidden'], h), 4, 1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

        zeros = jnp.zeros((x.shape[0], 128))
        (h, _), _ = jax.lax.scan(cell, (zeros, zeros), gates_of_inputs)
        return linear(p['scores'], h)

    return parameters, output


def gru():
    parameters = {'input': layer(32, 384), 'hidden': layer(128, 384), 'scores': layer(128, 10)}

    def output(p, x):
        gates_of_inputs = linear(p['input'], x).transpose(1, 0, 2)

        def cell(h, gates):
            r, z, n = jnp.split(gates, 3, 1)
            a, b, q = jnp.split(linear(p['hidden'], h), 3, 1)
            z = jax.nn.sigmoid(z + b)
            return (1 - z) * jnp.tanh(n + jax.nn.sigmoid(r + a) * q) + z * h, None

        h, _ = jax.lax.scan(cell, jnp.zeros((x.shape[0], 128)), gates_of_inputs)
        return linear(p['scores'], h)

    return parameters, output


def attention(width):
    def output(p, x):
        q = x * p['scale']
        weights = jax.nn.softmax(jnp.einsum('nhqd,nhkd->nhqk', q, q) * width ** -0.5)
        return jnp.einsum('nhqk,nhkd->nhqd', weights, q)

    return {'scale': jnp.ones(width)}, output


def rbf():
    parameters = {'centers': normal(200, 784), 'gamma': jnp.full(200, 0.001), 'scores': layer(200, 10)}

    def output(p, x):
        c = p['centers']
        squares = (x * x).sum(1, keepdims=True) + (c * c).sum(1) - 2 * x @ c.T
        return linear(p['scores'], jnp.exp(-p['gamma'] * jnp.maximum(squares, 0)))

    return parameters, output


def transformer(width=64, heads=4):
    parameters = {'norm1': (jnp.ones(width), jnp.zeros(width)), 'norm2': (jnp.ones(width), jnp.zeros(width)),
                  'projections': layer(width, 3 * width), 'out': layer(width, width),
                  'fc1': layer(width, 256), 'fc2': layer(256, width)}

    def norm(p, x):
        centered = x - x.mean(-1, keepdims=True)
        return centered * jax.lax.rsqrt(jnp.square(centered).mean(-1, keepdims=True) + 1e-5) * p[0] + p[1]

    def attend(p, x):
        n, t, _ = x.shape
        q, k, v = (part.reshape(n, t, heads, width // heads) for part in
                   jnp.split(linear(p['projections'], x), 3, -1))
        weights = jax.nn.softmax(jnp.einsum('nqhd,nkhd->nhqk', q, k) * (width // heads) ** -0.5)
        return linear(p['out'], jnp.einsum('nhqk,nkhd->nqhd', weights, v).reshape(n, t, width))

    def output(p, x):
        x = x + attend(p, norm(p['norm1'], x))
        return x + linear(p['fc2'], jax.nn.gelu(linear(p['fc1'], norm(p['norm2'], x)), approximate=False))

    return parameters, output


def network_and_data(graph, batch, settings=()):
    labels = jnp.asarray(random.integers(0, 10, batch), jnp.int32)
    if graph == 'tiny':
        return *dense_network([2, 16, 16, 1], jnp.tanh), mean_squares, normal(batch, 2), normal(batch, 1)
    if graph == 'transformer':
        return *transformer(), mean_squares, normal(batch, 128, 64), normal(batch, 128, 64)
    if graph == 'attention':
        given = {'heads': 8, 'length': 512, 'width': 64, **{k: int(v) for k, v in (one.split('=') for one in settings)}}
        shape = batch, given['heads'], given['length'], given['width']
        return *attention(given['width']), mean_squares, normal(*shape), normal(*shape)
    if graph == 'deep':
        sizes = [784] + 19 * [128] + [10]
        return *dense_network(sizes, jax.nn.relu), cross_entropy, normal(batch, 784), labels
    if graph == 'gru':
        return *gru(), cross_entropy, normal(batch, 50, 32), labels
    if graph in ('unet', 'densenet'):
        raise NotImplementedError(f'{graph} is not written for JAX')
    if graph == 'mlp':
        return *dense_network([784, 256, 128, 10], jax.nn.relu), cross_entropy, normal(batch, 784), labels
    if graph == 'cnn':
        return *cnn(), cross_entropy, normal(batch, 28, 28, 1), labels
    if graph == 'lstm':
        return *lstm(), cross_entropy, normal(batch, 50, 32), labels
    return *rbf(), cross_entropy, normal(batch, 784), labels


# ---- steps ----

def sgd(rate):
    def update(p, g, state):
        return jax.tree.map(lambda p, g: p - rate * g, p, g), state

    return update, lambda p: ()


def adam(rate, beta1=0.9, beta2=0.999, eps=1e-8):
    def update(p, g, state):
        t, m, v = state
        t = t + 1
        m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, m, g)
        v = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, v, g)
        root = jnp.sqrt(1 - beta2 ** t)
        p = jax.tree.map(lambda p, m, v: p - rate / (1 - beta1 ** t) * m / (jnp.sqrt(v) / root + eps), p, m, v)
        return p, (t, m, v)

    return update, lambda p: (jnp.zeros(()), jax.tree.map(jnp.zeros_like, p), jax.tree.map(jnp.zeros_like, p))


def network_step(work):
    parameters, output, loss, x, target = network_and_data(work.graph, work.batch, work.settings)
    if work.mode == 'forward':
        forward = jax.jit(output)
        return lambda: jax.block_until_ready(forward(parameters, x))
    name, rate = work.rate()
    update, first_state = (sgd if name == 'sgd' else adam)(rate)
    kept = [parameters, first_state(parameters)]

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def train(p, state, x, target):
        value, gradient = jax.value_and_grad(lambda p: loss(output(p, x), target))(p)
        return *update(p, gradient, state), value

    def step():
        kept[0], kept[1], value = train(kept[0], kept[1], x, target)
        jax.block_until_ready((kept, value))

    return step


def activation_step(work):
    x, ones = normal(works.ELEMENTS), jnp.ones(works.ELEMENTS)

    @jax.jit
    def value_and_gradient(x, cotangent):
        value, back = jax.vjp(lambda x: work.jax(jax.nn, x), x)
        return value, back(cotangent)[0]

    def step():
        jax.block_until_ready(value_and_gradient(x, ones))

    return step


def make_step(work):
    return network_step(work) if isinstance(work, works.Network) else activation_step(work)


if __name__ == '__main__':
    turns.serve(jax.__version__, make_step)
