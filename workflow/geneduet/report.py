"""The page of a run that people read: what was found, how good it is, and an explorer of the predictions.

The page stands alone: styles, code, figures and data are in it, and it may fetch nothing. Its template, style and code
are files of `assets/`; here they are filled in.
"""

import base64
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geneduet import explorer
from geneduet.annotation_files import describe
from geneduet.evaluation.headlines import ASPECT_NAMES, spoken
from geneduet.files import open_output
from geneduet.labels import Labels
from geneduet.predictions import SPECIFIC

ASSETS = Path(__file__).parent / "assets"

# opens at once and can be sent by mail
PAGE_BYTES = 8_000_000
# Snakemake's report shows a page as a data: address, which Chromium takes up to 2 MiB, and base64 adds a third
EMBEDDED_BYTES = 1_550_000


@dataclass(frozen=True)
class Aspect:
    """What there is to say of one aspect.

    Parameters
    ----------
    name : in words.
    labelled : genes that are learned from.
    terms : that can be predicted.
    made_by : the models behind the final scores, in words.
    threshold : recommended; None where nothing is to be recommended.
    precision, recall : expected at the threshold, out of fold; None where not known.
    genes, pairs : with, and number of, new specific predictions.
    cautions : what a reader has to be warned of.
    """

    name: str
    labelled: int
    terms: int
    made_by: str
    threshold: float | None
    precision: float | None
    recall: float | None
    genes: int
    pairs: int
    cautions: list[str]


def aspects(
    labels: Sequence[Labels],
    chosen: Mapping[str, Sequence[str]],
    reasons: Mapping[str, str],
    recommended: Mapping[str, Mapping[str, float]],
    new: pd.DataFrame,
) -> list[Aspect]:
    """What there is to say of each aspect.

    Parameters
    ----------
    chosen : by aspect, the model that is final in each fold.
    reasons : by aspect, why it was not learned or not taught; those of other aspects are not told.
    recommended : by aspect, its row of `thresholds.of_aspects`; an aspect without one was not learned.
    new : new specific predictions.
    """
    found = []
    for own in labels:
        row = recommended.get(own.aspect, {})
        # of what a reference says, how much is right is not known
        tested = row if own.transfer is None else {}
        mine = new[new["aspect"] == own.aspect]
        found.append(
            Aspect(
                name=ASPECT_NAMES[own.aspect],
                labelled=int(own.annotated.sum()),
                terms=len(own.terms),
                made_by=_made_by(chosen[own.aspect]),
                threshold=row.get("threshold"),
                precision=tested.get("expected_precision"),
                recall=tested.get("expected_recall"),
                genes=mine["gene_id"].nunique(),
                pairs=len(mine),
                cautions=_cautions(own, chosen[own.aspect], reasons.get(own.aspect, ""), learned=bool(row)),
            )
        )
    return found


def _made_by(chosen: Sequence[str]) -> str:
    """The models of the folds in words.

    >>> _made_by(["co_training"] * 5), _made_by(["co_training", "sequence", "co_training"])
    ('co-training', 'co-training (2 of 3 folds), sequence (1 of 3 folds)')
    """
    counts = Counter(chosen)
    if len(counts) == 1:
        return spoken(chosen[0])
    return ", ".join(f"{spoken(name)} ({count} of {len(chosen)} folds)" for name, count in counts.most_common())


def _cautions(labels: Labels, chosen: Sequence[str], reason: str, learned: bool) -> list[str]:
    name = ASPECT_NAMES[labels.aspect].capitalize()
    because = f" ({reason})" if reason else ""
    if not learned:
        return [f"{name}: not learned{because}. Nothing counts as a new prediction there."]
    told = []
    if labels.transfer is not None:
        told.append(
            f"{name}: learned from what the reference says, for want of labels of the organism's own. What is recorded "
            "there is what the reference says of genes of other families, and no experiment; how precise the "
            "predictions are is not known."
        )
    if "co_training" not in chosen:
        fallen = f"the scores are those of the best model without co-training, {_made_by(chosen)}{because}"
        told.append(f"{name}: {fallen}.")
    return told


