#!/usr/bin/env python3
"""Values of ops and of their derivatives of orders 1 and 2 by mpmath, kept in limits.safetensors.

Ops of one tensor (limits.txt) are evaluated as formulas are (../formulas/make_reference.py): at infinity and at holes stands the
limit; NaN, at kinks and outside the domain, means that nothing is wanted. Ops of two tensors are evaluated at each pair of some
numbers, with the derivatives a, b, aa, ab, bb from closed forms; where one of those divides by 0, nothing is wanted.

Usage: make_limits.py; needs mpmath, numpy and safetensors. About five minutes.
"""
import ast
import os
import sys

import mpmath
import numpy
from mpmath import mp, mpf
from safetensors.numpy import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "formulas"))
import make_reference as reference  # noqa: E402


def points():
    """Those of formulas, and the corners of activations with their neighbours."""
    single, wide = reference.points()
    corners = [float(numpy.float32(s * c)) for c in (0.5, 1, 3, 6) for s in (1, -1)]
    beside = [float(numpy.nextafter(numpy.float32(c), numpy.float32(to))) for c in corners for to in (9, -9)]
    return single + corners + beside + [0.99, -0.99], wide


def unary(tensors):
    single, wide = points()
    tensors["x"] = numpy.array(single + wide + [float("inf"), float("-inf")])
    tensors["single"] = numpy.array([len(single)], dtype=numpy.int64)
    for line in open(os.path.join(HERE, "limits.txt"), encoding="utf-8"):
        if line.startswith("#"):
            continue
        name, formula = line.rstrip("\n").split(" | ")
        tree = ast.parse(formula.replace("^", "**"), mode="eval").body
        has_kinks = any(word in formula for word in ("where", "abs", "sign"))
        rows = [reference.at_point(tree, x, has_kinks) for x in single + wide]
        rows += [reference.at_infinity(tree, 1), reference.at_infinity(tree, -1)]
        tensors["1." + name] = numpy.array(rows, dtype=numpy.float64).T.copy()
        print(name, flush=True)


# f, ∂a, ∂b, ∂aa, ∂ab, ∂bb
def powers(a, b):
    f, l = a**b, mpmath.log(a)
    return f, b * f / a, f * l, b * (b - 1) * f / a**2, f / a + b * f * l / a, f * l * l


def hypot(a, b):
    h = mpmath.sqrt(a * a + b * b)
    return h, a / h, b / h, b * b / h**3, -a * b / h**3, a * a / h**3


def atan2(a, b):
    s = a * a + b * b
    return mpmath.atan2(a, b), b / s, -a / s, -2 * a * b / s**2, (a * a - b * b) / s**2, 2 * a * b / s**2


def logaddexp(a, b):
    m, d = max(a, b), reference.exp_number(-abs(a - b))
    p, q = (1, d) if a > b else (d, 1)
    p, q = mpf(p) / (1 + d), mpf(q) / (1 + d)
    return m + mpmath.log(1 + d), p, q, p * q, -p * q, p * q


def whole(a, b, round_):
    k = round_(a / b)
    return a - b * k, 1, -k, 0, 0, 0


def choose(a, b, first):
    if a == b:
        raise ZeroDivisionError
    return (a if first else b), int(first), int(not first), 0, 0, 0


def inside(a, b, r):
    """A remainder has a step where the quotient is whole."""
    if a / b == mpmath.nint(a / b):
        raise ZeroDivisionError
    return r


TWO = {
    "add": lambda a, b: (a + b, 1, 1, 0, 0, 0),
    "sub": lambda a, b: (a - b, 1, -1, 0, 0, 0),
    "mul": lambda a, b: (a * b, b, a, 0, 1, 0),
    "div": lambda a, b: (a / b, 1 / b, -a / b**2, 0, -1 / b**2, 2 * a / b**3),
    "maximum": lambda a, b: choose(a, b, a > b),
    "minimum": lambda a, b: choose(a, b, a < b),
    "pow": powers,
    "hypot": hypot,
    "atan2": atan2,
    "logaddexp": logaddexp,
    "fmod": lambda a, b: inside(a, b, whole(a, b, lambda q: mpmath.sign(q) * mpmath.floor(abs(q)))),
    "remainder": lambda a, b: inside(a, b, whole(a, b, mpmath.floor)),
}


def numbers_of(f, a, b):
    try:
        return [mpf(v) for v in f(a, b)]
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None


def at_pair(f, a, b):
    """The value and its derivatives; then how far each moves when both tensors do by their own size."""
    here = numbers_of(f, mpf(a), mpf(b))
    if here is None:
        return [float("nan")] * 12
    moves, step = [mpf(0)] * 6, mpf("1e-200")
    for near in (numbers_of(f, mpf(a) * (1 + step), mpf(b)), numbers_of(f, mpf(a), mpf(b) * (1 + step))):
        if near:
            moves = [m + abs(v - h) / step for m, v, h in zip(moves, near, here)]
    return [float(v) for v in here + moves]


def binary(tensors):
    mp.dps = 900
    sizes = [float(numpy.float32(s)) for s in (1e-30, 0.7, 2.3, 90, 1e30)]
    numbers = [0.0] + [sign * s for s in sizes + [1e-200, 1e200] for sign in (1, -1)]
    pairs = [(a, b) for a in numbers for b in numbers]
    tensors["a"], tensors["b"] = (numpy.array([p[k] for p in pairs]) for k in (0, 1))
    for name, f in TWO.items():
        tensors["2." + name] = numpy.array([at_pair(f, a, b) for a, b in pairs]).T.copy()
        print(name, flush=True)


def main():
    tensors = {}
    binary(tensors)
    unary(tensors)
    save_file(tensors, os.path.join(HERE, "limits.safetensors"))


if __name__ == "__main__":
    main()
