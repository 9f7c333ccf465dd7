# ruff: noqa: E501 - sentences for people stay whole
"""Learn a yes-or-no question from a table, split by time, and leave an ONNX model with an honest record.

Reads  JOB/parameters.json and JOB/in/<dataset>/<table>/*.parquet
Writes JOB/out/model/model.onnx, JOB/out/model/model.json, JOB/out/progress.jsonl; the log goes to standard output.
Exit status: 0 done, 2 refused (the reason is the last line, and JOB/out/problem.json).
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Threads that wait must sleep: on a busy machine spinning ones made a training many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import lightgbm
import numpy as np
from card import model_card
from features import Feature, learn_features
from graph import build_graph, largest_difference
from measures import all_measures, auc, best_threshold, calibration, roc
from reading import Rows, find_source, read_rows
from refusals import Refused

AGREEMENT = 1e-5  # ONNX Runtime and LightGBM may differ by this much and no more
CHECKED_ROWS = 20_000
SUSPICIOUS_AUC = 0.85
MIN_ROWS = 200
EARLY_STOP_ROUNDS = 30


class Report:
    """A line for people on standard output, and the same line with a fraction for the progress bar."""

    def __init__(self, out: Path) -> None:
        self._file = out / "progress.jsonl"

    def __call__(self, fraction: float, message: str) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"fraction": fraction, "message": message}, ensure_ascii=False) + "\n")
        print(f"[{fraction:4.0%}] {message}", flush=True)


@dataclass(frozen=True)
class Split:
    train: slice
    validation: slice
    test: slice


def split_by_time(time: np.ndarray, validation_fraction: float, test_fraction: float) -> Split:
    """Cut ordered rows into three spans; rows of one moment always stay together."""
    total = len(time)

    def cut(fraction: float) -> int:
        return int(np.searchsorted(time, time[min(total - 1, int(total * fraction))], side="left"))

    first, second = cut(1 - test_fraction - validation_fraction), cut(1 - test_fraction)
    if min(first, second - first, total - second) < MIN_ROWS:
        raise Refused(
            "recipe.TooFewRows",
            ko=f"시간 순서로 나눈 학습·검증·시험 행이 {first}·{second - first}·{total - second}개입니다. 각각 {MIN_ROWS}개 이상 필요합니다.",
            en=f"Split by time there are {first}, {second - first} and {total - second} rows for training, validation and test; each needs {MIN_ROWS}.",
        )
    return Split(slice(0, first), slice(first, second), slice(second, total))


def fit(
    table: np.ndarray, late: np.ndarray, split: Split, names: list[str], parameters: dict[str, Any]
) -> lightgbm.Booster:
    """Boosted trees that stop when the validation rows no longer improve. The same seed gives the same trees."""
    training = lightgbm.Dataset(table[split.train], late[split.train].astype(np.float32), feature_name=names)
    validation = lightgbm.Dataset(
        table[split.validation], late[split.validation].astype(np.float32), reference=training
    )
    return lightgbm.train(
        {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": 0.08,
            "num_leaves": 31,
            "min_data_in_leaf": 100,
            "feature_fraction": 0.8,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "lambda_l2": 5.0,
            "seed": int(parameters.get("seed", 20131)),
            "num_threads": int(parameters.get("threads") or len(os.sched_getaffinity(0))),
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        },
        training,
        num_boost_round=int(parameters.get("max_rounds", 400)),
        valid_sets=[validation],
        callbacks=[lightgbm.early_stopping(EARLY_STOP_ROUNDS, verbose=False)],
    )


def main(job: Path) -> None:
    out = job / "out"
    out.mkdir(parents=True, exist_ok=True)
    report = Report(out)
    parameters = json.loads((job / "parameters.json").read_text(encoding="utf-8"))
    _check_parameters(parameters)

    source = find_source(job / "in", parameters.get("dataset"), parameters.get("table"))
    report(0.05, f"Reading {source.dataset}/{source.table} ({len(source.files)} files)")
    rows = read_rows(source, parameters)
    report(0.15, f"{len(rows.late):,} rows with a known answer, {rows.late.mean():.1%} of them yes")
    for name, why in rows.left_out.items():
        print(f"       not used: {name} ({why})")

    split = split_by_time(
        rows.time,
        float(parameters.get("validation_fraction", 0.1)),
        float(parameters.get("test_fraction", 0.2)),
    )
    described = describe_split(rows, split)
    for part, facts in described["parts"].items():
        print(
            f"       {part}: {facts['rows']:,} rows, {facts['from']} to {facts['until']}, {facts['base_rate']:.1%} yes"
        )

    features = learn_features(rows.columns.slice(0, split.train.stop), rows.late[split.train])
    table = np.column_stack([f.encode(rows.columns[f.name]) for f in features])
    suspicious = _nearly_the_answer(features, table[split.train], rows.late[split.train])
    for name in suspicious:
        print(f"       warning: {name} alone nearly gives the answer; is it known at prediction time?")
    report(0.25, f"Training on {len(features)} columns")
    booster = fit(table, rows.late, split, [f"f{i}" for i in range(len(features))], parameters)
    report(0.70, f"Stopped after {booster.best_iteration} rounds")

    validation = _predict(booster, table[split.validation])
    threshold = best_threshold(rows.late[split.validation], validation)
    probability = _predict(booster, table[split.test])
    late = rows.late[split.test]
    metrics = all_measures(late, probability, threshold)
    report(
        0.80,
        f"Held-out AUC {metrics['auc']:.4f} ({metrics['auc_low']:.4f} to {metrics['auc_high']:.4f}), "
        f"log loss {metrics['log_loss']:.4f}, Brier {metrics['brier']:.4f}, calibration error {metrics['ece']:.4f}",
    )

    model = build_graph(booster, features, threshold, parameters["name"])
    metrics["onnx_difference"], metrics["onnx_rows_checked"] = _agreement(
        model, rows, features, split, probability
    )
    report(
        0.92,
        f"ONNX Runtime agrees with LightGBM to {metrics['onnx_difference']:.1e} on {metrics['onnx_rows_checked']:,} rows",
    )

    importance = _importance(booster, features)
    body = model.SerializeToString(deterministic=True)
    folder = out / "model"
    folder.mkdir(exist_ok=True)
    (folder / "model.onnx").write_bytes(body)
    document = describe_model(
        parameters, rows, features, described, metrics, importance, suspicious,
        curves={"roc": roc(late, probability), "calibration": calibration(late, probability)},
        artefact={"file": "model.onnx", "bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()},
    )  # fmt: skip
    (folder / "model.json").write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    report(1.0, f"Wrote model.onnx ({len(body):,} bytes) and model.json")


def _check_parameters(parameters: dict[str, Any]) -> None:
    import jsonschema

    schema = json.loads((Path(__file__).parent / "parameters.schema.json").read_text(encoding="utf-8"))
    problem = next(iter(jsonschema.Draft202012Validator(schema).iter_errors(parameters)), None)
    if problem is not None:
        spot = "/".join(str(p) for p in problem.absolute_path) or "parameters"
        raise Refused(
            "recipe.BadParameters",
            ko=f"매개변수 '{spot}'이(가) 올바르지 않습니다: {problem.message}",
            en=f"Parameter '{spot}' is wrong: {problem.message}",
        )


def _predict(booster: lightgbm.Booster, table: np.ndarray) -> np.ndarray:
    return np.asarray(booster.predict(table, num_iteration=booster.best_iteration), dtype=np.float64)


def _agreement(
    model: Any, rows: Rows, features: list[Feature], split: Split, probability: np.ndarray
) -> tuple[float, int]:
    """Compare on rows spread evenly over the whole test period, from raw columns as a caller would send them."""
    picked = np.unique(np.linspace(0, len(probability) - 1, min(CHECKED_ROWS, len(probability))).astype(int))
    sample = rows.columns.take(picked + split.test.start)
    difference, checked = largest_difference(
        model, {f.name: f.raw(sample[f.name]) for f in features}, probability[picked]
    )
    if difference > AGREEMENT:
        raise Refused(
            "recipe.ExportDisagrees",
            ko=f"ONNX 모델의 답이 학습한 모델과 {difference:.1e}만큼 다릅니다({AGREEMENT:.0e}까지 허용).",
            en=f"The ONNX model's answers differ from the trained model by {difference:.1e}; {AGREEMENT:.0e} is allowed.",
        )
    return difference, checked


def _nearly_the_answer(features: list[Feature], table: np.ndarray, late: np.ndarray) -> list[str]:
    step = max(1, len(late) // 20_000)
    some = late[::step]
    return [
        f.name
        for i, f in enumerate(features)
        if abs(auc(some, table[::step, i].astype(np.float64)) - 0.5) + 0.5 > SUSPICIOUS_AUC
    ]


def _importance(booster: lightgbm.Booster, features: list[Feature]) -> list[dict[str, Any]]:
    """Share of the total loss reduction that splits on each column brought, largest first."""
    gain = booster.feature_importance("gain", iteration=booster.best_iteration)
    total = float(gain.sum()) or 1.0
    shares = [
        {"name": f.name, "share": round(float(g) / total, 6)} for f, g in zip(features, gain, strict=True)
    ]
    return sorted(shares, key=lambda item: (-item["share"], item["name"]))


def describe_split(rows: Rows, split: Split) -> dict[str, Any]:
    parts = {}
    for name in ("train", "validation", "test"):
        span: slice = getattr(split, name)
        time = rows.time[span]
        parts[name] = {
            "rows": len(time),
            "from": _moment(time[0]),
            "until": _moment(time[-1]),
            "base_rate": round(float(rows.late[span].mean()), 6),
        }
    return {
        "kind": "time",
        "rows_read": rows.rows_read,
        "rows_used": len(rows.late),
        "rows_without_answer": rows.rows_without_answer,
        "cuts": [parts["validation"]["from"], parts["test"]["from"]],
        "parts": parts,
    }


def _moment(value: Any) -> str:
    return str(value.astype("datetime64[s]")) + "Z" if isinstance(value, np.datetime64) else f"{value:g}"


def describe_model(  # noqa: PLR0917
    parameters: dict[str, Any],
    rows: Rows,
    features: list[Feature],
    split: dict[str, Any],
    metrics: dict[str, Any],
    importance: list[dict[str, Any]],
    suspicious: list[str],
    *,
    curves: dict[str, Any],
    artefact: dict[str, Any],
) -> dict[str, Any]:
    name, source = parameters["name"], f"{rows.source.dataset}/{rows.source.table}"
    return {
        "schema": "bitgoeul.model/1",
        "name": name,
        "title": _both(parameters.get("title"), name),
        "sector": parameters.get("sector", ""),
        "task": "binary-classification",
        "inputs": [_describe_input(f, parameters) for f in features],
        "outputs": [
            {"name": "probability", "datatype": "FP32", "shape": [-1, 1], "title": {"ko": "확률", "en": "Probability"}},
            {"name": "label", "datatype": "INT64", "shape": [-1, 1], "title": {"ko": "예(1)·아니요(0)", "en": "Yes (1) or no (0)"}},
        ],
        "question": _both(parameters.get("question"), ""),
        "answer": _both(parameters.get("answer"), ""),
        "positive": {"column": parameters["target"], "condition": parameters.get("positive", True)},
        "metrics": metrics,
        "split": split,
        "curves": curves,
        "importance": importance,
        "card": {
            "sections": model_card(
                parameters=parameters, source=source, split=split, metrics=metrics,
                left_out=rows.left_out, suspicious=suspicious, importance=importance,
            )
        },
        "artefact": artefact,
        "made_with": {
            "recipe": "tabular-classifier",
            "lightgbm": lightgbm.__version__,
            "numpy": np.__version__,
            "seed": int(parameters.get("seed", 20131)),
        },
    }  # fmt: skip


def _describe_input(feature: Feature, parameters: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": feature.name,
        "datatype": feature.datatype,
        "shape": [-1, 1],
        "title": _both((parameters.get("labels") or {}).get(feature.name), feature.name.replace("_", " ")),
    }
    if feature.is_category:
        words = (parameters.get("choices") or {}).get(feature.name) or {}
        described |= {
            "kind": "category",
            "categories": list(feature.codes),
            "default": next(iter(feature.codes), ""),
        }
        if words:
            described["category_titles"] = {c: words[c] for c in feature.codes if c in words}
        return described
    whole = feature.datatype == "INT64"
    shown = round if whole else (lambda v: round(v, 4))
    return described | {
        "kind": "number",
        "min": shown(feature.low),
        "max": shown(feature.high),
        "default": shown(feature.middle),
        "nullable": not whole,
    }


def _both(words: Any, fallback: str) -> dict[str, str]:
    words = words or {}
    return {
        "ko": words.get("ko") or words.get("en") or fallback,
        "en": words.get("en") or words.get("ko") or fallback,
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/job")
    try:
        main(folder)
    except Refused as refused:
        (folder / "out").mkdir(exist_ok=True)
        (folder / "out" / "problem.json").write_text(
            json.dumps(refused.as_json(), ensure_ascii=False), encoding="utf-8"
        )
        print(f"refused: {refused.code}\n{refused.ko}\n{refused.en}", flush=True)
        sys.exit(2)