def gene_names(genes: pd.DataFrame, annotations: pd.DataFrame | None, aliases: Mapping[str, str]) -> pd.DataFrame:
    """What genes are called, to be found by: gene_id, symbol, description, aliases, empty where not known.

    Parameters
    ----------
    genes : the gene universe, with descriptions where the proteome has them.
    annotations : as `annotation_files.describe` takes them.
    aliases : gene of each alias.
    """
    ids = genes["gene_id"].astype(str).tolist()
    said = genes["description"].fillna("").astype(str) if "description" in genes else pd.Series("", index=genes.index)
    called = describe(genes.assign(description=said), annotations)
    symbols = called["symbol"].tolist()
    others: dict[str, dict[str, None]] = {gene: {} for gene in ids}  # a dict keeps the order
    for alias, gene in aliases.items():
        others[gene][alias] = None
    for gene, synonyms in zip(ids, called["synonyms"], strict=True):
        others[gene].update(dict.fromkeys(filter(None, synonyms.split("|"))))
    more = [
        ", ".join(alias for alias in others[gene] if alias not in (gene, symbol))
        for gene, symbol in zip(ids, symbols, strict=True)
    ]
    return pd.DataFrame({"gene_id": ids, "description": said.tolist(), "symbol": symbols, "aliases": more})


@dataclass(frozen=True)
class Found:
    """What a run found, in numbers.

    Parameters
    ----------
    genes : in all.
    pairs : new specific predictions.
    with_new : genes that have one.
    first : genes that have one and no recorded term in any aspect.
    """

    genes: int
    pairs: int
    with_new: int
    first: int


def found(predictions: pd.DataFrame, standing: NDArray[np.int8], labels: Sequence[Labels]) -> Found:
    """Count what is new.

    Parameters
    ----------
    labels : of each aspect.
    """
    news = set(predictions["gene_id"][standing == SPECIFIC])
    recorded = np.any([own.validated for own in labels], axis=0)
    known = set(np.array(labels[0].genes, object)[recorded])
    return Found(len(recorded), int((standing == SPECIFIC).sum()), len(news), len(news - known))


def inline(svg: str, prefix: str) -> str:
    """A figure as part of a page: without prolog and metadata, and with ids that no other figure has.

    >>> inline('<?xml version="1.0"?><svg><path id="a"/><use xlink:href="#a" clip-path="url(#b)"/></svg>', "one")
    '<svg><path id="one-a"/><use xlink:href="#one-a" clip-path="url(#one-b)"/></svg>'
    """
    drawing = svg[svg.index("<svg") :]
    drawing = re.sub(r"\s*<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    return re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}-", drawing)


def caption(source: str, organism: str) -> str:
    """A figure's caption of Snakemake's report (reStructuredText with the organism as a wildcard) as HTML."""
    from docutils.core import publish_parts
    from jinja2 import Template

    text = Template(source).render(snakemake={"wildcards": {"organism": organism}})
    safe = {"raw_enabled": False, "file_insertion_enabled": False, "report_level": 5}
    return publish_parts(text, writer="html5", settings_overrides=safe)["fragment"].strip()


@dataclass(frozen=True)
class Figure:
    """A figure: its name, its drawing with unique ids, and its caption as HTML."""

    name: str
    svg: str
    caption: str


FIGURES = {
    "precision_recall": "Precision and recall",
    "reliability": "Calibration",
    "information_content": "General and specific terms",
    "coverage": "Coverage",
    "cotraining": "Co-training by round",
    "label_efficiency": "With fewer labels",
}


def figures(files: Sequence[Path], captions: Path, organism: str) -> list[Figure]:
    """Figures for a page.

    Parameters
    ----------
    files : SVG, named as in `FIGURES`.
    captions : folder of their captions (`<name>.rst`).
    """
    return [
        Figure(
            FIGURES[file.stem],
            inline(file.read_text(), file.stem),
            caption((captions / f"{file.stem}.rst").read_text(), organism),
        )
        for file in files
    ]


