/**
 * Draws the page's figures for the reader's colours and width, folds the code, and follows the scroll.
 *
 * A figure is a picture until it comes near the reader's view: then Plotly, which comes once, draws in its place.
 */
(() => {
  const own = document.currentScript;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrowWidth = 560;
  const paper = [20, 23, 28];

  /** A CSS colour as [red, green, blue, alpha], or undefined when it is none. */
  let pen;
  const parse = (text) => {
    pen ??= document.createElement("canvas").getContext("2d");
    pen.fillStyle = "#010203";
    pen.fillStyle = text;
    const seen = pen.fillStyle;
    if (seen === "#010203") return undefined;
    if (seen.startsWith("#")) return [1, 3, 5].map((i) => Number.parseInt(seen.slice(i, i + 2), 16)).concat(1);
    return seen.match(/[\d.]+/g).map(Number);
  };
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const mix = (rgb, other, share) => rgb.map((v, i) => v + (other[i] - v) * share);

  /** The colour that plays the same part on dark paper: greys change sides, dim colours brighten, pale fills darken. */
  const onDark = (text, isFill) => {
    const parsed = parse(text);
    if (parsed === undefined) return text;
    const alpha = parsed[3];
    let rgb = parsed.slice(0, 3);
    if (Math.max(...rgb) - Math.min(...rgb) < 40) {
      const light = (Math.max(...rgb) + Math.min(...rgb)) / 510;
      rgb = mix(paper, [240, 243, 246], 0.02 + (1 - light) * 0.98);
    } else if (isFill && luminance(rgb) > 0.6) {
      rgb = mix(rgb, paper, 0.75);
    } else {
      const base = rgb;
      for (let share = 0; share <= 1 && (luminance(rgb) + 0.05) / (luminance(paper) + 0.05) < 4.6; share += 0.05)
        rgb = mix(base, [255, 255, 255], share);
    }
    return `rgba(${rgb.map(Math.round).join(", ")}, ${alpha})`;
  };

  const recolour = (value, key = "") => {
    if (typeof value === "string") {
      if (/color$/i.test(key) || key === "colorway") return onDark(value, /fillcolor|bgcolor/i.test(key));
      return value.replace(/color:\s*(#[0-9a-f]{3,8}|[a-z]+)/gi, (_all, colour) => `color: ${onDark(colour, false)}`);
    }
    if (Array.isArray(value))
      return key === "colorscale" ? value : value.map((inner) => (typeof inner === "number" ? inner : recolour(inner, key)));
    if (value !== null && typeof value === "object")
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, recolour(inner, name)]));
    return value;
  };

  /** Words darkened until they are readable on white; lines and marks keep their colours. */
  const onLight = (text) => {
    const parsed = parse(text);
    if (parsed === undefined) return text;
    const base = parsed.slice(0, 3);
    let rgb = base;
    for (let share = 0; share <= 1 && 1.05 / (luminance(rgb) + 0.05) < 4.6; share += 0.05) rgb = mix(base, [0, 0, 0], share);
    return `rgba(${rgb.map(Math.round).join(", ")}, ${parsed[3]})`;
  };

  const legible = (value, key = "") => {
    if (typeof value === "string") {
      if (key === "fontcolor") return onLight(value);
      return value.replace(/color:\s*(#[0-9a-f]{3,8}|[a-z]+)/gi, (_all, colour) => `color: ${onLight(colour)}`);
    }
    if (Array.isArray(value)) return value.map((inner) => (typeof inner === "number" ? inner : legible(inner, key)));
    if (value !== null && typeof value === "object") {
      const isFont = /font$/i.test(key);
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, legible(inner, isFont && name === "color" ? "fontcolor" : name)]),
      );
    }
    return value;
  };

  const axesOf = (layout) => Object.keys(layout).filter((key) => /^[xy]axis\d*$/.test(key));

  /** The figure as the reader gets it: colours of the page, and on a narrow one smaller type and margins. */
  const fitted = (figure, { isDark, width }) => {
    const { data, layout } = structuredClone(figure);
    const drawn = isDark ? { data: recolour(data), layout: recolour(layout) } : { data: legible(data), layout: legible(layout) };
    Object.assign(drawn.layout, { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true });
    delete drawn.layout.width;
    if (isDark) {
      const font = { color: "rgb(224, 228, 233)" };
      drawn.layout.font = { ...drawn.layout.font, ...font };
      drawn.layout.hoverlabel = {
        ...drawn.layout.hoverlabel,
        bgcolor: "rgb(36, 42, 50)",
        bordercolor: "rgb(90, 100, 112)",
        font: { ...drawn.layout.hoverlabel?.font, ...font },
      };
      for (const key of axesOf(drawn.layout))
        drawn.layout[key] = { gridcolor: "rgb(45, 52, 62)", zerolinecolor: "rgb(70, 80, 92)", ...drawn.layout[key] };
    }
    delete drawn.layout.sliders;
    if (drawn.layout.updatemenus !== undefined) {
      // The page has menus and sliders of its own, which a keyboard reaches; Plotly's are drawn.
      delete drawn.layout.updatemenus;
      drawn.layout.margin = { ...drawn.layout.margin, t: Math.min(drawn.layout.margin?.t ?? 100, 24) };
    }
    if (width < narrowWidth) {
      narrowed(drawn.layout, width);
      for (const { textfont } of drawn.data)
        if (Array.isArray(textfont?.size)) textfont.size = textfont.size.map((size) => Math.min(size, 10));
    }
    return drawn;
  };

  /** A title broken into lines of at most so many letters. */
  const wrapped = (text, letters) => {
    const lines = [""];
    for (const word of text.split(" ")) {
      if (lines.at(-1) !== "" && lines.at(-1).length + word.length >= letters) lines.push(word);
      else lines.push([lines.pop(), word].filter(Boolean).join(" "));
    }
    return lines.join("<br>");
  };

  /** Smaller type and margins, titles in lines; words named "wide" are for wide figures only, those named "narrow" for these; a list of rows and panels keep their height. */
  const narrowed = (layout, width) => {
    const panels = axesOf(layout).filter((key) => key.startsWith("y") && layout[key].domain !== undefined).length;
    const isList = layout.meta === "rows" || layout.yaxis?.type === "category" || layout.yaxis?.categoryarray !== undefined;
    // A legend of many lines below the plot does not take the plot's own height.
    const ofLegend = Math.max(0, (layout.margin?.b ?? 80) - 110);
    if (!isList && panels < 2) layout.height = Math.min(layout.height ?? 450, Math.max(380, width * 1.2) + ofLegend);
    const size = (font, most) => ({ ...font, size: Math.min(font?.size ?? most, most) });
    layout.font = size(layout.font, 11);
    // A finger that passes over the figure scrolls the page.
    layout.dragmode = false;
    layout.margin = { ...layout.margin, l: Math.min(layout.margin?.l ?? 56, 56), r: Math.min(layout.margin?.r ?? 12, 12) };
    for (const key of axesOf(layout)) {
      layout[key] = { ...layout[key], automargin: true, tickfont: size(layout[key].tickfont, 10) };
      const title = layout[key].title;
      if (!title?.text) continue;
      const [from, to] = layout[key].domain ?? [0, 1];
      // Names of rows take half of a narrow page.
      const across = isList && layout.meta !== "rows" ? width / 2 : width - 80;
      const length = (to - from) * (key.startsWith("x") ? across : (layout.height ?? 450) - 90);
      layout[key].title = { ...title, text: wrapped(title.text, length / 5.8), font: size(title.font, 11) };
    }
    layout.annotations = layout.annotations
      ?.filter(({ name }) => name !== "wide")
      .map((note) => ({ ...note, font: size(note.font, 10), ...(note.name === "narrow" ? { visible: true } : {}) }));
    if (layout.showlegend !== false) {
      // A legend that stood above the figure leaves its place there.
      if (layout.legend?.y >= 1) layout.margin.t = Math.min(layout.margin.t ?? 100, 28);
      const plotHeight = (layout.height ?? 450) - (layout.margin.t ?? 100) - (layout.margin.b ?? 80);
      layout.legend = {
        ...layout.legend,
        orientation: "h",
        x: 0,
        xanchor: "left",
        y: -Math.min(0.34, 68 / plotHeight),
        yanchor: "top",
        font: size(layout.legend?.font, 10),
      };
    }
  };

  /** Moves words that stick out to the left or right back into the figure; an arrow keeps pointing where it did. */
  const keepInside = (plot) => {
    const box = plot.getBoundingClientRect();
    const changes = {};
    for (const [i, note] of (plot.layout.annotations ?? []).entries()) {
      const words = plot.querySelector(`.annotation[data-index="${i}"] .annotation-text-g`)?.getBoundingClientRect();
      if (!words || words.width === 0) continue;
      const shift = Math.min(0, box.right - 2 - words.right) + Math.max(0, box.left + 2 - words.left);
      if (Math.abs(shift) < 1) continue;
      const moved = note.showarrow === false ? "xshift" : "ax";
      if (moved === "xshift" || note.axref === undefined || note.axref === "pixel")
        changes[`annotations[${i}].${moved}`] = (note[moved] ?? (moved === "ax" ? -10 : 0)) + shift;
    }
    return Object.keys(changes).length > 0 ? Plotly.relayout(plot, changes) : undefined;
  };

  /** Plotly lies in the page or in a file beside it, packed; unpacked it is a script that the page's policy knows by its hash. */
  let loading;
  const plotly = () => {
    loading ??= globalThis.Plotly ? Promise.resolve() : unpacked();
    return loading;
  };
  const unpacked = async () => {
    const letters = atob(await packed());
    const bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
    const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(plain).text();
    document.head.append(script);
    script.remove();
  };
  let coming;
  const packed = () => {
    coming ??= Promise.resolve(document.getElementById("plotly")?.textContent ?? fromFile(own.dataset.plotly));
    return coming;
  };
  const fromFile = (src) =>
    new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = src;
      script.addEventListener("load", () => resolve(globalThis.deepshockPlotly));
      script.addEventListener("error", () => reject(new Error(`${src} is not there: figures stay pictures`)));
      document.head.append(script);
    });

  const figures = [...document.querySelectorAll("figure > .plot + script")].map((script) => ({
    plot: script.previousElementSibling,
    figure: JSON.parse(script.textContent),
    isWanted: false,
  }));
  let printing = false;

  const slug = (words) =>
    words
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "");
  /** What a reader can choose in a figure: its menus, then its sliders, each with its entries and the one that is shown. */
  const controlsOf = ({ layout }) => [
    ...(layout.updatemenus ?? []).map(({ buttons, active = 0 }) => ({ kind: "menu", entries: buttons, active })),
    ...(layout.sliders ?? []).map(({ steps, active = 0, currentvalue }) => ({
      kind: "slider",
      entries: steps,
      active,
      name: currentvalue?.prefix?.replace(/:\s*$/, "") ?? "Show",
    })),
  ];
  const choicesOf = (figure) => controlsOf(figure)[0]?.entries.map(({ label }) => slug(label)) ?? [];

  /** Above the figure a list for each of its menus and a range for each slider; what the address asks of the first, such as #figure-1=kimi-k3, is chosen. */
  const addControls = (one) => {
    const { plot, figure } = one;
    plot.parentElement.querySelector(":scope > .choose")?.remove();
    const controls = controlsOf(figure);
    one.chosen = controls.map(({ active }) => active);
    if (controls.length === 0) return;
    const asked = location.hash.startsWith(`#${plot.parentElement.id}=`) ? location.hash.split("=")[1] : "";
    if (choicesOf(figure).includes(asked)) one.chosen[0] = choicesOf(figure).indexOf(asked);
    const row = document.createElement("p");
    row.className = "choose";
    for (const [i, control] of controls.entries()) {
      const take = (j) => {
        one.chosen[i] = j;
        if (i === 0) history.replaceState(null, "", `#${plot.parentElement.id}=${choicesOf(figure)[j]}`);
        say(one);
        return choose(one, i);
      };
      row.append(control.kind === "menu" ? listOf(control, one.chosen[i], take) : rangeOf(control, one.chosen[i], take));
    }
    plot.before(row);
    say(one);
  };

  const listOf = ({ entries }, chosen, take) => {
    const label = document.createElement("label");
    const list = document.createElement("select");
    for (const [j, { label: words }] of entries.entries()) list.add(new Option(words, String(j), false, j === chosen));
    list.addEventListener("change", () => take(list.selectedIndex));
    label.append("Show", list);
    return label;
  };

  const rangeOf = ({ entries, name }, chosen, take) => {
    const label = document.createElement("label");
    const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: entries.length - 1, step: 1 });
    range.value = String(chosen);
    const output = document.createElement("output");
    const tell = () => {
      output.textContent = entries[range.value].label;
      range.setAttribute("aria-valuetext", entries[range.value].label);
    };
    tell();
    range.addEventListener("input", () => {
      tell();
      take(Number(range.value));
    });
    label.append(name, range, output);
    return label;
  };

  /** Caption, title and the words for who sees no picture follow the first menu or slider. */
  const say = ({ plot, chosen }) => {
    const captions = [...plot.parentElement.querySelectorAll("figcaption > .choice")];
    for (const [i, caption] of captions.entries()) caption.hidden = i !== chosen[0];
    const title = captions[chosen[0]]?.dataset.title;
    if (!title) return;
    plot.setAttribute("aria-label", title);
    const finding = plot.parentElement.querySelector(":scope > .finding");
    if (finding) finding.textContent = title;
  };

  /** What a menu's choice does to the drawn figure. */
  const choose = ({ plot, figure, chosen }, i) => {
    const { method, args } = controlsOf(figure)[i].entries[chosen[i]];
    return Plotly[method](plot, ...args);
  };

  /** All of a figure but what its traces list: where this is as before, marks move and nothing is laid out anew. A list that empties hides its trace. */
  const frameOf = ({ data, layout }, width) => {
    const inLegend = (trace) => layout.showlegend !== false && trace.showlegend !== false;
    function withoutLists(key, value) {
      if (key !== "" && Array.isArray(value)) return value.length === 0 && (key === "x" || key === "y") ? "none" : "some";
      return key === "name" && !inLegend(this) ? undefined : value;
    }
    return JSON.stringify([width, layout]) + JSON.stringify(data, withoutLists);
  };

  /** Widths of plots as they were laid out last: to read one anew has the browser lay out the page at once. */
  let widths = new WeakMap();
  const resized = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) widths.set(target, Math.round(contentRect.width));
  });
  const widthOf = (plot) => {
    if (!widths.get(plot)) {
      widths.set(plot, plot.clientWidth);
      resized.observe(plot);
    }
    return widths.get(plot);
  };

  const draw = async (one, width = widthOf(one.plot)) => {
    const { plot, figure } = one;
    if (one.chosen === undefined) addControls(one);
    await plotly();
    // Another one came while Plotly did.
    if (one.figure !== figure) return;
    const isDark = dark.matches && !printing;
    const { data, layout } = fitted(figure, { isDark, width });
    if (printing) layout.width = width;
    if (one.follows && one.chosen.length === 0) {
      const before = one.drawn;
      one.drawn = { frame: frameOf({ data, layout }, width), lists: JSON.stringify(data) };
      if (one.drawn.frame === before?.frame) {
        // Moving takes a third of the time of drawing: a page that follows its reader has a twentieth of a second.
        const [mode, at] = ["immediate", { duration: 0 }];
        if (one.drawn.lists !== before.lists) Plotly.animate(plot, { data }, { mode, frame: { ...at, redraw: false }, transition: at });
        return;
      }
    }
    for (const stand of plot.querySelectorAll(":scope > .fallback, :scope > .picture")) stand.remove();
    plot.style.minHeight = `${layout.height ?? 450}px`;
    await Plotly.react(plot, data, layout, { ...figure.config, responsive: !printing, displayModeBar: false });
    one.isLive = true;
    for (const i of one.chosen.keys()) if (one.chosen[i] !== controlsOf(figure)[i].active) await choose(one, i);
    return keepInside(plot);
  };

  /** Draws those that are wanted, the topmost first. `drawn` tells when no figure near the reader waits. */
  let round = Promise.resolve();
  const drawWanted = (wanted = figures.filter(({ isWanted, isLive }) => isWanted && !isLive)) => {
    document.documentElement.dataset.drawn = "false";
    const own = round.then(async () => {
      for (const one of wanted) {
        await draw(one);
        if (performance.getEntriesByName("first-live").length === 0) performance.mark("first-live");
        // Lets the reader scroll between two figures.
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      if (round === own) document.documentElement.dataset.drawn = "true";
    });
    round = own;
    return own;
  };

  /** For other colours or another width: those that Plotly drew. */
  const drawAgain = () => {
    widths = new WeakMap();
    return drawWanted(figures.filter(({ isLive }) => isLive));
  };

  /** Draws every figure that is one of these, near or not: who saves one, or reads its numbers, wants it drawn. */
  globalThis.drawFigures = (plots = figures.map(({ plot }) => plot)) => {
    for (const one of figures) if (plots.includes(one.plot)) one.isWanted = true;
    return drawWanted();
  };

  /** Draws a figure that the page computed itself, now and whenever colours or width change. */
  globalThis.showFigure = (plot, figure) => {
    let one = figures.find((known) => known.plot === plot);
    if (one === undefined) {
      one = { plot, follows: true };
      figures.push(one);
    }
    Object.assign(one, { figure, chosen: undefined });
    return draw(one);
  };

  /** The figure as it is seen on white paper, so wide, with its choice: for who saves it. */
  globalThis.onPaper = (plot, width) => {
    const one = figures.find((known) => known.plot === plot);
    const { data, layout } = fitted(one.figure, { isDark: false, width });
    const chosen = ({ visible, x, y } = {}) =>
      Object.fromEntries(Object.entries({ visible, x, y }).filter(([, value]) => value !== undefined));
    return { data: data.map((trace, i) => ({ ...trace, ...chosen(plot.data?.[i]) })), layout };
  };

  const nearness = "700px 0px";
  if (figures.length > 0 || document.querySelector(".plot")) {
    document.documentElement.dataset.drawn = String(figures.length === 0);
    const near = new IntersectionObserver(
      (entries) => {
        for (const { isIntersecting, target } of entries) {
          if (!isIntersecting) continue;
          near.unobserve(target);
          figures.find(({ plot }) => plot === target).isWanted = true;
        }
        drawWanted();
      },
      { rootMargin: nearness },
    );
    for (const { plot } of figures) near.observe(plot);
    // The text first, then what draws: it is at hand, though not unpacked, once the first figure comes near.
    addEventListener("load", () => setTimeout(() => packed().catch(() => {}), 0));
    const linked = figures.find(({ plot }) => location.hash.startsWith(`#${plot.parentElement.id}=`));
    linked?.plot.parentElement.scrollIntoView();
    dark.addEventListener("change", drawAgain);
    let lastWidth = innerWidth;
    addEventListener("resize", () => {
      if (lastWidth < narrowWidth !== innerWidth < narrowWidth) drawAgain();
      lastWidth = innerWidth;
    });
    // Figures that nobody came near are printed as the pictures they are.
    addEventListener("beforeprint", () => {
      printing = true;
      for (const one of figures) if (one.isLive) draw(one, 660);
    });
    addEventListener("afterprint", () => {
      printing = false;
      drawAgain();
    });
    const first = document.querySelector(".picture");
    const seen = () => performance.mark("first-figure");
    if (first?.complete) seen();
    else first?.addEventListener("load", seen);
  }

  // On paper every answer stands open.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".prose details:not([open]), details.worked:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
  });

  const cells = [...document.querySelectorAll("details.code")];
  const button = document.getElementById("all-code");
  if (button && cells.length > 0) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const open = button.getAttribute("aria-pressed") !== "true";
      for (const cell of cells) cell.open = open;
      button.setAttribute("aria-pressed", String(open));
      button.textContent = open ? "Hide all code" : "Show all code";
    });
  }

  const contents = document.querySelector(".contents details");
  if (contents) {
    const wide = matchMedia("(min-width: 68.01rem)");
    const fold = () => {
      contents.open = wide.matches;
    };
    fold();
    wide.addEventListener("change", fold);
    const links = new Map([...contents.querySelectorAll("a")].map((link) => [link.getAttribute("href").slice(1), link]));
    const headings = [...links.keys()].map((id) => document.getElementById(id)).filter(Boolean);
    const follow = () => {
      const current = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight * 0.3).at(-1);
      for (const [id, link] of links) {
        if (id === current?.id) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    let waiting = false;
    addEventListener(
      "scroll",
      () => {
        if (!waiting)
          requestAnimationFrame(() => {
            waiting = false;
            follow();
          });
        waiting = true;
      },
      { passive: true },
    );
    follow();
  }
})();
