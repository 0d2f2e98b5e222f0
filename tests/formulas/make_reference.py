#!/usr/bin/env python3
"""Values and derivatives of the formulas in activations.txt by mpmath, kept in activations.safetensors.

Each formula is evaluated on truncated Taylor series (f, f', f'', f''' at once) at up to 2600 digits, so that nothing cancels,
with exponents as large as memory has. What is larger than exp(2^13000) counts as that, what is smaller than exp(-2^13000) as 0.
At the two infinities stands the limit: what the numbers at 1e300, 1e1000 and 1e1200 converge to, an infinity, or NaN where they
do neither. At kinks, where the two sides differ, all is NaN, which means that nothing is wanted.

Usage: make_reference.py [FORMULAS [OUTPUT]]; needs mpmath, numpy and safetensors. About five minutes.
"""
import ast
import sys

import mpmath
import numpy
from mpmath import mp, mpf

DIGITS = {"near": 500, "far": 2600}  # up to 1e40 and beyond
ORDERS = 4  # f to f''', the last one for how f'' is conditioned
LARGEST = 13000  # bits of an exponent that is computed with

HUGE = mpf(2) ** (10**6000)


def points():
    """Numbers that a float32 is, then those of float64 alone, then the infinities."""
    sizes = [1e-30, 1e-10, 1e-4, 0.01, 0.1, 0.3, 0.7, 1.3, 2.1, 3.2, 5, 7.3, 10, 15, 20, 30, 50, 80, 88, 89, 95, 104, 110, 300,
             1e3, 1e4, 1e6, 1e10, 1.1e19, 3e19, 1e30, 3.4e38]
    wide = [700, 712, 745, 760, 1e50, 1e100, 1e155, 1e200, 1.7e308]
    single = [float(numpy.float32(s)) for s in sizes]
    return [0.0] + [sign * s for s in single for sign in (1, -1)], [float(sign * s) for s in wide for sign in (1, -1)]


class Jet:
    """c[0] + c[1] d + c[2] d^2 + c[3] d^3"""

    def __init__(self, c):
        self.c = c

    @staticmethod
    def of(value):
        return value if isinstance(value, Jet) else Jet([mpf(value)] + [mpf(0)] * (ORDERS - 1))

    def __add__(self, other):
        return Jet([a + b for a, b in zip(self.c, Jet.of(other).c)])

    def __neg__(self):
        return Jet([-a for a in self.c])

    def __sub__(self, other):
        return self + -Jet.of(other)

    def __mul__(self, other):
        b = Jet.of(other).c
        return Jet([sum((self.c[i] * b[k - i] for i in range(k + 1)), mpf(0)) for k in range(ORDERS)])

    def compose(self, derivatives):
        """g of this, with g, g', g'', g''' at c[0]."""
        d = Jet([mpf(0)] + self.c[1:])
        power, result = Jet.of(1), Jet.of(derivatives[0])
        for k in range(1, ORDERS):
            power = power * d
            result = result + power * (derivatives[k] / mpmath.factorial(k))
        return result

    def __truediv__(self, other):
        return self * reciprocal(Jet.of(other))


def exp_number(u):
    if u == 0 or u.man == 0:
        return mpf(1)
    if mpmath.mag(u) > LARGEST:
        return HUGE if u > 0 else mpf(0)
    if mpmath.mag(u) > 10:  # the reduction needs the bits
        with mpmath.workprec(mp.prec + mpmath.mag(u)):
            whole = int(mpmath.nint(u / mpmath.ln2))
            rest = u - whole * mpmath.ln2
        return mpmath.ldexp(mpmath.exp(rest), whole)
    return mpmath.exp(u)


def reciprocal(a):
    r = 1 / a.c[0]
    return a.compose([r, -r**2, 2 * r**3, -6 * r**4])


def exp(a):
    e = exp_number(a.c[0])
    return a.compose([e] * 4)


def log(a):
    x = a.c[0]
    if x <= 0:
        raise ZeroDivisionError
    return a.compose([mpmath.log(x), 1 / x, -1 / x**2, 2 / x**3])


def sqrt(a):
    if a.c[0] == 0:
        raise ZeroDivisionError
    return power(a, mpf(1) / 2)


def power(a, n):
    x = a.c[0]
    if n == int(n) and n >= 0:
        result = Jet.of(1)
        for _ in range(int(n)):
            result = result * a
        return result
    if x <= 0 and n != int(n):
        raise ZeroDivisionError
    p = 1 / power_of_number(x, -n) if n < 0 else power_of_number(x, n)
    return a.compose([p, n * p / x, n * (n - 1) * p / x**2, n * (n - 1) * (n - 2) * p / x**3])


