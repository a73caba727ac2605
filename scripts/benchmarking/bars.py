"""What the times have to keep to."""

from collections.abc import Iterator
from typing import Any, NamedTuple

# The contender of the first name takes at most this share of the second's time.
_CONVOLUTIONS = {("fit", "function"): 1.02, ("fit", "pytorch"): 0.75, ("fit", "eager"): 0.40}
_BFLOAT16 = {("fit_bfloat16", "fit"): 0.45}
_TINY = {("fit_100", "function_100"): 1.05}
_PEAK_SHARE = {"wgan_gp-mnist": 0.80}
_BACKENDS = {"jax": 1.05, "torch": 1.10}
_WAITING_SHARE = 0.02
_TRACE_SECONDS = 15.0
# Of a GPU: fit on JAX beside compiled PyTorch, bfloat16 beside float32, a convolution's rate.
_COMPILED, _HALF, _GPU_SHARE = 0.80, 0.60, 0.50


class Bar(NamedTuple):
    """A number and its limit.

    Attributes:
        name: What is measured, on what.
        value: None where there is nothing to hold to the limit.
        limit: The largest value, or with `at_least` the smallest.
        at_least: Whether more is better.
        reason: Why there is no value.
    """

    name: str
    value: float | None
    limit: float
    at_least: bool = False
    reason: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the value keeps to the limit; None where there is none."""
        if self.value is None:
            return None
        return self.value >= self.limit if self.at_least else self.value <= self.limit

    def __str__(self) -> str:
        bound = f"{'at least' if self.at_least else 'at most'} {self.limit:g}"
        if self.value is None:
            return f"{'not judged':<11}{self.name}: {bound}; {self.reason}"
        return f"{'met' if self.met else 'FAILED':<11}{self.name}: {self.value:.3f}, {bound}"


def judge(result: dict[str, Any]) -> list[Bar]:
    """Returns the bars of a benchmark.

    Args:
        result: What `keras-gans benchmark` writes.
    """
    bars = [bar for case in result["cases"] for bar in _of_case(case, result["machine"])]
    for point in result.get("growth", {}).get("n_critic", []):
        if point["value"] == 10:
            name = "growth: seconds of the first step at n_critic 10"
            bars.append(Bar(name, point["first_step_seconds"], _TRACE_SECONDS))
    return bars


def judge_backends(result: dict[str, Any]) -> list[Bar]:
    """Returns the bars of `fit` beside a loop by hand on each backend that has one.

    Args:
        result: What `keras-gans benchmark --backends` writes: `cases`, and why others were
            `skipped`.
    """
    bars = []
    for case in result["cases"]:
        if limit := _BACKENDS.get(case["backend"]):
            ratio = case["contenders"]["by hand"]["fit_ratio"]
            bars.append(Bar(f"{_on_backend(case)}: fit / by hand", ratio, limit))
    for case in result["skipped"]:
        if limit := _BACKENDS.get(case["backend"]):
            name = f"{_on_backend(case)}: fit / by hand"
            bars.append(Bar(name, None, limit, reason=case["reason"]))
    return bars


def judge_gpu(result: dict[str, Any]) -> list[Bar]:
    """Returns the bars of a GPU, all of `fit` on JAX.

    Args:
        result: What `gpu.main` writes.
    """
    found = [case for case in result["cases"] if case["backend"] == "jax"]
    bars = []
    for case in found:
        name = f"{case['network']} {case['variant']} in {case['dtype']}"
        seconds = case["contenders"]["fit"]["step_seconds"]
        if case["network"] == "wgan_gp-mnist":
            other = _same(result, case, backend="torch")
            compiled = other and other["contenders"].get("compiled")
            value = seconds / compiled["step_seconds"] if compiled else None
            named = f"{name}: fit on jax / compiled PyTorch"
            bars.append(Bar(named, value, _COMPILED, reason="PyTorch did not compile it"))
        if case["dtype"] == "bfloat16":
            full = _same(result, case, dtype="float32")
            value = seconds / full["contenders"]["fit"]["step_seconds"] if full else None
            bars.append(Bar(f"{name}: fit / in float32", value, _HALF, reason="no float32"))
        if case["network"] == "r3gan-cifar10":
            share, named = peak_share(result, case), f"{name}: share of the convolution rate"
            reason = "operations are counted on PyTorch"
            bars.append(Bar(named, share, _GPU_SHARE, at_least=True, reason=reason))
    return bars or [Bar("fit on jax", None, _COMPILED, reason="no case was measured")]


def fit_rate(result: dict[str, Any], case: dict[str, Any]) -> float | None:
    """Returns the operations a second of `fit`, None where PyTorch's loop did not count them.

    Args:
        result: What `gpu.main` writes.
        case: One of its cases, of any backend.
    """
    counted = _same(result, case, backend="torch")
    if counted is None:
        return None
    return counted["flops_per_step"] / case["contenders"]["fit"]["step_seconds"]


def peak_share(result: dict[str, Any], case: dict[str, Any]) -> float | None:
    """Returns that rate as a share of the best convolution's of the same type."""
    cases = [each for each in _timed(result) if each["dtype"] == case["dtype"]]
    rate = fit_rate(result, case)
    return rate and rate / max(each["convolutions_per_second"] for each in cases)


def _timed(result: dict[str, Any]) -> list[dict[str, Any]]:
    return [*result["cases"], *result["growth"]]


def _same(result: dict[str, Any], case: dict[str, Any], **changes: Any) -> dict[str, Any] | None:
    """Returns the case that differs from another in nothing but the changes, if there is one."""
    names = ("network", "variant", "batch_size", "dtype", "backend")
    wanted = {**{name: case[name] for name in names}, **changes}
    same = (each for each in _timed(result) if {name: each[name] for name in names} == wanted)
    return next(same, None)


def _on_backend(case: dict[str, Any]) -> str:
    return f"{case['network']} {case['variant']} on {case['backend']}"


def _of_case(case: dict[str, Any], machine: dict[str, Any]) -> Iterator[Bar]:
    name = f"{case['network']} {case['variant']}"
    for (one, other), limit in (_TINY if case["tiny"] else _CONVOLUTIONS).items():
        yield _ratio(case, name, one, other, limit)
    if not case["tiny"]:
        yield from _of_bfloat16(case, name, machine)
    if case["network"] in _PEAK_SHARE:
        share = case["contenders"]["fit"]["peak_share"]
        limit = _PEAK_SHARE[case["network"]]
        yield Bar(f"{name}: fit, share of the convolution peak", share, limit, at_least=True)
    share = case["waiting_share"]
    yield Bar(f"{name}: share of a step spent waiting for input", share, _WAITING_SHARE)


def _ratio(case: dict[str, Any], name: str, one: str, other: str, limit: float) -> Bar:
    name = f"{name}: {one} / {other}"
    value = case["ratios"].get(f"{one} / {other}")
    missing = one if one not in case["contenders"] else other
    return Bar(name, value, limit, reason=case["skipped"].get(missing, "left out"))


def _of_bfloat16(case: dict[str, Any], name: str, machine: dict[str, Any]) -> Iterator[Bar]:
    for (one, other), limit in _BFLOAT16.items():
        bar = _ratio(case, name, one, other, limit)
        if machine["gpus"] or "amx_bf16" not in machine["flags"]:
            measured = f"{bar.value:.3f} here" if bar.value else bar.reason
            reason = f"a bar of processors with AMX ({measured})"
            bar = bar._replace(value=None, reason=reason)
        yield bar
