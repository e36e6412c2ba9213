/** Under each figure: its numbers as a table, made when asked for, and the picture as a file. */
(() => {
  const most = 400;
  const titleOf = (layout, axis, otherwise) => layout[axis]?.title?.text?.replaceAll("<br>", " ") || otherwise;
  const plain = (text) => new DOMParser().parseFromString(String(text ?? ""), "text/html").body.textContent;
  const shown = (value) =>
    typeof value === "number" ? value.toLocaleString("en-US", { maximumSignificantDigits: 4 }).replace("-", "−") : plain(value);

  /** What is drawn of the named traces, a row a point. */
  const rowsOf = (plot) =>
    plot.data
      .filter(({ visible, hoverinfo, x }) => visible !== false && visible !== "legendonly" && hoverinfo !== "skip" && Array.isArray(x))
      .flatMap(({ name, x, y = [], text }) =>
        x.map((at, i) => {
          const words = Array.isArray(text) ? plain(text[i]) : "";
          return [plain(name), shown(at), shown(y[i]), words];
        }),
      )
      .filter(([, x, y]) => x !== "" && y !== "");

  const tableOf = (plot) => {
    const layout = plot.layout;
    const rows = rowsOf(plot);
    const hasWords = rows.some((row) => row[3] !== "");
    const heads = ["Series", titleOf(layout, "xaxis", "Across"), titleOf(layout, "yaxis", "Up"), ...(hasWords ? ["Words"] : [])];
    const table = document.createElement("table");
    if (rows.length > most) table.createCaption().textContent = `The first ${most} of ${rows.length} points.`;
    const head = table.createTHead().insertRow();
    for (const words of heads) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = words;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows.slice(0, most)) {
      const line = body.insertRow();
      for (const words of row.slice(0, heads.length)) line.insertCell().textContent = words;
    }
    return table;
  };

  for (const figure of document.querySelectorAll("figure:has(> .plot)")) {
    const plot = figure.querySelector(".plot");
    const details = figure.querySelector(".numbers");
    const save = figure.querySelector(".save");
    if (!details || !save) continue;
    const fill = () => {
      details.querySelector(".scroll")?.remove();
      if (!details.open) return;
      const box = document.createElement("div");
      box.className = "scroll";
      Object.assign(box, { tabIndex: 0, role: "group", ariaLabel: details.querySelector("summary").textContent });
      const table = tableOf(plot);
      box.append(table);
      details.append(box);
      globalThis.makeSortable(table);
    };
    details.addEventListener("toggle", fill);
    figure.addEventListener("change", () => setTimeout(fill));
    save.hidden = false;
    save.addEventListener("click", () => {
      const filename = `${document.title.split(" · ")[0]} ${figure.id}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
      Plotly.downloadImage(plot, { format: "svg", filename, width: plot.clientWidth, height: plot.clientHeight });
    });
  }
})();