def power_of_number(x, n):
    if n == int(n):
        return x ** int(n)
    if mpmath.mag(x) < LARGEST:
        return x**n
    whole = mpmath.floor(mpf(x.exp) * n)  # x is man * 2^exp, with a large exp
    rest = mpf(x.exp) * n - whole
    return mpmath.ldexp(mpf(x.man) ** n * mpf(2) ** rest, int(whole))


def tanh(a):
    x = a.c[0]
    small = exp_number(-2 * abs(x))
    t = (1 - small) / (1 + small) * (1 if x >= 0 else -1)
    if abs(x) < 1:
        t = mpmath.tanh(x)
    s = 4 * small / (1 + small) ** 2  # 1 - tanh(x)^2
    return a.compose([t, s, -2 * t * s, s * (6 * t**2 - 2)])


def sigmoid_number(x):
    small = exp_number(-abs(x))
    return (1 if x >= 0 else small) / (1 + small)


def sigmoid(a):
    p, q = sigmoid_number(a.c[0]), sigmoid_number(-a.c[0])
    return a.compose([p, p * q, p * q * (q - p), p * q * (1 - 6 * p * q)])


def sinh(a):
    return (exp(a) - exp(-a)) * mpf(0.5)


def cosh(a):
    return (exp(a) + exp(-a)) * mpf(0.5)


def sin(a):
    s, c = mpmath.sin(a.c[0]), mpmath.cos(a.c[0])
    return a.compose([s, c, -s, -c])


def cos(a):
    s, c = mpmath.sin(a.c[0]), mpmath.cos(a.c[0])
    return a.compose([c, -s, -c, s])


def erfc_number(x):
    if x < 0:
        return 2 - erfc_number(-x)
    if x > 1000:  # the asymptotic series' first terms: what is wanted has 17 digits
        return exp_number(-x * x) / (x * mpmath.sqrt(mp.pi)) * (1 - 1 / (2 * x**2) + 3 / (4 * x**4) - 15 / (8 * x**6))
    with mpmath.workdps(500):
        return mpmath.erfc(x)


def erf(a):
    x = a.c[0]
    value = mpmath.erf(x) if abs(x) < 1 else 1 - erfc_number(x) if x > 0 else erfc_number(-x) - 1
    d = 2 / mpmath.sqrt(mp.pi) * exp_number(-x * x)
    return a.compose([value, d, -2 * x * d, (4 * x**2 - 2) * d])


def erfc(a):
    return Jet([erfc_number(a.c[0])] + [-c for c in erf(a).c[1:]])


def normal_cdf(a):
    return erfc(-a / Jet.of(mpmath.sqrt(2))) * mpf(0.5)


def atan(a):
    x = a.c[0]
    d = 1 / (1 + x * x)
    value = mpmath.atan(x) if mpmath.mag(x) < LARGEST else mp.pi / 2 * (1 if x > 0 else -1)
    return a.compose([value, d, -2 * x * d**2, (6 * x * x - 2) * d**3])


def atanh(a):
    return log((Jet.of(1) + a) / (Jet.of(1) - a)) * mpf(0.5)


def absolute(a):
    if a.c[0] == 0:
        raise ZeroDivisionError
    return a if a.c[0] > 0 else -a


def sign(a):
    return Jet.of(1 if a.c[0] > 0 else -1 if a.c[0] < 0 else 0)


def least(a, b):
    return a if a.c[0] < b.c[0] else b


def most(a, b):
    return a if a.c[0] > b.c[0] else b


FUNCTIONS = {"exp": exp, "log": log, "sqrt": sqrt, "tanh": tanh, "sigmoid": sigmoid, "sinh": sinh, "cosh": cosh, "sin": sin,
             "cos": cos, "erf": erf, "erfc": erfc, "normal_cdf": normal_cdf, "atan": atan, "atanh": atanh, "abs": absolute,
             "sign": sign, "min": lambda a, b: least(Jet.of(a), Jet.of(b)), "max": lambda a, b: most(Jet.of(a), Jet.of(b)),
             "hypot": lambda a, b: sqrt(a * a + b * b)}
COMPARES = {ast.Lt: lambda a, b: a < b, ast.LtE: lambda a, b: a <= b, ast.Gt: lambda a, b: a > b, ast.GtE: lambda a, b: a >= b,
            ast.Eq: lambda a, b: a == b}


