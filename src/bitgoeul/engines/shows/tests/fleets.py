"""Small shows for tests: drones that glide between points and rest at each of them."""

import numpy as np

from bitgoeul.engines.shows import Curves


def gliding(stops, ends_ms, per_metre=1000):
    """Drones rest at stops (K + 1, N, 3) in metres and glide from one to the next until ``ends_ms`` (K,)."""
    points = np.rint(np.asarray(stops, float) * per_metre).astype(np.int64)
    controls = np.stack([points[:-1], points[:-1], points[1:], points[1:]], axis=2)
    return Curves.together(per_metre, np.asarray(ends_ms, np.int64), controls)


def apart(parts):
    """Put shows of one drone each side by side; their times need not be the same, only their end."""
    first = np.concatenate([[0], np.cumsum([len(part.ends_ms) for part in parts])]).astype(np.int64)
    return Curves(
        parts[0].per_metre,
        first,
        np.concatenate([part.ends_ms for part in parts]),
        np.concatenate([part.controls for part in parts]),
    )


def random_show(seed, drones=4, legs=3, together=True, size=20.0, per_metre=1000):
    """Drones take off, glide between random points and land, each in its own time or all at once."""
    rng = np.random.default_rng(seed)
    end = 20_000
    pads = np.stack([np.arange(drones) * 4.0, np.zeros(drones), np.zeros(drones)], axis=1)
    above = pads + np.array([0, 0, 4.0])
    between = rng.uniform([-size, -size, 4], [size, size, 4 + size], (legs, drones, 3))
    stops = np.concatenate(
        [pads[None], pads[None], above[None], between, above[None], pads[None], pads[None]]
    )

    def times():
        inner = np.sort(rng.choice(np.arange(1, end // 250), len(stops) - 2, replace=False)) * 250
        return np.append(inner, end)

    if together:
        return gliding(stops, times(), per_metre)
    return apart([gliding(stops[:, k : k + 1], times(), per_metre) for k in range(drones)])


def changed(curves, segment, control, by):
    """Move one control point, and with the end of a segment the begin of the next."""
    controls = curves.controls.copy()
    controls[segment, control] += by
    if control == 3 and segment + 1 not in curves.first:
        controls[segment + 1, 0] = controls[segment, 3]
    return Curves(curves.per_metre, curves.first, curves.ends_ms, controls)