@dataclass(frozen=True)
class Page:
    """All that a page shows but its data.

    Parameters
    ----------
    run : the record of the run, as `run_record.record` makes it.
    aspects, found, figures : as made here.
    headlines : what evaluation says of the models.
    """

    run: Mapping[str, Any]
    aspects: Sequence[Aspect]
    found: Found
    headlines: Sequence[str]
    figures: Sequence[Figure]


def calibrations(reliability: pd.DataFrame) -> dict[str, list[tuple[float, float]]]:
    """Of each aspect's final scores, groups of like ones: mean score, and share of them that is recorded.

    Parameters
    ----------
    reliability : as `evaluate` wrote it.
    """
    final = reliability[reliability["model"] == "final"].dropna(subset=["mean_score", "observed"])
    return {
        aspect: [
            (round(float(score), 4), round(float(observed), 4))
            for score, observed in own.sort_values("mean_score")[["mean_score", "observed"]].to_numpy()
        ]
        for aspect, own in ((aspect, final[final["aspect"] == aspect]) for aspect in ASPECT_NAMES)
    }


def fitted(
    page: Page,
    standing: NDArray[np.int8],
    ranked: explorer.Places,
    evidence: int,
    data: Callable[[explorer.Places, int], dict[str, Any]],
    limit: int,
) -> tuple[str, int]:
    """The page with as many predictions and their evidence as there is room for, and the number of predictions.

    Parameters
    ----------
    standing : of all predictions.
    ranked : rows worth showing, the most worth first.
    evidence : pieces that there are of these.
    data : makes the explorer's data of rows and of the first so many pieces of evidence.
    limit : bytes that the page may have.
    """
    specific = int((standing[ranked] == SPECIFIC).sum())

    def filled(count: int) -> tuple[str, int, int]:
        rows, pieces = explorer.first(count, specific, evidence)
        shown = {**explorer.shown(standing, ranked[:rows]), "evidence": (pieces, evidence)}
        text = html(page, shown, data(ranked[:rows], pieces))
        return text, rows, len(text.encode())

    count = len(ranked) + evidence
    text, rows, size = filled(count)
    if size > limit:
        *_, bare = filled(0)
        while size > limit and count:
            # a little too few is better than another try
            count = int(count * 0.98 * max(limit - bare, 0) / (size - bare))
            text, rows, size = filled(count)
    return text, rows


def html(page: Page, shown: Mapping[str, tuple[int, int]], data: Mapping[str, Any]) -> str:
    """The page; every text from the input is escaped.

    Parameters
    ----------
    shown : how many predictions of each standing, and pieces of evidence, are on the page, and how many there are.
    data : what the explorer shows.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["whole"] = "{:,}".format
    environment.filters["percent"] = "{:.0%}".format
    styles = [(ASSETS / name).read_text() for name in ("tabulator/tabulator_simple.min.css", "report.css")]
    scripts = [(ASSETS / name).read_text() for name in ("tabulator/tabulator.min.js", "report.js")]
    config = page.run["config"]
    return environment.get_template("report.html").render(
        page=page,
        run=page.run,
        organism=config["name"],
        taxon=config["taxon_id"],
        inputs=[(key, Path(file["path"]).name, file["sha256"]) for key, file in sorted(page.run["inputs"].items())],
        shown=shown,
        per_gene=explorer.PER_GENE,
        styles=styles,
        scripts=scripts,
        licence=(ASSETS / "tabulator" / "LICENSE").read_text().strip(),
        hashes=[_hash(script) for script in scripts],
        data=explorer.packed({**data, "organism": config["name"], "scale": explorer.SCALE}),
    )


def _hash(script: str) -> str:
    """How a page's policy names a script that may run: no other one may."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def write(path: Path, text: str) -> None:
    """Write a page."""
    with open_output(path) as handle:
        handle.write(text)
