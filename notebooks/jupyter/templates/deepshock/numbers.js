/** Under each figure: its numbers as a table and as a file, its picture as a file, and its address. */
(() => {
  const most = 400;
  const plain = (text) => new DOMParser().parseFromString(String(text ?? "").replaceAll("<br>", " "), "text/html").body.textContent;

  /** Units that an axis' ticks may bear, with the size of each in what the figure counts in. */
  const units = [
    ["s", { s: 1, ms: 1e-3, µs: 1e-6, ns: 1e-9 }],
    ["B/s", { "TB/s": 1e12, "GB/s": 1e9, "MB/s": 1e6, "B/s": 1 }],
    ["B", { TB: 1e12, GB: 1e9, MB: 1e6, kB: 1e3, B: 1 }],
  ];
  const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];

  /** An axis as the head of a column: its title, its base unit, and the unit that its numbers read best in. */
  const columnOf = (axis, otherwise, values) => {
    const title = plain(axis?.title?.text) || otherwise;
    const ticks = (axis?.ticktext ?? []).map(plain);
    const [base, sizes] = units.find(([, all]) => ticks.some((tick) => all[/^[\d.,]+\s(\S+)$/.exec(tick)?.[1]] !== undefined)) ?? [];
    if (base === undefined) return { title, base: title, unit: 1 };
    const middle = median(values.filter((value) => typeof value === "number" && value > 0)) ?? 1;
    const ordered = Object.entries(sizes).sort(([, a], [, b]) => b - a);
    const [name, unit] = ordered.find(([, size]) => size <= middle) ?? ordered.at(-1);
    return { title: `${title} (${name})`, base: `${title} (${base})`, unit };
  };

  const shown = (value, unit) =>
    typeof value === "number"
      ? (value / unit)
          .toLocaleString("en-US", unit === 1 && Number.isInteger(value) ? {} : { maximumSignificantDigits: 4 })
          .replace("-", "−")
      : plain(value);

  /** What is drawn of the named traces, a row a point, with the columns of its panel. */
  const pointsOf = ({ data, layout }) => {
    const traces = data.filter(
      ({ visible, hoverinfo, x }) => visible !== false && visible !== "legendonly" && hoverinfo !== "skip" && Array.isArray(x),
    );
    const valuesOn = (name, of) => traces.filter((trace) => (trace[`${name}axis`] ?? name) === of).flatMap((trace) => trace[name] ?? []);
    const panels = new Map();
    const panelOf = ({ xaxis = "x", yaxis = "y" }) => {
      const key = `${xaxis} ${yaxis}`;
      if (!panels.has(key))
        panels.set(key, {
          x: columnOf(layout[xaxis.replace("x", "xaxis")], "Across", valuesOn("x", xaxis)),
          y: columnOf(layout[yaxis.replace("y", "yaxis")], "Up", valuesOn("y", yaxis)),
        });
      return panels.get(key);
    };
    const points = traces.flatMap((trace) => {
      const panel = panelOf(trace);
      return trace.x
        .map((x, i) => ({
          panel,
          series: plain(trace.name),
          x,
          y: trace.y?.[i],
          words: Array.isArray(trace.text) ? plain(trace.text[i]) : "",
        }))
        .filter((point) => (point.x ?? "") !== "" && (point.y ?? "") !== "");
    });
    return { points, panels: [...panels.values()] };
  };

  const tableOf = ({ points, panels }) => {
    const hasWords = points.some(({ words }) => words !== "");
    // Panels that measure different things each have their columns; most figures have one.
    const heads = (axis) => [...new Set(panels.map((panel) => panel[axis].title))].join(" or ");
    const table = document.createElement("table");
    if (points.length > most) table.createCaption().textContent = `The first ${most} of ${points.length} points; the CSV holds all.`;
    const head = table.createTHead().insertRow();
    for (const words of ["Series", heads("x"), heads("y"), ...(hasWords ? ["Words"] : [])]) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = words;
      head.append(cell);
    }
    const body = table.createTBody();
    for (const { panel, series, x, y, words } of points.slice(0, most)) {
      const line = body.insertRow();
      for (const text of [series, shown(x, panel.x.unit), shown(y, panel.y.unit), ...(hasWords ? [words] : [])])
        line.insertCell().textContent = text;
    }
    return table;
  };

  /** All points in base units with every digit, and above them what they are and where they are from. */
  const csvOf = ({ points }, about) => {
    const cell = (value) => {
      const text = String(value ?? "").replace(/^(?=[=+@])|^-(?=\D)/, "'$&");
      return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    };
    const rows = points.map(({ panel, series, x, y, words }) => [series, panel.x.base, x, panel.y.base, y, words]);
    const head = ["series", "x is", "x", "y is", "y", "words"];
    return [...about.map((line) => `# ${line}`), ...[head, ...rows].map((row) => row.map(cell).join(","))].join("\n").concat("\n");
  };

  const download = (content, type, name) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  const wrapped = (text, letters) =>
    text
      .split(" ")
      .reduce(
        (lines, word) => {
          if (lines.at(-1).length + word.length >= letters) lines.push(word);
          else lines.push(`${lines.pop()} ${word}`.trim());
          return lines;
        },
        [""],
      )
      .map((line) => line.replaceAll("<", "&lt;"))
      .join("<br>");

  for (const figure of document.querySelectorAll("figure:has(> .tools)")) {
    const plot = figure.querySelector(".plot");
    const tools = figure.querySelector(".tools");
    const details = tools.querySelector(".numbers");
    const live = async () => {
      await globalThis.drawFigures([plot]);
      return plot;
    };
    const title = () => figure.querySelector(".finding")?.textContent ?? plot.getAttribute("aria-label") ?? "";
    const setting = () => figure.querySelector(".setting")?.textContent ?? "";
    const from = () => `${figure.querySelector(".from")?.textContent ?? ""}`.trim();
    const name = `${document.title.split(" · ")[0]} ${figure.id}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
    const fill = async () => {
      details.querySelector(".scroll")?.remove();
      if (!details.open) return;
      const box = document.createElement("div");
      box.className = "scroll";
      Object.assign(box, { tabIndex: 0, role: "group", ariaLabel: details.querySelector("summary").textContent });
      const table = tableOf(pointsOf(await live()));
      box.append(table);
      details.querySelector(".scroll")?.remove();
      details.append(box);
      globalThis.makeSortable(table);
    };
    details.addEventListener("toggle", fill);
    figure.addEventListener("change", () => setTimeout(fill));

    /** The picture on white paper, with its title, setting and source in it. */
    const paper = async () => {
      const width = 960;
      const { data, layout } = globalThis.onPaper(await live(), width);
      const [top, foot] = [wrapped(title(), 84), wrapped([setting(), from()].filter(Boolean).join(" "), 130)];
      const [above, below] = [top, foot].map((text) => 12 + 22 * text.split("<br>").length);
      const { t = 20, b = 58 } = layout.margin ?? {};
      const height = (layout.height ?? 450) + above + below;
      const full = {
        ...layout,
        autosize: false,
        width,
        height,
        paper_bgcolor: "#ffffff",
        plot_bgcolor: "#ffffff",
        margin: { ...layout.margin, t: t + above, b: b + below },
        title: { text: top, x: 0.02, xanchor: "left", y: 1 - 14 / height, yanchor: "top", font: { size: 17 } },
        annotations: [
          ...(layout.annotations ?? []),
          {
            text: foot,
            showarrow: false,
            xref: "paper",
            yref: "paper",
            x: 0,
            xanchor: "left",
            y: 0,
            yanchor: "top",
            yshift: -b,
            align: "left",
            font: { size: 11 },
          },
        ],
      };
      return { figure: { data, layout: full }, width, height };
    };
    tools.hidden = false;
    tools.querySelector(".csv").addEventListener("click", async () => {
      const about = [title(), setting(), from(), location.protocol.startsWith("http") ? location.href : ""].filter(Boolean);
      download(csvOf(pointsOf(await live()), about), "text/csv", `${name}.csv`);
    });
    tools.querySelector(".png").addEventListener("click", async () => {
      const { figure: drawn, width, height } = await paper();
      Plotly.downloadImage(drawn, { format: "png", filename: name, width, height, scale: 2 });
    });
    tools.querySelector(".svg").addEventListener("click", async () => {
      const { figure: drawn, width, height } = await paper();
      const url = await Plotly.toImage(drawn, { format: "svg", width, height });
      const svg = new DOMParser().parseFromString(decodeURIComponent(url.slice(url.indexOf(",") + 1)), "image/svg+xml");
      for (const [tag, text] of [
        ["desc", [setting(), from()].filter(Boolean).join(" ")],
        ["title", title()],
      ]) {
        const words = svg.createElementNS("http://www.w3.org/2000/svg", tag);
        words.textContent = text.trim();
        svg.documentElement.prepend(words);
      }
      download(new XMLSerializer().serializeToString(svg), "image/svg+xml", `${name}.svg`);
    });
    const link = tools.querySelector(".link");
    link.addEventListener("click", async () => {
      const hash = location.hash.startsWith(`#${figure.id}=`) ? location.hash : `#${figure.id}`;
      history.replaceState(null, "", hash);
      const words = link.firstChild.textContent;
      const copied = await navigator.clipboard?.writeText(location.href).then(
        () => true,
        () => false,
      );
      link.firstChild.textContent = copied ? "Copied" : "It is in the address bar";
      setTimeout(() => {
        link.firstChild.textContent = words;
      }, 2500);
    });
  }
})();
