/** Lets the reader sort every table by any of its columns, by mouse or keyboard. */
(() => {
  const multiples = {
    ns: 1e-9,
    us: 1e-6,
    µs: 1e-6,
    μs: 1e-6,
    ms: 1e-3,
    s: 1,
    min: 60,
    B: 1,
    kB: 1e3,
    KB: 1e3,
    MB: 1e6,
    GB: 1e9,
    TB: 1e12,
    PB: 1e15,
    KiB: 2 ** 10,
    MiB: 2 ** 20,
    GiB: 2 ** 30,
    TiB: 2 ** 40,
    Hz: 1,
    kHz: 1e3,
    MHz: 1e6,
    GHz: 1e9,
    k: 1e3,
    K: 1e3,
    thousand: 1e3,
    million: 1e6,
    billion: 1e9,
    "FLOP/s": 1,
    "GFLOP/s": 1e9,
    "TFLOP/s": 1e12,
    "PFLOP/s": 1e15,
  };
  const shape =
    /^(under|over|about|at least|at most|less than|more than|up to|[<>≤≥~≈])?\s*([−-]?\d[\d,]*(?:\.\d+)?(?:e[−-]?\d+)?)(\s*)(%|[a-zµμ]+(?:\/s)?)?(?=\s|[),;]|$)/i;

  /** The number that a cell says, in base units: "1.2 ms" is 0.0012; undefined when it says none. */
  const numberOf = (text) => {
    if (/^[−-]?∞$/.test(text)) return text.startsWith("∞") ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
    const found = shape.exec(text);
    if (found === null) return undefined;
    const [, about = "", digits, space, unit = ""] = found;
    // "0a" is a name; "0 tokens" and "4KB" are numbers.
    if (space === "" && unit !== "" && unit !== "%" && !Object.hasOwn(multiples, unit.replace(/\/s$/, ""))) return undefined;
    const number = Number(digits.replaceAll(",", "").replaceAll("−", "-"));
    const size = number * (multiples[unit] ?? multiples[unit.replace(/\/s$/, "")] ?? 1);
    // "under 1 %" stands before "1 %", "over 99 %" after "99 %".
    const nudge = /under|less|<$/.test(about) ? -1 : /over|more|>$/.test(about) ? 1 : 0;
    return size + nudge * Math.abs(size) * 1e-9;
  };
  const isMissing = (text) => text === "" || text === "–" || text === "not known";
  const words = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

  /** How to compare a column's cells: by value when all say a number, else by words; what is missing comes last either way. */
  const comparison = (texts, sign) => {
    const values = new Map(texts.filter((text) => !isMissing(text)).map((text) => [text, numberOf(text)]));
    const byValue = [...values.values()].every((value) => value !== undefined);
    return (a, b) => {
      if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b));
      const difference = byValue ? values.get(a) - values.get(b) : words.compare(a, b);
      return sign * (Number.isNaN(difference) ? 0 : difference);
    };
  };

  const states = ["ascending", "descending", "none"];

  const sort = (table, heads, column) => {
    const state = states[(states.indexOf(heads[column].getAttribute("aria-sort")) + 1) % states.length];
    for (const head of heads) head.setAttribute("aria-sort", head === heads[column] ? state : "none");
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => a.dataset.order - b.dataset.order);
    const textOf = (row) => row.cells[column]?.textContent.trim() ?? "";
    if (state !== "none") {
      const compare = comparison(rows.map(textOf), state === "ascending" ? 1 : -1);
      rows.sort((a, b) => compare(textOf(a), textOf(b)));
    }
    table.classList.toggle("sorted", state !== "none");
    body.append(...rows);
  };

  /** Buttons in the head of a table that has rows to sort. */
  const makeSortable = (table) => {
    const [body] = table.tBodies;
    const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
    if (!body || body.rows.length < 2 || heads.length === 0) return;
    for (const [order, row] of [...body.rows].entries()) row.dataset.order = String(order);
    for (const [column, head] of heads.entries()) {
      if (head.textContent.trim() === "") continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.title = "Sort by this column";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sort(table, heads, column));
    }
  };

  for (const table of document.querySelectorAll("main table")) makeSortable(table);
  globalThis.makeSortable = makeSortable;
})();
