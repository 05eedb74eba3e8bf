"use strict";
// The explorer: unpacks the predictions, filters them by what is asked for, and shows what speaks for each.
// Texts from the data only ever become text nodes.

const KNOWN = 0, BELOW = 1, IMPLIED = 2, SPECIFIC = 3; // as in predictions.py
const STANDING = ["recorded", "new, below threshold", "new, implied or general", "new"];
const SHOWN = {
  specific: (standing) => standing === SPECIFIC,
  above: (standing) => standing >= IMPLIED,
  new: (standing) => standing >= BELOW,
  known: (standing) => standing === KNOWN,
  all: () => true,
};
const ASPECT = { P: "process", F: "function", C: "component" };
const EVIDENCE = { homologue: "Homologue", coexpressed: "Co-expressed", feature: "Feature" };
const VIEWS = { both: "sequence and expression", sequence: "only sequence", expression: "only expression", "": "no view" };
const AT_ONCE = 10000; // rows that the table holds: nobody scrolls further, and each costs time
const ASCENDING = ["gene", "name", "aspect"]; // sorted from the first letter on; all else from the highest number down
const byId = (id) => document.getElementById(id);

// --- the data

async function unpack(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let place = 0; place < letters.length; place++) bytes[place] = letters.charCodeAt(place);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

// lower case words, a blank before each: a phrase is found where words begin with it
const words = (text) => " " + text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

function prepare(data) {
  const { genes, terms, rows } = data;
  data.size = rows.term.length;
  rows.gene = new Uint32Array(data.size);
  data.firstRow = new Uint32Array(genes.id.length + 1);
  rows.count.forEach((count, gene) => {
    data.firstRow[gene + 1] = data.firstRow[gene] + count;
    rows.gene.fill(gene, data.firstRow[gene], data.firstRow[gene + 1]);
  });
  rows.standing = Uint8Array.from(rows.standing);
  data.evidence.row = new Int32Array(data.evidence.step.length);
  data.evidence.step.reduce((row, step, place) => (data.evidence.row[place] = row + step), 0);
  const byName = terms.id.map((_, term) => term).sort((one, other) => terms.name[one].localeCompare(terms.name[other], "en"));
  data.nameRank = new Uint32Array(byName.length);
  byName.forEach((term, rank) => { data.nameRank[term] = rank; });
  data.geneWords = genes.id.map((id, gene) => words([id, genes.symbol[gene], genes.aliases[gene], genes.about[gene]].join(" ")));
  data.termWords = terms.id.map((id, term) => words(`${id} ${terms.name[term]}`));
  return data;
}

// a score is missing where a gene lacks the view
const score = (data, column, row) => (data.rows[column][row] < 0 ? null : data.rows[column][row] / data.scale);
const bits = (data, term) => (data.terms.bits[term] < 0 ? null : data.terms.bits[term] / 100);

// what the table shows of a prediction
function entry(data, row) {
  const { genes, terms, rows } = data, gene = rows.gene[row], term = rows.term[row];
  const own = { row, score: score(data, "score", row), bits: bits(data, term) };
  return Object.assign(own, {
    gene: genes.id[gene],
    symbol: genes.symbol[gene] || genes.about[gene],
    term: terms.id[term],
    name: terms.name[term],
    aspect: ASPECT[terms.aspect[term]],
    sequence: score(data, "sequence", row),
    expression: score(data, "expression", row),
    standing: STANDING[rows.standing[row]],
  });
}

// what a row is sorted by, a number; below 0 where it is missing
const SORT_BY = {
  gene: ({ rows }, row) => rows.gene[row],
  name: ({ rows, nameRank }, row) => nameRank[rows.term[row]],
  aspect: ({ rows, terms }, row) => "PFC".indexOf(terms.aspect[rows.term[row]]),
  score: ({ rows }, row) => rows.score[row],
  bits: ({ rows, terms }, row) => terms.bits[rows.term[row]],
  sequence: ({ rows }, row) => rows.sequence[row],
  expression: ({ rows }, row) => rows.expression[row],
  standing: ({ rows }, row) => rows.standing[row],
  worth: ({ rows, terms }, row) => rows.score[row] * terms.bits[rows.term[row]],
};

