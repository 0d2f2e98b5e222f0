"""Every function of the catalogue as `dotgrad activation --export torch`, `jax` and `keras` write it, run by these
frameworks in float64: values, slopes by x and slopes by each trained parameter are those that dotgrad computes.

    python3 exports.py DOTGRAD [NAME...]        # needs torch, jax, keras and numpy; Keras runs on JAX

Points lie beside the kinks that published functions have. A function whose export another framework computes otherwise
far out is listed by name and point; the exit status is then 1."""
import os
import re
import subprocess
import sys
import tempfile

os.environ['KERAS_BACKEND'] = 'jax'
os.environ['JAX_ENABLE_X64'] = '1'
os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'

import jax
import keras
import numpy
import torch

POINTS = numpy.concatenate([numpy.linspace(-6, 6, 33) + 0.0123, [-30.0123, -12.3, 12.3, 30.0123]])
# Relative to what is there, at least 1: float64 with some cancellation; Keras computes sin, tanh, arctan, sinh and their
# like in float32 on JAX, whatever its policy.
TOLERANCES = {'torch': 1e-9, 'jax': 1e-9, 'keras': 2e-5}
# Functions that a framework computes less exactly, and why.
SOFTPLUS = 'its softplus(x) is x above 20, which lacks exp(-20)'
SINE = 'its sin(30 x) in float32 has the error of 30 x, 30 times'
EXCEPTIONS = {('torch', 'soft_clipping'): (1e-8, SOFTPLUS), ('keras', 'sine'): (2e-4, SINE),
              ('keras', 'sine_30'): (2e-4, SINE)}


def dotgrad(*arguments):
    run = subprocess.run([program, *arguments], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f'{" ".join(arguments)}\n{run.stderr}')
    return run.stdout


def catalogue():
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, '../../optim/activation/catalogue.tsv')) as file:
        rows = [line.rstrip('\n').split('\t') for line in file if not line.startswith('#')]
    return [row[0] for row in rows if row[2]]


def reference(call, folder):
    """Values, slopes and slopes by parameters, as dotgrad has them."""
    path = os.path.join(folder, 'net.dot')
    with open(path, 'w') as file:
        file.write(f'digraph g {{ graph [dtype=float64]; x [op="input([N, 1], dtype=float64)"]; act [op="{call}"]; x -> act; }}')
    numpy.savez(os.path.join(folder, 'in.npz'), x=POINTS[:, None])
    out = os.path.join(folder, 'out.npz')
    names = re.findall(r'(\w+)=parameter\(', call)
    wanted = ','.join(['x'] + ['act.' + name for name in names])
    dotgrad('eval', path, '--feed', os.path.join(folder, 'in.npz'), '--fetch', 'act', '--grad', 'act', '--wrt', wanted,
            '-o', out)
    with numpy.load(out) as got:
        values = {'f': got['act'].ravel(), 'slope': got['grad:x'].ravel()}
        values.update({name: got['grad:act.' + name].sum() for name in names})
    return values


def by_torch(space, number, names):
    make = space['Activation' + number]
    module = make(channels=1) if 'channels' in make.__init__.__code__.co_varnames else make()
    module = module.double()
    x = torch.tensor(POINTS[:, None], requires_grad=True)
    y = module(x)
    if y.requires_grad:  # a step has no slope
        y.sum().backward()
    slope = numpy.zeros(len(POINTS)) if x.grad is None else x.grad.numpy().ravel()
    values = {'f': y.detach().numpy().ravel(), 'slope': slope}
    for name, parameter in module.named_parameters():
        values[name] = 0.0 if parameter.grad is None else float(parameter.grad.sum())
    return values


def by_jax(space, number, names):
    function = space['activation' + number]
    x = jax.numpy.asarray(POINTS[:, None])
    code = function.__code__
    defaults = dict(zip(code.co_varnames[1:code.co_argcount], function.__defaults__ or ()))
    trained = {name: jax.numpy.asarray(float(value)) for name, value in defaults.items() if name in names}
    y, pull = jax.vjp(lambda x, p: function(x, **p), x, trained)
    by_x, by_p = pull(jax.numpy.ones_like(y))
    return {'f': numpy.ravel(y), 'slope': numpy.ravel(by_x), **{name: float(g) for name, g in by_p.items()}}


def by_keras(space, number, names):
    layer = space['Activation' + number]()
    x = jax.numpy.asarray(POINTS[:, None])
    layer.build(x.shape)
    weights = [v.value for v in layer.trainable_variables]
    y, pull = jax.vjp(lambda x, w: layer.stateless_call(w, [], x)[0], x, weights)
    by_x, by_w = pull(jax.numpy.ones_like(y))
    assert [v.name for v in layer.trainable_variables] == names, (names, layer.trainable_variables)
    return {'f': numpy.ravel(y), 'slope': numpy.ravel(by_x),
            **{v.name: float(g.sum()) for v, g in zip(layer.trainable_variables, by_w)}}


def differences(name, framework, got, want):
    said = []
    tolerance = EXCEPTIONS.get((framework, name), (TOLERANCES[framework],))[0]
    for what, wanted in want.items():
        a, b = numpy.atleast_1d(got[what]), numpy.atleast_1d(wanted)
        close = numpy.abs(a - b) <= tolerance * numpy.maximum(1, numpy.abs(b))
        wrong = ~(close | (a == b) | (numpy.isnan(a) & numpy.isnan(b)))
        for k in numpy.flatnonzero(wrong)[:2]:
            at = f' at {POINTS[k]:g}' if len(a) > 1 else ''
            said.append(f'{name}, {framework}: {what}{at}: {a[k]!r} for {b[k]!r}')
    return said


def main():
    names = sys.argv[2:] or catalogue()
    torch.set_default_dtype(torch.float64)
    keras.config.set_floatx('float64')
    keras.config.set_dtype_policy('float64')
    calls = re.findall(r'  act  \[op="(.*)"\];', dotgrad('activation', *names, '--export', 'graph'))
    assert len(calls) == len(names)
    spaces = {}
    for framework in 'torch', 'jax', 'keras':
        spaces[framework] = {}
        exec(dotgrad('activation', *names, '--export', framework), spaces[framework])
    said, trained = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for k, (name, call) in enumerate(zip(names, calls)):
            want = reference(call, folder)
            parameters = [p for p in want if p not in ('f', 'slope')]
            trained += len(parameters)
            for framework, run in ('torch', by_torch), ('jax', by_jax), ('keras', by_keras):
                try:
                    got = run(spaces[framework], str(k + 1) if k else '', parameters)
                    said += differences(name, framework, got, want)
                except Exception as error:
                    said.append(f'{name}, {framework}: {type(error).__name__}: {error}')
    for (framework, name), (tolerance, reason) in EXCEPTIONS.items():
        if name in names:
            print(f'{name}, {framework}: within {tolerance:g} instead of {TOLERANCES[framework]:g}: {reason}')
    print(*said, sep='\n', end='\n' if said else '')
    print(f'{len(names)} functions with {trained} trained parameters in three frameworks: {len(said)} differences')
    return bool(said)


if __name__ == '__main__':
    program = os.path.abspath(sys.argv[1])
    sys.exit(main())
