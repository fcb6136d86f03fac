// One gene or one sample at a time: every click on a name, a point or a search result leads to
// "#probe=…" or "#sample=…", and the panel shows what the address says.
const byId = id => document.getElementById(id);
const SHAPES = new Set(["svg", "defs", "g", "circle", "path", "line", "text", "title"]);
const make = (tag, attributes = {}, ...children) => {
  const element = SHAPES.has(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};
const addressOf = (kind, name) => `#${kind}=${encodeURIComponent(name)}`;

let unpackedFacts;
const linked = () => unpackedFacts ??= (async () => {
  const facts = await (await unpacked(byId("linked-facts"))).json();
  facts.values = new Uint8Array(await (await unpacked(byId("linked-values"))).arrayBuffer());
  const {genes, samples} = facts;
  genes.at = new Map(genes.probe.map((probe, i) => [probe, i]));
  samples.at = new Map(samples.id.map((sample, i) => [sample, i]));
  const searched = (kind, id, name, about) => ({kind, id, name, about, words: [id, name, about].join("\n").toLowerCase()});
  facts.searched = [
    ...genes.probe.map((probe, i) => searched("probe", probe, genes.symbol[i], genes.title[i] || genes.description[i])),
    ...samples.id.map(sample => searched("sample", sample, sample, "sample")),
  ];
  return facts;
})();

const minus = text => text.replace("-", "−");
const decimal = (number, digits = 2) => number == null ? "–" : minus(number.toFixed(digits));
const pValue = number => {
  if (number == null) return "–";
  if (number >= .00095) return number < 1 ? number.toPrecision(2) : "1.0";
  const [digits, exponent] = number.toExponential(1).split("e");
  return `${digits}×10${exponent.replace(/./g, letter => "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"["0123456789-".indexOf(letter)] ?? "")}`;
};
const count = number => number.toLocaleString("en");
const shortened = (text, width) => text.length > width ? `${text.slice(0, width - 1)}…` : text;
const median = numbers => {
  const sorted = numbers.toSorted((a, b) => a - b), half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
const tableOf = (headings, rows, caption) => make("table", {},
  make("caption", {}, caption),
  make("thead", {}, make("tr", {}, ...headings.map((heading, i) => make("th", {scope: "col", ...(i && {class: "number"})}, heading)))),
  make("tbody", {}, ...rows.map(([name, ...cells]) => make("tr", {}, make("th", {scope: "row"}, name), ...cells.map(cell => make("td", {class: "number"}, cell))))));
const part = (name, label, ...children) => make("div", {class: `part ${name}`, tabindex: 0, role: "group", "aria-label": label}, ...children);

const markOf = ({classes, samples}, i, x, y, size) => {
  const look = {fill: classes[samples.label[i]].colour, "fill-opacity": .75, "data-sample": samples.id[i]};
  return samples.split[i] === "test"
    ? make("path", {d: `M${x} ${y - size * 1.2}l${size * 1.15} ${size * 2.1}h${-size * 2.3}z`, ...look})
    : make("circle", {cx: x, cy: y, r: size, ...look});
};

// In a map, shape stands for the class as well: two colours may be one grey.
const OUTLINES = ["M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z", "M-.9-.9h1.8v1.8h-1.8z", "M0-1.3L1.3 0 0 1.3-1.3 0z", "M-1.1-.9h2.2L0 1.2z", "M-1.1-.4h.7v-.7h.8v.7h.7v.8h-.7v.7h-.8v-.7h-.7z"];
const classMark = (classes, label, x, y, size) => make("path", {
  d: OUTLINES[label % OUTLINES.length], transform: `translate(${x} ${y}) scale(${size})`, fill: classes[label].colour, "fill-opacity": .75});

// Values of one gene, a column of points for each group of samples, with its median.
function strips(facts, gene, groups) {
  const {samples, genes, values} = facts;
  const valueOf = i => {
    const level = values[gene * samples.id.length + i];
    return level === 255 ? null : genes.low[gene] + level * genes.step[gene];
  };
  const columns = groups.map(group => ({...group, members: group.members.filter(i => valueOf(i) !== null)})).filter(group => group.members.length);
  const all = columns.flatMap(group => group.members.map(valueOf));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const span = high - low || 1, power = 10 ** Math.floor(Math.log10(span));
  const tick = [.2, .5, 1, 2, 5].find(each => span / (each * power) <= 5) * power;
  const column = 92, left = 46, top = 8, height = 150, width = left + column * columns.length + 8;
  const across = value => top + height - (value - low) / span * height;
  const svg = make("svg", {viewBox: `0 0 ${width} ${top + height + 42}`, width, role: "img"});
  for (let at = Math.ceil(low / tick); at * tick <= high + 1e-9; at += 1) {
    const y = across(at * tick);
    svg.append(make("line", {x1: left - 4, x2: left, y1: y, y2: y, stroke: "black"}),
      make("text", {x: left - 7, y: y + 4, "text-anchor": "end"}, minus(String(+(at * tick).toPrecision(4)))));
  }
  svg.append(make("line", {x1: left, x2: left, y1: top, y2: top + height, stroke: "black"}));
  const told = columns.map(({name, members}, position) => {
    const middle = left + column * (position + .5), centre = median(members.map(valueOf));
    members.forEach((i, turn) => { // multiples of the golden ratio spread the points evenly
      const mark = markOf(facts, i, middle + 56 * (turn * .618034 % 1 - .5), across(valueOf(i)), 3);
      mark.append(make("title", {}, `${samples.id[i]}: ${decimal(valueOf(i))}`));
      svg.append(mark);
    });
    svg.append(make("line", {x1: middle - 36, x2: middle + 36, y1: across(centre), y2: across(centre), stroke: "black", "stroke-width": 1.5}),
      make("text", {x: middle, y: top + height + 18, "text-anchor": "middle"}, shortened(name, 15), make("title", {}, name)),
      make("text", {x: middle, y: top + height + 33, "text-anchor": "middle"}, `n = ${members.length}`));
    return `${name}: median ${decimal(centre)}, n = ${members.length}`;
  });
  svg.setAttribute("aria-label", `log2 expression. ${told.join("; ")}.`);
  return svg;
}

function groupsBy({classes, samples}, covariate) {
  const groups = new Map();
  samples.label.forEach((label, i) => {
    const value = covariate ? covariate.values[i] || "not stated" : "";
    const key = `${label} ${value}`;
    if (!groups.has(key)) groups.set(key, {label, value, name: classes[label].name + (covariate ? `, ${value}` : ""), members: []});
    groups.get(key).members.push(i);
  });
  return [...groups.values()].sort((a, b) => a.label - b.label || a.value.localeCompare(b.value));
}

function showGene(facts, gene) {
  const {genes, samples, contrasts, rankings} = facts;
  const probe = genes.probe[gene], symbol = genes.symbol[gene].split(" /// ")[0];
  const covariates = samples.covariates.filter(each => each.groups);
  const plot = make("div", {class: "drawing"});
  const choice = make("select", {}, make("option", {}, "class"), ...covariates.map(each => make("option", {}, `class and ${each.name}`)));
  const draw = () => plot.replaceChildren(strips(facts, gene, groupsBy(facts, covariates[choice.selectedIndex - 1])));
  choice.addEventListener("change", draw);
  // A covariate that goes with the class may be the reason of a difference.
  choice.selectedIndex = covariates.findIndex(each => each.alarm) + 1;
  draw();
  const hasTest = samples.split.includes("test");
  const of = samples.id.length < facts.nSamples ? `${count(samples.id.length)} of ${count(facts.nSamples)} samples, evenly drawn from each class` : `${count(samples.id.length)} samples`;
  const places = Object.entries(rankings).map(([criterion, ranks]) => {
    const n = ranks.filter(rank => rank !== null).length;
    return [criterion, ranks[gene] === null ? "not ranked" : `${count(ranks[gene])} of ${count(n)}`];
  });
  const [rank, frequency] = genes.signature[probe] ?? [];
  places.unshift(["Signature", rank ? `${count(rank)} of ${count(genes.signatureSize)}; chosen in ${Math.round(frequency * 100)}% of the folds` : "not in it"]);
  const rows = Object.values(contrasts).map(each => {
    const p = each["P.Value"], own = p[gene];
    const ahead = own === null ? "not tested" : `${count(1 + p.filter(other => other !== null && other < own).length)} of ${count(p.filter(other => other !== null).length)}`;
    return [each.name, decimal(each.logFC[gene]), decimal(each.t?.[gene]), pValue(own), pValue(each["adj.P.Val"][gene]), ahead];
  });
  const first = rows.length < facts.nContrasts ? `The first ${count(rows.length)} of ${count(facts.nContrasts)} contrasts.` : "";
  return [[symbol, probe].filter(Boolean).join(" · "), [genes.title[gene], genes.description[gene]].filter(Boolean).join(" · "), [
    part("values", "Expression by class", make("p", {}, make("label", {}, "By ", choice)), plot,
      make("p", {class: "brief"}, `log2 expression of ${of}${hasTest ? "; circles: training, triangles: test" : ""}; bar: median. Values are rounded to 255 steps, to ±${decimal(genes.step[gene] / 2, 3)}. A click on a point opens the sample.`)),
    part("contrasts", "Contrasts", tableOf(["Contrast", "log2 fold change", "Moderated t", "p", "Adjusted p", "Place by p"], rows, `In every contrast. ${first}`)),
    part("places", "Rankings", tableOf(["Ranking", "Place"], places, "Place among the genes, on the training samples.")),
  ]];
}

function showSample(facts, sample) {
  const {samples, models, projections, classes} = facts, id = samples.id[sample];
  const isTest = samples.split[sample] === "test", label = classes[samples.label[sample]].name;
  const calls = Object.entries(models).map(([model, {predicted, confidence, call, wrong, repeats}]) => [
    model, predicted[sample] || "–", decimal(confidence[sample], 3),
    isTest ? call[sample] : repeats[sample] === null ? "–" : `${wrong[sample]} of ${repeats[sample]}`,
    !predicted[sample] ? "–" : predicted[sample] === label ? "correct" : "wrong",
  ]);
  const maps = Object.entries(projections).map(([method, {x, y}]) => {
    const [width, height] = [150, 125];
    const scaled = (all, from, to) => {
      const known = all.filter(value => value !== null), low = Math.min(...known), span = Math.max(...known) - low || 1;
      return all.map(value => from + (value - low) / span * (to - from));
    };
    const [xs, ys] = [scaled(x, 8, width - 8), scaled(y, height - 8, 8)];
    const svg = make("svg", {viewBox: `0 0 ${width} ${height}`, width, role: "img", "aria-label": `${method}: ${id} among the samples`});
    samples.id.forEach((other, i) => {
      if (x[i] === null) return;
      const mark = classMark(classes, samples.label[i], xs[i], ys[i], 2.5);
      mark.setAttribute("data-sample", other);
      mark.append(make("title", {}, `${other}, ${classes[samples.label[i]].name}`));
      svg.append(mark);
    });
    if (x[sample] !== null) svg.append(make("circle", {cx: xs[sample], cy: ys[sample], r: 7, fill: "none", stroke: "black", "stroke-width": 2}));
    return make("figure", {}, make("div", {class: "drawing"}, svg), make("figcaption", {}, method));
  });
  const {quality} = samples;
  const quartiles = Object.entries(quality).map(([name, of]) => [name.replace("_", " "), decimal(of[sample], 1), decimal(median(of), 1)]);
  return [id, [label, isTest ? "test sample" : "training sample", ...samples.covariates.filter(each => each.values[sample]).map(each => `${each.name}: ${each.values[sample]}`)].join(" · "), [
    part("maps", "Projections", make("div", {class: "maps"}, ...maps), make("p", {class: "brief"},
      ...classes.flatMap(({name}, label) => [make("svg", {class: "key", viewBox: "-1.4 -1.4 2.8 2.8", "aria-hidden": true}, classMark(classes, label, 0, 0, 1)), ` ${shortened(name, 30)} `]))),
    part("calls", "Calls", tableOf(["Model", "Predicted class", "Confidence", isTest ? "Call" : "Wrong in repeats", "Result"], calls,
      isTest ? "Calls by all models." : "Out of fold, by all models: the class most often predicted, and the mean confidence.")),
    part("quality", "Quality", ...(samples.notes[id] ?? []).map(note => make("p", {class: "warning"}, `${note}.`)),
      tableOf([facts.terms.value[0].toUpperCase() + facts.terms.value.slice(1), "This sample", "Median of samples"], quartiles, "Quality: values as measured.")),
  ]];
}

const panel = byId("detail"), find = byId("find"), found = byId("found");
let opener = null;
async function openPanel() {
  const [, kind, name] = location.hash.match(/^#(probe|sample)=(.*)$/) ?? [];
  if (!kind) return;
  const facts = await linked(), id = decodeURIComponent(name);
  const at = (kind === "probe" ? facts.genes : facts.samples).at.get(id);
  const [title, about, parts] = at !== undefined ? (kind === "probe" ? showGene : showSample)(facts, at)
    : [id, `This ${kind === "probe" ? facts.terms.row : "sample"} is not among those that the page holds.`, []];
  if (!panel.contains(document.activeElement)) opener = found.contains(document.activeElement) ? find : document.activeElement;
  found.replaceChildren();
  byId("detail-title").textContent = title;
  byId("detail-about").textContent = about;
  byId("detail-body").replaceChildren(...parts);
  panel.hidden = false;
  panel.scrollTop = 0;
  panel.focus({preventScroll: true});
  document.documentElement.style.setProperty("--panel", `${panel.offsetHeight}px`);
  opener?.scrollIntoView?.({block: "nearest"});
}
function closePanel() {
  if (panel.hidden) return;
  panel.hidden = true;
  document.documentElement.style.removeProperty("--panel");
  if (/^#(probe|sample)=/.test(location.hash)) history.replaceState(null, "", location.pathname + location.search);
  opener?.focus?.({preventScroll: true});
}

async function search() {
  const {searched} = await linked(), asked = find.value.trimStart().toLowerCase();
  const exactness = ({id, name}) => {
    const names = [id.toLowerCase(), ...name.toLowerCase().split(" /// ")];
    return names.includes(asked) ? 0 : names.some(each => each.startsWith(asked)) ? 1 : 2;
  };
  const hits = asked ? searched.filter(each => each.words.includes(asked)).sort((a, b) => exactness(a) - exactness(b)) : [];
  found.replaceChildren(...hits.slice(0, 8).map(({kind, id, name, about}) => make("li", {},
    make("a", {href: addressOf(kind, id)}, make("strong", {}, name || id), ` ${shortened(name && name !== id ? `${id} ${about}` : about, 70)}`))));
  byId("found-count").textContent = asked ? `${hits.length} found` : "";
}

// A point is opened by a click; the function that is returned opens one for the keyboard.
function linkPoints(live, figure) {
  const go = id => {
    live.focus({preventScroll: true});
    location.hash = addressOf(figure.layout.meta.points, id);
  };
  live.setAttribute("aria-label", `${live.getAttribute("aria-label")} Arrow keys go through the points; Enter opens one.`);
  live.on("plotly_click", event => { if (event.points[0].id) go(event.points[0].id); });
  return ({curveNumber, pointNumber}) => go(figure.data[curveNumber].ids[pointNumber]);
}

function startLinks() {
  for (const table of document.querySelectorAll("[data-rows=probe], [data-rows=sample]")) {
    for (const cell of table.querySelectorAll("tbody th")) {
      cell.replaceChildren(make("a", {href: addressOf(table.dataset.rows, cell.textContent)}, cell.textContent));
    }
  }
  for (const name of document.querySelectorAll("span[data-probe]")) {
    name.replaceWith(make("a", {href: addressOf("probe", name.dataset.probe)}, ...name.childNodes));
  }
  for (const name of document.querySelectorAll(".still [data-probe]")) {
    const link = document.createElementNS("http://www.w3.org/2000/svg", "a");
    link.setAttribute("href", addressOf("probe", name.dataset.probe));
    link.setAttribute("aria-label", name.dataset.probe);
    name.replaceWith(link);
    link.append(name);
    link.closest("svg").setAttribute("role", "group"); // an image may hold no links
  }
  document.querySelector("search").hidden = false;
  find.addEventListener("input", search);
  find.addEventListener("keydown", async event => {
    if (event.key !== "Enter") return;
    await search(); // of the last letter, too
    found.querySelector("a")?.click();
  });
  byId("detail-close").addEventListener("click", closePanel);
  panel.addEventListener("click", event => {
    const sample = event.target.closest("[data-sample]")?.dataset.sample;
    if (sample) location.hash = addressOf("sample", sample);
  });
  addEventListener("keydown", event => { if (event.key === "Escape") closePanel(); });
  addEventListener("hashchange", openPanel);
  openPanel();
}