// rows in order, those with a missing value last; equals stay by gene and score
function sorted(data, chosen, { field, descending }) {
  const keys = Float64Array.from(chosen, (row) => {
    const key = SORT_BY[field](data, row);
    return key < 0 ? Infinity : descending ? -key : key;
  });
  return Array.from(Uint32Array.from(keys.keys()).sort((one, other) => keys[one] - keys[other] || one - other), (place) => chosen[place]);
}

// rows that match the search, and those of them that pass the filters too
function find(data, asked) {
  const phrases = asked.search.split(/\s+/).map(words).filter((phrase) => phrase.trim());
  const hits = phrases.map((phrase) => [data.geneWords, data.termWords].map((own) => own.map((text) => text.includes(phrase))));
  const { gene, term, standing, score } = data.rows, passes = SHOWN[asked.standing];
  const least = asked.score * data.scale - 0.5, matching = [], chosen = [];
  for (let row = 0; row < data.size; row++) {
    if (!hits.every(([inGene, inTerm]) => inGene[gene[row]] || inTerm[term[row]])) continue;
    matching.push(row);
    const aspect = data.terms.aspect[term[row]];
    if (passes(standing[row]) && score[row] >= least && (!asked.aspect || aspect === asked.aspect)) chosen.push(row);
  }
  const silent = phrases.length && !matching.length
    ? data.genes.id.filter((_, gene) => hits.every(([inGene]) => inGene[gene]))
    : [];
  return { matching, chosen, silent };
}

// --- small helpers for the page

function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
const number = (value, digits) => (value === null ? "–" : value.toFixed(digits));
const count = (value, one) => `${value.toLocaleString("en")} ${one}${value === 1 ? "" : "s"}`;
const twoLines = (first, second) => make("div", {}, make("span", { className: "first" }, first), make("span", { className: "second" }, second));

function plainTable(headings, lines, caption) {
  const head = headings.map((text) => make("th", { scope: "col" }, text));
  return make("div", { className: "scroll", tabIndex: 0, role: "group", ariaLabel: caption },
    make("table", { className: "plain" }, make("caption", {}, caption), make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...lines)));
}
const line = (cells, className = "") => make("tr", { className }, ...cells.map((cell) => make("td", {}, cell)));

function save(text, name) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/tab-separated-values" })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

// --- what speaks for a prediction

function calibration(data, aspect, own) {
  const groups = data.calibration[aspect] || [];
  if (!groups.length || own < groups[0][0] / 2) return null;
  const distance = (group) => Math.abs(group[0] - own);
  const [, observed] = groups.reduce((best, group) => (distance(group) < distance(best) ? group : best));
  return `of the pairs scored about like this in this aspect, ${Math.round(100 * observed)}% are recorded`;
}

function evidence(data, row) {
  const { texts, ...columns } = data.evidence, lines = [];
  for (let place = columns.row.indexOf(row); place >= 0 && columns.row[place] === row; place++) {
    const [kind, source, value, detail] = ["kind", "source", "value", "detail"].map((name) => texts[columns[name][place]]);
    const gene = kind === "feature" ? -1 : data.genes.id.indexOf(source);
    const named = gene >= 0 && data.genes.symbol[gene] ? `${source} (${data.genes.symbol[gene]})` : source;
    lines.push(line([EVIDENCE[kind] || kind, named, detail ? `${value} (${detail})` : value]));
  }
  if (!lines.length) {
    const none = data.rows.standing[row] >= IMPLIED ? "None is on this page for this pair." : "It is given for new predictions above the threshold.";
    return make("p", {}, make("strong", {}, "Evidence. "), none);
  }
  return plainTable(["Kind", "What", "How much"], lines, "Evidence: genes known to have the term, and features that weighed most");
}

// a term and all above it
function closure(data, term) {
  const above = new Set([term]);
  for (const one of above) for (const parent of data.terms.parents[one]) above.add(parent);
  return above;
}

// the term and all above it, the more specific first, with what the gene scores there
function hierarchy(data, row) {
  const { terms, rows } = data, gene = rows.gene[row];
  const depth = (term) => closure(data, term).size;
  const above = [...closure(data, rows.term[row])].sort((one, other) => depth(other) - depth(one) || one - other);
  const own = new Map();
  for (let other = data.firstRow[gene]; other < data.firstRow[gene + 1]; other++) own.set(rows.term[other], other);
  const lines = above.map((term) => {
    const other = own.get(term);
    const cells = other === undefined
      ? ["–", terms.parents[term].length ? "not on this page" : "top of the aspect"]
      : [number(score(data, "score", other), 3), STANDING[rows.standing[other]]];
    return line([`${terms.name[term]} (${terms.id[term]})`, number(bits(data, term), 1), ...cells], term === rows.term[row] ? "here" : "");
  });
  return plainTable(["Term", "Bits", "Score", "Status"], lines, "Place in the hierarchy, from this term up");
}