def evaluate(tree, x):
    if isinstance(tree, ast.Constant):
        return Jet.of(tree.value)
    if isinstance(tree, ast.Name):
        return x if tree.id == "x" else Jet.of({"pi": +mp.pi, "e": +mp.e}[tree.id])
    if isinstance(tree, ast.UnaryOp):
        return -evaluate(tree.operand, x)
    if isinstance(tree, ast.Compare):
        return COMPARES[type(tree.ops[0])](evaluate(tree.left, x).c[0], evaluate(tree.comparators[0], x).c[0])
    if isinstance(tree, ast.Call):
        if tree.func.id == "where":
            return evaluate(tree.args[1 if evaluate(tree.args[0], x) else 2], x)
        return FUNCTIONS[tree.func.id](*[evaluate(a, x) for a in tree.args])
    a, b = evaluate(tree.left, x), evaluate(tree.right, x)
    if isinstance(tree.op, ast.Pow):
        return power(a, b.c[0]) if all(c == 0 for c in b.c[1:]) else exp(b * log(a))
    return {ast.Add: a.__add__, ast.Sub: a.__sub__, ast.Mult: a.__mul__, ast.Div: a.__truediv__}[type(tree.op)](b)


def derivatives(tree, x):
    """f, f', f'', f''' at x as mpmath numbers; None where there are none."""
    try:
        jet = evaluate(tree, Jet([mpf(x), mpf(1), mpf(0), mpf(0)]))
    except ZeroDivisionError:
        return None
    values = [c * mpmath.factorial(k) for k, c in enumerate(jet.c)]
    return values if all(isinstance(v, mpf) and mpmath.isfinite(v) for v in values) else None


def is_close(a, b):
    return abs(a - b) <= mpf("1e-20") * max(abs(a), abs(b), mpf("1e-25"))


def at_point(tree, x, has_kinks):
    """At 0 and at kinks the two sides have to agree."""
    mp.dps = DIGITS["near" if abs(x) < 1e40 else "far"]
    here = derivatives(tree, x)
    if here and not has_kinks:
        return [float(v) for v in here]
    step = mpf("1e-200") if x == 0 else abs(mpf(x)) * mpf("1e-200")
    left, right = derivatives(tree, x - step), derivatives(tree, x + step)
    if here is None and x == 0:  # a hole, or an end: the limit, of both sides where there are two
        return at_hole(tree)
    sides = here is not None and left is not None and right is not None
    values = [here[k] if sides and all(is_close(left[j], right[j]) for j in range(k + 1)) else None for k in range(ORDERS - 1)]
    return [float("nan") if v is None else float(v) for v in values] + [float(here[3]) if here else float("nan")]


def limit(values):
    """Of what goes through these three numbers."""
    if any(v is None for v in values):
        return float("nan")
    a, b, c = values
    if abs(b) > mpf(10) ** 60 and abs(c) > abs(b) * 2 and (b > 0) == (c > 0) == (a > 0):
        return float("inf") if c > 0 else float("-inf")
    if is_close(b, c) or (abs(c) < mpf(10) ** -60 and abs(b) < mpf(10) ** -60):
        return float(c)
    if a * b > 0 and b * c > 0 and abs(c) > 1.1 * abs(b) > 1.2 * abs(a):  # as slow as a logarithm
        return float("inf") if c > 0 else float("-inf")
    return float("nan")


def at_hole(tree):
    sides = [[derivatives(tree, s * mpf(10) ** -n) for n in (100, 200, 300)] for s in (1, -1)]
    values = [[limit([f[k] if f else None for f in near]) for k in range(ORDERS)] for near in sides if all(near)]
    same = [all(is_close(mpf(v[k]), mpf(values[0][k])) or v[k] == values[0][k] for v in values) for k in range(ORDERS)]
    return [values[0][k] if same[k] else float("nan") for k in range(ORDERS)] if values else [float("nan")] * ORDERS


def at_infinity(tree, sign_of):
    mp.dps = DIGITS["far"]
    far = [derivatives(tree, sign_of * mpf(10) ** n) for n in (300, 1000, 1200)]
    return [limit([f[k] if f else None for f in far]) for k in range(ORDERS)]


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else "activations.txt"
    output = sys.argv[2] if len(sys.argv) > 2 else source.replace(".txt", ".safetensors")
    from safetensors.numpy import save_file
    single, wide = points()
    tensors = {"x": numpy.array(single + wide + [float("inf"), float("-inf")])}
    for line in open(source, encoding="utf-8"):
        if line.startswith("#"):
            continue
        name, _, formula = line.rstrip("\n").split(" | ")
        tree = ast.parse(formula.replace("^", "**"), mode="eval").body
        has_kinks = any(word in formula for word in ("where", "abs", "sign", "min", "max"))
        rows = [at_point(tree, x, has_kinks) for x in single + wide] + [at_infinity(tree, 1), at_infinity(tree, -1)]
        tensors["f." + name] = numpy.array(rows, dtype=numpy.float64).T.copy()
        print(name, flush=True)
    tensors["single"] = numpy.array([len(single)], dtype=numpy.int64)
    save_file(tensors, output)


if __name__ == "__main__":
    main()
