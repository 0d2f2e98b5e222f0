"""Prints what scikit-learn says of the scores that judge.c has: AUC, macro F1 and the confusion matrix.

    python3 judge.py        (scikit-learn 1.7 or later)
"""
import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, roc_auc_score

n = 40
i = np.arange(n)
scores = np.stack([np.sin(1.7 * i + c) * 2 for c in range(3)], axis=1)
labels = (i * 7 // 3) % 3
p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
print(repr(roc_auc_score(labels, p, multi_class="ovr")), repr(f1_score(labels, scores.argmax(axis=1), average="macro")))
print(confusion_matrix(labels, scores.argmax(axis=1)).tolist())
one = np.round(np.sin(1.7 * i) * 4) / 2  # with ties
is_one = (i * 7 // 3) % 2
print(repr(roc_auc_score(is_one, one)), repr(f1_score(is_one, one > 0, average="macro")))