function links(term) {
  if (!/^GO:\d{7}$/.test(term)) return [];
  const link = (name, address) => make("a", { href: address + term, target: "_blank", rel: "noopener noreferrer" }, name);
  return [" · ", link("AmiGO", "https://amigo.geneontology.org/amigo/term/"), ", ", link("QuickGO", "https://www.ebi.ac.uk/QuickGO/term/")];
}

function explain(data, row, search) {
  const { genes, terms, rows } = data, gene = rows.gene[row], term = rows.term[row], own = entry(data, row);
  const dialog = byId("why"), close = () => dialog.close();
  const go = (text, label) => make("button", { type: "button", onclick: () => { close(); search(text); } }, label);
  const told = calibration(data, terms.aspect[term], own.score), threshold = data.thresholds[terms.aspect[term]];
  const symbol = genes.symbol[gene] || own.gene;
  const alone = ["sequence", "expression"].map((view) => `${view} ${own[view] === null ? "none" : number(own[view], 3)}`);
  const facts = [
    ["Gene", [own.gene, genes.symbol[gene], genes.about[gene]].filter(Boolean).join(" · ")],
    ["Term", make("span", {}, `${own.term} · ${own.aspect}${own.bits === null ? "" : ` · ${number(own.bits, 1)} bits`}`, ...links(own.term))],
    ["Status", own.standing],
    ["Score", `${number(own.score, 3)}${told ? `: ${told}` : ""}`],
    ["Threshold", threshold === undefined ? "none recommended for this aspect" : `${threshold.toFixed(2)} recommended for this aspect`],
    ["Each view alone", `${alone.join(", ")} (the gene has ${VIEWS[genes.views[gene]]})`],
    ["Other names", genes.aliases[gene] || "–"],
  ];
  dialog.replaceChildren(
    make("div", { className: "top" },
      make("h2", { id: "why-title" }, `${symbol}: ${own.name}`),
      make("button", { type: "button", onclick: close }, "Close")),
    make("dl", {}, ...facts.flatMap(([name, fact]) => [make("dt", {}, name), make("dd", {}, fact)])),
    evidence(data, row),
    hierarchy(data, row),
    make("p", {}, go(own.gene, `All terms of ${symbol}`), " ", go(own.term, "All genes with this term")),
  );
  dialog.showModal();
  dialog.scrollTop = 0;
}

// --- the table

function columns(open, sortBy) {
  const button = (title, field) => () => make("button", { type: "button", className: "link", onclick: () => sortBy(field) }, title);
  const sortable = (title, field, more) => ({ title, field, titleFormatter: button(title, field), ...more });
  const digits = (places) => ({ hozAlign: "right", headerHozAlign: "right", formatter: (cell) => number(cell.getValue(), places) });
  const recorded = ({ term, standing }) => (standing === STANDING[KNOWN] ? `${term}, ${standing}` : term);
  return [
    sortable("Gene", "gene", { minWidth: 92, widthGrow: 2, responsive: 0, formatter: (cell) => twoLines(cell.getValue(), cell.getData().symbol) }),
    sortable("Term", "name", { minWidth: 130, widthGrow: 4, responsive: 0, formatter: (cell) => twoLines(cell.getValue(), recorded(cell.getData())) }),
    sortable("Aspect", "aspect", { width: 110, responsive: 4 }),
    sortable("Score", "score", { width: 72, responsive: 0, ...digits(3) }),
    sortable("Specificity (bits)", "bits", { width: 104, responsive: 3, ...digits(1) }),
    sortable("Sequence alone", "sequence", { width: 100, responsive: 5, ...digits(3) }),
    sortable("Expression alone", "expression", { width: 108, responsive: 5, ...digits(3) }),
    sortable("Status", "standing", { width: 180, responsive: 2 }),
    { title: "Why", field: "row", width: 62, responsive: 0, hozAlign: "center",
      formatter: (cell) => make("button", { type: "button", onclick: () => open(cell.getValue()), ariaLabel: `Why ${cell.getData().gene}, ${cell.getData().name}?` }, "Why") },
  ];
}

