#!/usr/bin/env python3
"""Errors of SciPy's RBFInterpolator and scikit-learn's GaussianProcess and SVC on the rows of tests/systems/rbf_peers.c:
prints rbf_peers.txt, lines "PROBLEM PEER ERROR". Offline; needs numpy, scipy, scikit-learn.

sinc: 200 noisy points of sin(x)/x, RMSE to the truth on 401 points of [-10, 10], the mean of 6 draws. franke: 9 x 9 grid, RMSE on 40 x 40.
wine, breast_cancer: row i tests in fold i mod 5; features standardised by the training rows; misclassified rows of all
folds together, in percent."""
import os
import warnings

import numpy as np
from scipy.interpolate import RBFInterpolator
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.svm import SVC

warnings.filterwarnings("ignore")
SETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "optim", "data", "sets")


def rmse(a, b):
    return float(np.sqrt(np.mean((a - b) ** 2)))


def unit(k):
    """Number k of splitmix64 as one in (0, 1)."""
    z = (k + 1) * 0x9E3779B97F4A7C15 % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return ((z ^ z >> 31) >> 11) * 2.0**-53 + 2.0**-54


def sinc(draw):
    x, u, v = (np.array([unit(600 * draw + 3 * i + k) for i in range(200)]) for k in range(3))
    x = -10 + 20 * x
    t = np.sinc(x / np.pi) + 0.1 * np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)
    grid = -10 + 0.05 * np.arange(401)
    return x[:, None], t, grid[:, None], np.sinc(grid / np.pi)


def franke_at(p):
    a, b = 9 * p[:, 0], 9 * p[:, 1]
    return (0.75 * np.exp(-((a - 2) ** 2 + (b - 2) ** 2) / 4) + 0.75 * np.exp(-(a + 1) ** 2 / 49 - (b + 1) / 10)
            + 0.5 * np.exp(-((a - 7) ** 2 + (b - 3) ** 2) / 4) - 0.2 * np.exp(-(a - 4) ** 2 - (b - 7) ** 2))


def square(n):
    at = np.arange(n) / (n - 1)
    return np.array([(x, y) for x in at for y in at])


def regression(name, problems, smoothing):
    thin, process = [], []
    for x, t, at, truth in problems:
        thin.append(rmse(RBFInterpolator(x, t, smoothing=smoothing)(at), truth))
        kernel = ConstantKernel(1.0, (1e-3, 1e4)) * RBF(1.0, (1e-2, 1e2)) + WhiteKernel(1e-2, (1e-10, 1e1))
        gp = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=3, random_state=0).fit(x, t)
        process.append(rmse(gp.predict(at), truth))
    print(name, "RBFInterpolator", "%.6g" % np.mean(thin))
    print(name, "GaussianProcessRegressor", "%.6g" % np.mean(process))


def classes(name):
    table = np.loadtxt(os.path.join(SETS, name + ".csv"), delimiter=",", skiprows=1)
    x, y = table[:, :-1], table[:, -1].astype(int)
    wrong = {"SVC": 0, "GaussianProcessClassifier": 0}
    for fold in range(5):
        test = np.arange(len(y)) % 5 == fold
        mean, std = x[~test].mean(0), x[~test].std(0)
        a, b = (x[~test] - mean) / std, (x[test] - mean) / std
        for peer, model in (("SVC", SVC()), ("GaussianProcessClassifier", GaussianProcessClassifier(1.0 * RBF(1.0)))):
            wrong[peer] += int((model.fit(a, y[~test]).predict(b) != y[test]).sum())
    for peer, count in wrong.items():
        print(name, peer, "%.6g" % (100 * count / len(y)))


if __name__ == "__main__":
    regression("sinc", [sinc(draw) for draw in range(6)], smoothing=1.0)
    regression("franke", [(square(9), franke_at(square(9)), square(40), franke_at(square(40)))], smoothing=0.0)
    classes("wine")
    classes("breast_cancer")
