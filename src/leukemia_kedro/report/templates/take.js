// What a reader takes away: each table as CSV, each figure as SVG, PNG and PDF, under the figure's name.
function save(name, ...content) {
  const link = make("a", {href: URL.createObjectURL(new Blob(content)), download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// No spreadsheet computes a cell: an apostrophe stands before what could begin a formula.
const FORMULA = /(^|[;\t\r\n])(?=[\s"]*[=+\-@＝＋－＠']|[\t\r])/g, NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const csvCell = value => {
  const text = String(value ?? ""), safe = NUMBER.test(text) ? text : text.replace(FORMULA, "$1'");
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};
const csvOf = rows => rows.map(row => row.map(csvCell).join(",") + "\r\n").join("");

const asRows = columns => {
  const names = Object.keys(columns);
  return [names, ...columns[names[0]].map((_, i) => names.map(name => columns[name][i]))];
};
const named = (genes, listed) => ({probe: listed.map(i => genes.probe[i]), symbol: listed.map(i => genes.symbol[i]), description: listed.map(i => genes.description[i])});

// Tables that the page holds for its panel and shows nowhere whole.
const HELD = {
  "gene-ranking": ({genes, rankings}) => {
    const ranked = genes.probe.flatMap((_, i) => Object.values(rankings).some(ranks => ranks[i] !== null) ? [i] : []);
    const ranks = Object.entries(rankings).map(([criterion, all]) => [`rank by ${criterion}`, ranked.map(i => all[i])]);
    return asRows({...named(genes, ranked), ...Object.fromEntries(ranks), selection_frequency: ranked.map(i => genes.frequency[i] ?? 0)});
  },
  samples: ({samples, classes, projections}) => asRows({
    sample: samples.id, class: samples.label.map(label => classes[label].name), split: samples.split,
    ...Object.fromEntries(samples.covariates.map(({name, values}) => [name, values])), ...samples.quality,
    ...Object.fromEntries(Object.entries(projections).flatMap(([method, {x, y}]) => [[`${method} x`, x], [`${method} y`, y]])),
  }),
};

// Of a table that the page cuts every row, from what the page holds; of a contrast all significant probes.
async function wholeTable(figure, rows) {
  const packed = figure.querySelector(".whole");
  if (packed) return asRows(await (await unpacked(packed)).json());
  const facts = await linked(), {contrasts, genes} = facts, contrast = contrasts[figure.id.replace(/^table-genes-/, "")];
  const [order, n] = facts.usedGenes[figure.id.replace(/^table-model-genes-/, "")] ?? [];
  if (n && figure.id.startsWith("table-model-genes-")) {
    const used = facts.geneOrders[order].slice(0, n);
    return asRows({rank: used.map((_, i) => i + 1), ...named(genes, used)});
  }
  const headings = [...figure.querySelectorAll("thead th")].map(cell => cell.textContent.trim());
  if (!contrast || !figure.id.startsWith("table-genes-")) {
    return [headings, ...rows.map(row => [...row.cells].map(cell => cell.dataset.order || cell.textContent))];
  }
  const columns = Object.keys(contrast).filter(column => column !== "name"), p = contrast["P.Value"];
  const listed = p.flatMap((value, i) => contrast.AveExpr[i] !== null && value !== null ? [i] : []).sort((a, b) => p[a] - p[b]);
  return [["probe", "symbol", "description", ...columns],
    ...listed.map(i => [genes.probe[i], genes.symbol[i], genes.description[i], ...columns.map(column => contrast[column][i])])];
}

// A figure as a file for a paper: one column (85 mm) where its letters stay at 6 points, or else two.
function drawingOf(figure, withText) {
  const shown = figure.querySelector(".still > svg"), copy = shown.cloneNode(true);
  const [, , width, height] = shown.getAttribute("viewBox").split(" ").map(Number);
  const millimetres = width <= 281 ? 85 : 180;
  copy.querySelectorAll("a").forEach(link => link.replaceWith(...link.childNodes));
  if (withText) {
    for (const words of copy.querySelectorAll("[data-text]")) {
      words.replaceWith(make("text", {
        transform: `${words.getAttribute("transform")} scale(1 -1)`, "font-size": 100, "xml:space": "preserve",
        "font-family": "'DejaVu Sans', Verdana, sans-serif", "font-weight": words.dataset.weight ?? "normal",
      }, words.dataset.text));
    }
  }
  const used = new Set([...copy.querySelectorAll("use")].map(use => use.getAttribute("href")));
  const letters = [...document.querySelectorAll(".letters path")].filter(path => used.has(`#${path.id}`));
  copy.prepend(make("title", {}, figure.querySelector("figcaption strong").textContent), make("defs", {}, ...letters.map(path => path.cloneNode(true))));
  copy.removeAttribute("style");
  for (const [name, value] of Object.entries({role: "img", width: `${millimetres}mm`, height: `${millimetres * height / width}mm`, "stroke-linejoin": "round", "stroke-linecap": "butt"})) copy.setAttribute(name, value);
  return {svg: copy, text: new XMLSerializer().serializeToString(copy), millimetres, ratio: height / width};
}

const PER_INCH = 300;
// The chunk of a PNG file that says 11,811 dots per metre.
const DENSITY = new Uint8Array([0, 0, 0, 9, 112, 72, 89, 115, 0, 0, 46, 35, 0, 0, 46, 35, 1, 120, 165, 63, 118]);
async function pictureOf(figure) {
  const {text, millimetres, ratio} = drawingOf(figure, false), image = new Image();
  image.src = URL.createObjectURL(new Blob([text], {type: "image/svg+xml"}));
  await image.decode();
  const canvas = make("canvas");
  canvas.width = Math.round(millimetres / 25.4 * PER_INCH);
  canvas.height = Math.round(canvas.width * ratio);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(image.src);
  const png = await (await new Promise(done => canvas.toBlob(done))).arrayBuffer();
  return [png.slice(0, 33), DENSITY, png.slice(33)];
}

function printAlone(figure) {
  const {svg, millimetres, ratio} = drawingOf(figure, true);
  const alone = make("div", {id: "alone"}, svg);
  const page = make("style", {}, `@page { size: ${millimetres}mm ${millimetres * ratio + 1}mm; margin: 0; @bottom-center { content: none; } }`);
  document.head.append(page);
  document.body.append(alone);
  addEventListener("afterprint", () => { page.remove(); alone.remove(); }, {once: true});
  print();
}

function startTakeAway() {
  const button = (what, name, act) => {
    const made = make("button", {type: "button", "aria-label": `${what} of ${name}`}, what);
    made.addEventListener("click", act);
    return made;
  };
  for (const figure of document.querySelectorAll("main figure")) {
    const name = figure.id.replace(/^(figure|table)-/, ""), take = make("span", {class: "take on-screen"});
    if (figure.classList.contains("tabular")) {
      const rows = [...figure.querySelectorAll("tbody tr")]; // before the table is cut into pages
      take.append(button("CSV", name, async () => save(`${name}.csv`, "\ufeff", csvOf(await wholeTable(figure, rows)))));
    } else {
      take.append(button("SVG", name, () => save(`${name}.svg`, drawingOf(figure, true).text)),
        button("PNG", name, async () => save(`${name}.png`, ...await pictureOf(figure))),
        button("PDF", name, () => printAlone(figure)));
    }
    figure.querySelector("figcaption").append(" ", take);
  }
  for (const place of document.querySelectorAll("[data-held]")) {
    const name = place.dataset.held;
    place.append(" ", button("CSV", name, async () => save(`${name}.csv`, "\ufeff", csvOf(HELD[name](await linked())))));
  }
}
