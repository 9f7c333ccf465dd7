"""How good probabilities are, on rows the model has not seen. Plain numpy; every figure says its counts."""

from __future__ import annotations

from math import sqrt

import numpy as np


def midranks(values: np.ndarray) -> np.ndarray:
    """(n,) ranks from 1, ties sharing the mean of their ranks.

    >>> midranks(np.array([10.0, 20.0, 20.0, 30.0])).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse])


def auc(late: np.ndarray, score: np.ndarray) -> float:
    """Chance that a random yes row scores above a random no row (ties count half).

    >>> auc(np.array([True, False, True, False]), np.array([0.9, 0.1, 0.8, 0.3]))
    1.0
    """
    yes = int(late.sum())
    no = len(late) - yes
    return float((midranks(score)[late].sum() - yes * (yes + 1) / 2) / (yes * no))


def auc_interval(late: np.ndarray, score: np.ndarray) -> tuple[float, float]:
    """95 % interval of the AUC (DeLong, DeLong and Clarke-Pearson 1988, through midranks)."""
    yes, no = int(late.sum()), int((~late).sum())
    everywhere = midranks(score)
    above = (everywhere[late] - midranks(score[late])) / no
    below = 1.0 - (everywhere[~late] - midranks(score[~late])) / yes
    spread = 1.96 * sqrt(above.var(ddof=1) / yes + below.var(ddof=1) / no)
    middle = float(above.mean())
    return max(0.0, middle - spread), min(1.0, middle + spread)


def log_loss(late: np.ndarray, probability: np.ndarray) -> float:
    p = np.clip(probability, 1e-7, 1 - 1e-7)
    return float(-np.where(late, np.log(p), np.log1p(-p)).mean())


def brier(late: np.ndarray, probability: np.ndarray) -> float:
    return float(np.square(probability - late).mean())


def calibration(late: np.ndarray, probability: np.ndarray, bins: int = 10) -> list[list[float]]:
    """[mean predicted, observed share, rows] of groups with equally many rows, lowest predictions first."""
    order = np.argsort(probability, kind="stable")
    groups = [group for group in np.array_split(order, bins) if len(group)]
    return [[round(float(probability[g].mean()), 6), round(float(late[g].mean()), 6), len(g)] for g in groups]


def calibration_error(points: list[list[float]]) -> float:
    """Expected calibration error: mean distance of predicted and observed, weighted by rows."""
    rows = sum(n for *_, n in points)
    return float(sum(abs(p - o) * n for p, o, n in points) / rows)


def roc(late: np.ndarray, score: np.ndarray, points: int = 101) -> list[list[float]]:
    """[false positive share, true positive share] along all thresholds, thinned to ``points``."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # ties move together
    true = np.cumsum(late[order])[ends] / late.sum()
    false = np.cumsum(~late[order])[ends] / (~late).sum()
    true, false = np.append(0.0, true), np.append(0.0, false)
    # Evenly along the curve's length, so that steep and flat parts both keep their shape.
    length = np.append(0.0, np.cumsum(np.hypot(np.diff(false), np.diff(true))))
    keep = np.unique(np.searchsorted(length, np.linspace(0, length[-1], points)).clip(0, len(length) - 1))
    return [[round(float(false[i]), 5), round(float(true[i]), 5)] for i in keep]


def confusion(late: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, int]:
    said = probability >= threshold
    return {
        "true_positive": int((said & late).sum()),
        "false_positive": int((said & ~late).sum()),
        "false_negative": int((~said & late).sum()),
        "true_negative": int((~said & ~late).sum()),
    }


def best_threshold(late: np.ndarray, probability: np.ndarray) -> float:
    """The threshold with the largest true minus false positive share (Youden), for validation rows."""
    order = np.argsort(-probability, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(probability[order])), len(order) - 1)
    gain = np.cumsum(late[order])[ends] / late.sum() - np.cumsum(~late[order])[ends] / (~late).sum()
    return float(np.float32(probability[order][ends[int(gain.argmax())]]))


def all_measures(late: np.ndarray, probability: np.ndarray, threshold: float) -> dict[str, object]:
    points = calibration(late, probability)
    cells = confusion(late, probability, threshold)
    low, high = auc_interval(late, probability)
    rows, base = len(late), float(late.mean())
    right = cells["true_positive"] + cells["true_negative"]
    return {
        "rows": rows,
        "base_rate": round(base, 6),
        "auc": round(auc(late, probability), 6),
        "auc_low": round(low, 6),
        "auc_high": round(high, 6),
        "log_loss": round(log_loss(late, probability), 6),
        "log_loss_of_base_rate": round(log_loss(late, np.full(rows, base)), 6),
        "brier": round(brier(late, probability), 6),
        "brier_of_base_rate": round(base * (1 - base), 6),
        "threshold": round(threshold, 6),
        "accuracy": round(right / rows, 6),
        "accuracy_at_half": round(float(((probability >= 0.5) == late).mean()), 6),
        "accuracy_of_always_the_same": round(max(base, 1 - base), 6),
        "recall": round(cells["true_positive"] / max(1, int(late.sum())), 6),
        "precision": round(
            cells["true_positive"] / max(1, cells["true_positive"] + cells["false_positive"]), 6
        ),
        "ece": round(calibration_error(points), 6),
        "ece_bins": len(points),
        "confusion": cells,
    }
