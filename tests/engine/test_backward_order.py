"""Every record is sent back once, after all of its consumers: twice adds up, too, but slowly."""

import numpy as np
import pytest

import graphviz_ad as ad
from graphviz_ad.engine.op import REGISTRY


@pytest.fixture
def sent_back(monkeypatch):
    """Return the list of the outputs that multiplications are sent back from."""
    outputs = []
    rule = REGISTRY["multiply"].vjp

    def counted(xp, g, out, a, b):
        outputs.append(float(out))
        return rule(xp, g, out, a, b)

    monkeypatch.setattr(REGISTRY["multiply"], "vjp", staticmethod(counted))
    return outputs


def test_a_shared_value_waits_for_its_consumers(sent_back):
    x = ad.parameter(1.0)
    r = x * 2.0
    p = r * 3.0
    q = r * 5.0
    (p * q).backward()
    assert sent_back == [60.0, 10.0, 6.0, 2.0]
    assert x.grad.item() == 120.0


@pytest.mark.parametrize("seed", range(5))
def test_random_graphs_are_sent_back_once(sent_back, seed):
    rng = np.random.default_rng(seed)
    values = [ad.parameter(1.0)]
    for _ in range(40):
        # recent values more often, so that most of them lead to the last
        a, b = (values[max(0, len(values) - 1 - int(k))] for k in rng.geometric(0.3, size=2) - 1)
        values.append(a * b * (1.0 + 1e-3 * len(values)))
    loss = values[-1]
    reached, stack = set(), [loss]
    while stack:
        record = stack.pop()._record
        if record is not None and record.id not in reached:
            reached.add(record.id)
            stack.extend(t for t in record.inputs if t is not None)
    loss.backward()
    assert len(sent_back) == len(reached)
