"""What a GPU has measured, as a page of Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

from keras_gans.scripts.benchmarking import bars


def page(result: dict[str, Any], judged: Sequence[bars.Bar]) -> str:
    """Returns the page.

    Args:
        result: What `gpu.main` writes.
        judged: Its bars.
    """
    measured = [*result["cases"], *result["growth"], *result["trainings"]]
    facts = measured[0]["machine"] if measured else {}
    lines = [f"# {_device(facts)}", ""]
    for each in {case["backend"]: case["machine"] for case in measured}.values():
        versions = ", ".join(f"{name} {version}" for name, version in each["versions"].items())
        lines += [f"{each['date']}: {versions}", ""]
    lines += [
        "Milliseconds of a step: `fit`, the loop by hand, and on PyTorch that with channels last",
        "and `torch.compile`, which leaves the gradient penalty out. Networks of R3GAN and SNGAN,",
        "without labels, are trained by the named maths on both sides, not by their papers'. The",
        "rate is of `fit`, in operations that the loop by hand takes, and its share of the best",
        "rate of a large convolution measured there in the same type.",
        "",
        *_cases(result, result["cases"]),
        "",
        "## Over the batch",
        "",
        *_cases(result, result["growth"]),
        "",
        "## Whole trainings",
        "",
        *_table(
            ("preset", "backend", "type", "steps", "seconds", "peak MB", "FID, pixels' features"),
            (
                (
                    each["preset"],
                    each["backend"],
                    each["dtype"],
                    each["steps"],
                    f"{each['seconds']:.0f}",
                    _megabytes(each),
                    f"{each['fid']:.4g}",
                )
                for each in result["trainings"]
            ),
        ),
        "",
        "## Bars",
        "",
        *(f"- {' '.join(str(bar).split())}" for bar in judged),
    ]
    skipped = [f"- {each['name']}: {each['reason']}" for each in result["skipped"]]
    return "\n".join([*lines, *(["", "## Left out", "", *skipped] if skipped else []), ""])


def _device(facts: dict[str, Any]) -> str:
    return ", ".join(facts.get("gpus", [])) or facts.get("cpu", "Nothing was measured")


def _cases(result: dict[str, Any], cases: Sequence[dict[str, Any]]) -> list[str]:
    titles = ("networks", "maths", "batch", "type", "backend", "`fit`", "by hand", "compiled")
    rows = []
    for case in cases:
        times = {name: each["step_seconds"] for name, each in case["contenders"].items()}
        shown = [f"{1e3 * times[n]:.2f}" if n in times else "" for n in _CONTENDERS]
        rate, share = bars.fit_rate(result, case), bars.peak_share(result, case)
        names = (case[name] for name in ("network", "variant", "batch_size", "dtype", "backend"))
        rates = (f"{rate / 1e12:.2f}", f"{share:.2f}") if rate and share else ("", "")
        rows.append((*names, *shown, _megabytes(case["contenders"]["fit"]), *rates))
    return _table((*titles, "peak MB", "TFLOP/s", "share"), rows)


_CONTENDERS = ("fit", "by hand", "compiled")


def _megabytes(each: dict[str, Any]) -> str:
    return f"{(each['peak_memory_bytes'] or 0) / 1e6:.0f}"


def _table(titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> list[str]:
    return [f"| {' | '.join(map(str, row))} |" for row in (titles, ["---"] * len(titles), *rows)]
