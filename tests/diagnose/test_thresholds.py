"""Every threshold of a rule is documented, with where it comes from."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

import pytest

from graphviz_ad.diagnose.rules import RULES
from graphviz_ad.diagnose.rules.training import TRAINING_RULES

SOURCE = re.compile(r"\b(19|20)\d\d\b|[Oo]wn\s+measurement|No threshold|By definition")


@pytest.mark.parametrize("rule", [*RULES.values(), *TRAINING_RULES.values()])
def test_thresholds_are_documented_and_cited(rule: Any) -> None:
    text = inspect.getdoc(rule) or ""
    assert SOURCE.search(text), "say where the threshold comes from"
    documented = re.findall(r"^([\w, ]+) : ", text, re.MULTILINE)
    names = {name.strip() for line in documented for name in line.split(",")}
    assert names >= {field.name for field in dataclasses.fields(rule)}