function show(data) {
  const [search, standing, aspect, least, sort] = ["search", "standing", "aspect", "score", "sort"].map(byId);
  const order = { field: sort.value, descending: true };
  let chosen = [];

  // finds, sorts and tells; gives what the table is to hold
  function entries() {
    const asked = { search: search.value, standing: standing.value, aspect: aspect.value, score: Number(least.value) || 0 };
    const found = find(data, asked);
    chosen = sorted(data, found.chosen, order);
    tell(found, asked.search.trim() !== "");
    return chosen.slice(0, AT_ONCE).map((row) => entry(data, row));
  }

  function tell({ matching, silent }, searched) {
    const genes = new Set(chosen.map((row) => data.rows.gene[row])).size;
    const some = chosen.length > AT_ONCE ? ` The table holds the first ${AT_ONCE.toLocaleString("en")}, the download all.` : "";
    const names = silent.slice(0, 5).join(", ") + (silent.length > 5 ? " and others" : "");
    byId("status").textContent = silent.length
      ? `${names}: no prediction on this page.`
      : `${count(chosen.length, "prediction")} for ${count(genes, "gene")}.${some}`;
    const others = searched ? matching.length - chosen.length : 0;
    byId("elsewhere").hidden = !others;
    byId("elsewhere").firstElementChild.textContent = `${count(others, "more row")} match${others === 1 ? "es" : ""} the search but not the filters.`;
  }

  function sortBy(field) {
    order.descending = field === order.field ? !order.descending : !ASCENDING.includes(field);
    order.field = field;
    sort.value = [...sort.options].some((option) => option.value === field) ? field : "";
    refresh();
  }

  function markSorted() {
    for (const column of table.getColumns()) {
      const state = column.getField() !== order.field ? "none" : order.descending ? "descending" : "ascending";
      column.getElement().setAttribute("aria-sort", state);
    }
  }

  const narrow = window.matchMedia("(max-width: 40rem)").matches;
  const table = new Tabulator("#table", {
    data: entries(),
    columns: columns((row) => explain(data, row, (text) => { search.value = text; everything(); }), sortBy),
    columnDefaults: { headerSort: false },
    layout: "fitColumns",
    responsiveLayout: "hide",
    maxHeight: Math.max(320, Math.min(640, window.innerHeight * 0.7)),
    minHeight: 110,
    rowHeight: narrow ? 68 : 48, // a phone breaks names in two lines
    placeholder: "No prediction matches. Search less, or show more kinds.",
  });
  const refresh = () => table.replaceData(entries()).then(markSorted);
  function everything() {
    standing.value = "all";
    aspect.value = "";
    least.value = 0;
    return refresh();
  }

  let waiting;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 150);
  });
  for (const control of [standing, aspect]) control.addEventListener("change", refresh);
  least.addEventListener("input", refresh);
  sort.addEventListener("change", () => { order.field = ""; sortBy(sort.value); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("elsewhere").lastElementChild.addEventListener("click", () => { everything(); search.focus(); });
  byId("download").addEventListener("click", () => save(tsv(data, chosen), `${data.organism}_predictions.tsv`));
  table.on("tableBuilt", () => {
    markSorted();
    document.documentElement.dataset.ready = Math.round(performance.now());
  });
}

// what is shown, in the order shown, with the columns of predictions.tsv.gz
function tsv(data, chosen) {
  const header = ["gene_id", "go_id", "go_name", "aspect", "score", "sequence_score", "expression_score", "views", "known", "information_content"];
  const lines = chosen.map((row) => {
    const { gene, term, name, score, sequence, expression, bits } = entry(data, row);
    const views = data.genes.views[data.rows.gene[row]], known = data.rows.standing[row] === KNOWN ? "yes" : "no";
    const aspect = data.terms.aspect[data.rows.term[row]], content = bits === null ? "" : bits.toFixed(2);
    return [gene, term, name, aspect, score, sequence ?? "", expression ?? "", views, known, content];
  });
  return [header, ...lines].map((cells) => `${cells.join("\t")}\n`).join("");
}

unpack(byId("data").textContent)
  .then((data) => show(prepare(data)))
  .catch((fault) => {
    byId("status").textContent = `The explorer does not work in this browser (${fault.message}). All predictions are in predictions.tsv.gz.`;
  });
