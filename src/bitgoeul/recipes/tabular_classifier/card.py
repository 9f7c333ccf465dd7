# ruff: noqa: E501 - sentences for people stay whole
"""The model card: what the model is for, what it learnt from, how well it does, where it stops. Korean and English."""

from __future__ import annotations

from typing import Any


def model_card(
    *,
    parameters: dict[str, Any],
    source: str,
    split: dict[str, Any],
    metrics: dict[str, Any],
    left_out: dict[str, str],
    suspicious: list[str],
    importance: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Sections with a title and paragraphs in both languages, in the order in which they should be read."""
    use = parameters.get("intended_use") or {}
    top = ", ".join(item["name"] for item in importance[:3])
    skill = 1 - metrics["brier"] / metrics["brier_of_base_rate"]
    parts = split["parts"]
    return [
        _section(
            "intended_use",
            "용도",
            "Intended use",
            [
                use.get("ko")
                or f"'{parameters['target']}' 값이 조건 '{parameters.get('positive', True)}'에 해당할 확률을 답합니다. 참고 자료이며, 사람에게 불이익을 주는 결정을 이 답만으로 내려서는 안 됩니다."
            ],
            [
                use.get("en")
                or f"Answers with the probability that '{parameters['target']}' meets '{parameters.get('positive', True)}'. It informs people; no decision against anybody may rest on it alone."
            ],
        ),
        _section(
            "data",
            "데이터",
            "Data",
            [
                f"표 {source}의 {split['rows_read']:,}행 가운데 답을 아는 {split['rows_used']:,}행을 썼습니다.",
                *([f"쓰지 않은 열: {', '.join(left_out)}"] if left_out else []),
            ],
            [
                f"{split['rows_used']:,} rows with a known answer out of {split['rows_read']:,} rows of {source}.",
                *(
                    ["Columns not used: " + "; ".join(f"{c} ({why})" for c, why in left_out.items())]
                    if left_out
                    else []
                ),
            ],
        ),
        _section(
            "split",
            "나눈 방법",
            "Split",
            [
                f"무작위가 아니라 시간 순서로 나누었습니다. 학습 {parts['train']['rows']:,}행은 {parts['train']['until']}까지, "
                f"검증 {parts['validation']['rows']:,}행은 {parts['validation']['until']}까지, 시험 {parts['test']['rows']:,}행은 그 뒤입니다.",
            ],
            [
                f"By time, never at random: {parts['train']['rows']:,} rows until {parts['train']['until']} for training, "
                f"{parts['validation']['rows']:,} until {parts['validation']['until']} for validation, the {parts['test']['rows']:,} after that for the test.",
            ],
        ),
        _section(
            "metrics",
            "성능",
            "Performance",
            [
                f"시험 기간의 AUC는 {metrics['auc']:.3f}(95 % 구간 {metrics['auc_low']:.3f}~{metrics['auc_high']:.3f})입니다. 0.5는 동전 던지기, 1은 완벽입니다.",
                f"브라이어 점수는 {metrics['brier']:.4f}로, 평균 비율만 답하는 경우({metrics['brier_of_base_rate']:.4f})보다 {skill:.1%} 낫습니다.",
                f"예측 확률과 실제 비율은 평균 {metrics['ece']:.1%} 차이 납니다.",
            ],
            [
                f"AUC {metrics['auc']:.3f} on the test period (95 % interval {metrics['auc_low']:.3f} to {metrics['auc_high']:.3f}); 0.5 is a coin, 1 is perfect.",
                f"Brier score {metrics['brier']:.4f}, {skill:.1%} better than always answering the base rate ({metrics['brier_of_base_rate']:.4f}).",
                f"Predicted and observed shares differ by {metrics['ece']:.1%} on average.",
            ],
        ),
        _section(
            "limits",
            "한계",
            "Limits",
            [
                f"주로 {top}에 기대어 답합니다. 이것이 원인이라는 뜻은 아닙니다.",
                "학습 기간과 다른 시기나 장소, 학습에 없던 범주에는 맞지 않을 수 있습니다. 없던 범주는 모두 '기타'로 봅니다.",
                "빠진 숫자는 학습 자료의 가운데 값으로 채웁니다.",
                *(
                    [
                        f"혼자서도 답을 거의 맞히는 열이 있습니다. 예측 시점에 정말 알 수 있는지 확인하십시오: {', '.join(suspicious)}"
                    ]
                    if suspicious
                    else []
                ),
            ],
            [
                f"It leans mostly on {top}; that does not make them causes.",
                "It may not hold for other times and places, or for categories it has not seen; those are all treated as 'other'.",
                "A missing number is filled with the median of the training rows.",
                *(
                    [
                        f"Some columns nearly give the answer alone; check that they are known at prediction time: {', '.join(suspicious)}"
                    ]
                    if suspicious
                    else []
                ),
            ],
        ),
    ]


def _section(key: str, ko: str, en: str, ko_text: list[str], en_text: list[str]) -> dict[str, Any]:
    return {"key": key, "title": {"ko": ko, "en": en}, "text": {"ko": ko_text, "en": en_text}}
