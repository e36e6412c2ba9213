import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { claim, decodeStep, hardware, model } from "../../src/index";
import {
  claimsFrame,
  deploymentsFrame,
  described,
  evidenceFrame,
  frame,
  groupedBy,
  joined,
  modelsFrame,
  partsFrame,
  showFigure,
  showSources,
  showTable,
  showText,
  sortedBy,
  tasksFrame,
  text,
  where,
  withColumns,
} from "../../src/notebook";
import { cellText, layOut, tableHtml, tableText } from "../../src/text/table";

const load = createRequire(import.meta.url);
const kernel = load("tslab/dist/jupyter") as { lastWriteDisplayData: unknown };
let outputs: { data: Record<string, unknown>; metadata: Record<string, unknown> }[] = [];

beforeEach(() => {
  outputs = [];
  kernel.lastWriteDisplayData = (output: (typeof outputs)[number]) => outputs.push(output);
});
afterEach(() => {
  kernel.lastWriteDisplayData = null;
});

describe("showFigure", () => {
  const figure = {
    data: [{ type: "scatter", x: [1, 2], y: [1 / 3, 6_144_001] }],
    layout: { height: 460 },
    caption: "What is drawn.",
    alt: "It grows.",
  };

  it("sends the figure as an object, with its conclusion in words, and then its caption", () => {
    showFigure(figure);
    expect(outputs).toHaveLength(2);
    expect(outputs[0]?.data["application/vnd.plotly.v1+json"]).toMatchObject({ layout: { height: 460 }, config: { responsive: false } });
    expect(outputs[0]?.data["text/plain"]).toBe("It grows.");
    expect(outputs[1]).toMatchObject({ data: { "text/markdown": "What is drawn." }, metadata: { deepshock: "caption" } });
  });

  it("puts title, setting and source into the caption, and each by itself beside it for a page", () => {
    const choices = [
      { title: "It grows.", caption: "One." },
      { title: "It falls.", caption: "Two <b>." },
    ];
    showFigure({ ...figure, title: "It grows", setting: "On H100.", source: "From a table.", choices });
    expect(outputs[1]?.data["text/markdown"]).toBe("**It grows**\n\nWhat is drawn. On H100. From a table.");
    const [first, second] = choices;
    expect(outputs[1]?.metadata).toEqual({
      deepshock: {
        kind: "caption",
        title: "It grows",
        setting: "On H100.",
        source: "From a table.",
        caption: "What is drawn.",
        choices: [first, { ...second, caption: "Two &lt;b>." }],
      },
    });
  });

  it("gives every trace words under the pointer, and leaves those that have some or are to say nothing", () => {
    showFigure({
      ...figure,
      data: [
        { type: "scatter", name: "a", x: [1e-5], y: [20] },
        { type: "scatter", name: "b", x: [1], y: [2], hovertemplate: "%{y}" },
        { type: "scatter", name: "c", x: [1], y: [2], hoverinfo: "skip" },
      ],
      layout: { xaxis: { title: { text: "Time" }, ticktext: ["10 µs"] }, yaxis: { title: { text: "Share (%)" } } },
    });
    const sent = outputs[0]?.data["application/vnd.plotly.v1+json"] as { data: readonly { hovertemplate?: string }[] };
    expect(sent.data.map(({ hovertemplate }) => hovertemplate)).toEqual([
      "<b>a</b><br>Time: %{x:.3~s}s<br>Share: %{y:.3~g} %<extra></extra>",
      "%{y}",
      undefined,
    ]);
  });

  it("keeps six significant digits of a fraction and all of a whole number", () => {
    showFigure({ ...figure, data: [{ x: new Float64Array([1 / 3]), y: [2 / 3, 6_144_001, Number.NaN, "2024-12-26"] }] });
    const sent = outputs[0]?.data["application/vnd.plotly.v1+json"] as {
      data: readonly { x: unknown; y: unknown }[];
    };
    expect(JSON.stringify(sent.data.map(({ x, y }) => ({ x, y })))).toBe('[{"x":[0.333333],"y":[0.666667,6144001,null,"2024-12-26"]}]');
  });

  it("says that it works in a cell only, when no cell is running", () => {
    kernel.lastWriteDisplayData = null;
    expect(() => showFigure(figure)).toThrow("in a notebook cell only");
  });
});

describe("showTable", () => {
  const rows = [
    { model: "a<b>", tokens: 6144, share: 1 / 3 },
    { model: "V3", tokens: 12, share: null, known: true },
  ];

  it("escapes text, sets numbers to the right and names each row", () => {
    showTable(rows, { caption: "A & B" });
    const html = outputs[0]?.data["text/html"] as string;
    expect(html).toContain("<caption>A &amp; B</caption>");
    expect(html).toContain('<th scope="row" style="text-align: left">a&lt;b&gt;</th><td style="text-align: right">6,144</td>');
    expect(html).toContain('<th scope="col" style="text-align: right">tokens</th>');
  });

  it("makes a link of an address", () => {
    showTable([{ name: "a", address: "https://example.org/?a=1&b=2" }]);
    expect(outputs[0]?.data["text/html"]).toContain('<a href="https://example.org/?a=1&amp;b=2">https://example.org/?a=1&amp;b=2</a></td>');
  });

  it("gives the same in plain text", () => {
    showTable(rows, { columns: { model: "Model", tokens: "Tokens" } });
    expect(outputs[0]?.data["text/plain"]).toBe(["Model  Tokens", "a<b>    6,144", "V3         12"].join("\n"));
  });

  it("takes a danfo frame, grouped and averaged", () => {
    showTable(
      frame([
        { m: "x", v: 1 },
        { m: "x", v: 3 },
      ])
        .groupby(["m"])
        .col(["v"])
        .mean(),
    );
    expect(outputs[0]?.data["text/plain"]).toBe("m  v_mean\nx       2");
  });

  it("keeps a number that single precision cannot hold", () => {
    showTable([{ n: 16_777_217 }]);
    expect(outputs[0]?.data["text/plain"]).toBe("         n\n16,777,217");
  });

  it("takes columns by names that danfo keeps for itself, which a frame refuses", () => {
    const shapes = [{ columns: 128, index: 1, values: "a" }];
    showTable(shapes);
    expect(outputs[0]?.data["text/plain"]).toBe("columns  index  values\n    128      1  a");
    expect(() => frame(shapes)).toThrow('a frame cannot have a column "columns"');
  });

  it("shows a column in its unit, written behind the head, and a text beside as it is", () => {
    const columns = { name: "Path", seconds: { head: "Start", unit: "µs" }, rate: { head: "Bandwidth", unit: "GB/s" } } as const;
    showTable(
      [
        { name: "store", seconds: 0.2e-6, rate: 50e9 },
        { name: "copy", seconds: null, rate: 99.95e9 },
      ],
      { columns, digits: 3 },
    );
    expect(outputs[0]?.data["text/plain"]).toBe(
      "Path   Start (µs)  Bandwidth (GB/s)\nstore         0.2                50\ncopy            –               100",
    );
  });

  it("writes a column with its own digits, or as a function says, to the left then", () => {
    const columns = { a: { head: "A", digits: 2 }, b: { head: "B", as: (value: number) => `${value} B` } } as const;
    showTable(
      [
        { a: 1.234, b: 64 },
        { a: 1.255, b: null },
      ],
      { columns },
    );
    expect(outputs[0]?.data["text/plain"]).toBe("  A  B\n1.2  64 B\n1.3  –");
  });

  it("names the units when a column's is unknown", () => {
    expect(() => showTable([{ a: 1 }], { columns: { a: { head: "A", unit: "furlongs" as "s" } } })).toThrow(
      'unknown unit "furlongs" of a column; there are: %, s, ms',
    );
  });

  it("shows no rows as heads alone", () => {
    showTable([], { columns: ["a", "b"] });
    expect(outputs[0]?.data["text/plain"]).toBe("a  b");
  });

  it("names a column that no row has", () => {
    expect(() => showTable(rows, { columns: ["tokns"] })).toThrow('no row has a column "tokns"; there are: model, tokens, share, known');
  });

  it("lets no banner of the tensor library through", () => {
    const said = [vi.spyOn(console, "log"), vi.spyOn(console, "warn"), vi.spyOn(console, "info")];
    showTable([{ n: 1 }]);
    frame([{ n: 1 }, { n: 2 }])
      .column("n")
      .add(1);
    for (const spy of said) expect(spy).not.toHaveBeenCalled();
  });
});

describe("showSources", () => {
  it("shows each source once, in the columns that a report takes for its notes, and leaves estimates out", () => {
    showSources(["deepshockarticle2025", "estimate", undefined, "deepshockarticle2025"]);
    const lines = String(outputs[0]?.data["text/plain"]).split("\n");
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^Source +By +Published +Address$/);
    expect(lines[1]).toMatch(/^DeepSeek\? DeepShock! .*https:\/\/zhuanlan\.zhihu\.com\/p\/17757036454$/);
  });

  it("names a source that is not there", () => {
    expect(() => showSources(["nowhere2025"])).toThrow("nowhere2025");
  });
});

describe("text", () => {
  it("joins one sentence a line to a paragraph, parts at an empty line, and keeps the items of a list", () => {
    expect(text`
      The mean expert sees ${192} tokens.
      The busiest sees ${1.2136} times as many.

      Three things:
      - one
        that goes on
      - two
      1. three
    `).toBe("The mean expert sees 192 tokens. The busiest sees 1.21 times as many.\n\nThree things:\n- one that goes on\n- two\n1. three");
  });

  it("puts values in as they are, lines and all", () => {
    expect(text`${"**In short.** Yes.\nNo."}
      With ${"- a dash"} and ${6_144}.`).toBe("**In short.** Yes.\nNo. With - a dash and 6,144.");
  });
});

describe("frames", () => {
  const rows = [
    { path: "a-b", by: "c", error: 0.3 },
    { path: "a", by: "b-c", error: 0.1 },
    { path: "a-b", by: "c", error: 0.2 },
    { path: "a-b", by: "c", error: 0.7 },
  ];
  const shown = (table: Parameters<typeof showTable>[0]): unknown[][] => (table as ReturnType<typeof frame>).values as unknown[][];

  it("are grouped with every number exact, where danfo takes two groups for one and a mean for the median", () => {
    const grouped = groupedBy(frame(rows), ["path", "by"], {
      sizes: ["error", "count"],
      middle: ["error", "median"],
      most: ["error", "most"],
    });
    expect(grouped.columns).toEqual(["path", "by", "sizes", "middle", "most"]);
    expect(shown(grouped)).toEqual([
      ["a-b", "c", 3, 0.3, 0.7],
      ["a", "b-c", 1, 0.1, 0.1],
    ]);
  });

  it("keep the numbers they are grouped by, and take yes for 1 in a share", () => {
    const table = frame([
      { year: 2025, dense: true, bytes: 16_777_217 },
      { year: 2024, dense: false, bytes: 1 },
      { year: 2025, dense: false, bytes: 2 },
    ]);
    const grouped = groupedBy(table, "year", { dense: ["dense", "share"], bytes: ["bytes", "sum"] });
    expect(shown(grouped)).toEqual([
      [2025, 0.5, 16_777_219],
      [2024, 0, 1],
    ]);
  });

  it("say that a group which lacks a number has no median, mean or extremes", () => {
    const table = frame([
      { a: "x", v: 1 },
      { a: "x", v: null },
      { a: "y", v: 2 },
    ]);
    expect(
      shown(groupedBy(table, "a", { middle: ["v", "median"], average: ["v", "mean"], least: ["v", "least"], rows: ["v", "count"] })),
    ).toEqual([
      ["x", Number.NaN, Number.NaN, Number.NaN, 2],
      ["y", 2, 2, 2, 1],
    ]);
  });

  it("are filtered to none without losing their columns", () => {
    const none = where(frame(rows), (row) => row.error > 1);
    expect([none.shape[0], none.columns]).toEqual([0, ["path", "by", "error"]]);
    showTable(none, { columns: { path: "Path" } });
    expect(outputs[0]?.data["text/plain"]).toBe("Path");
    expect(shown(sortedBy(none, "error"))).toEqual([]);
    expect(shown(groupedBy(none, "path", { n: ["error", "count"] }))).toEqual([]);
  });

  it("get further columns row by row, and leave the frame they were made from as it was", () => {
    const table = frame([{ model: 1.1, measured: 1 }]);
    expect(shown(withColumns(table, { off: (row) => row.model / row.measured - 1, place: (_, i) => i }))).toEqual([[1.1, 1, 1.1 - 1, 0]]);
    expect(table.columns).toEqual(["model", "measured"]);
  });

  it("sort what is not there last, and join only what fits", () => {
    const left = frame([
      { m: "a", v: 2 },
      { m: "b", v: null },
      { m: "c", v: 1 },
    ]);
    expect(shown(sortedBy(left, "v")).map(([m]) => m)).toEqual(["c", "a", "b"]);
    expect(shown(sortedBy(left, "v", { descending: true })).map(([m]) => m)).toEqual(["a", "c", "b"]);
    const right = frame([{ m: "a", name: "A" }]);
    expect(shown(joined(left, right, "m"))).toEqual([["a", 2, "A"]]);
    expect(shown(joined(left, right, "m", { keep: true }))[2]).toEqual(["c", 1, null]);
  });

  it("are described with what is missing counted and left out", () => {
    expect(shown(described(frame([{ v: 4 }, { v: null }, { v: 1 }, { v: 2 }]), ["v"]))).toEqual([["v", 3, 1, 1, 1.5, 2, 3, 4]]);
  });

  it("name their columns, or what can be asked, when there is none of that name", () => {
    const table = frame([{ a: 1 }]);
    expect(() => groupedBy(table, "b", {})).toThrow('no column "b" in the frame; there are: a');
    expect(() => groupedBy(table, "a", { n: ["a", "middle" as "median"] })).toThrow('no summary "middle"; there are: count, sum, mean');
    expect(() => sortedBy(table, "b")).toThrow('no column "b"');
    expect(() => described(table, ["b"])).toThrow('no column "b"');
  });

  it("hold the registries and the model's answers, number for number", () => {
    const v3 = where(modelsFrame(), (row) => row.id === "deepseek-v3");
    showTable(v3, { columns: { name: "Model", routedExperts: "Experts" } });
    expect(outputs[0]?.data["text/plain"]).toBe("Model        Experts\nDeepSeek-V3      256");
    const step = decodeStep({
      model: model("deepseek-v3"),
      hardware: hardware("h800-sxm"),
      requestsPerGpu: 64,
      contextTokens: 4096,
      expertParallel: 128,
    });
    const tasks = tasksFrame(step);
    expect(tasks.shape[0]).toBe(step.tasks.length);
    expect(shown(tasks.loc({ columns: ["seconds"] })).flat()).toEqual(step.tasks.map(({ seconds }) => seconds));
    expect(deploymentsFrame().shape[0]).toBeGreaterThan(700);
    expect(groupedBy(deploymentsFrame(), "group", { rows: ["id", "count"] }).columns).toEqual(["group", "rows"]);
  });

  it("hold claims, their parts and what was published for and against", () => {
    const four = claim("4");
    expect(shown(claimsFrame([four]).loc({ columns: ["id", "verdict", "verdictThen"] }))).toEqual([["4", four.verdict, four.then.verdict]]);
    expect(partsFrame([four]).shape[0]).toBe(four.parts.length);
    const evidence = evidenceFrame([four]);
    expect(evidence.shape[0]).toBe(four.evidence.for.length + four.evidence.against.length);
    expect(evidence.columns).toEqual(expect.arrayContaining(["claim", "stance", "says", "date", "by"]));
  });
});

it("showText sends Markdown", () => {
  showText("**192** tokens");
  expect(outputs[0]?.data["text/markdown"]).toBe("**192** tokens");
});

describe("cellText", () => {
  it.each([
    [6144, "6,144"],
    [1 / 3, "0.3333"],
    [12_345.6, "12,346"],
    [0.000_012_346, "1.235e−5"],
    [-2.5, "−2.5"],
    [0, "0"],
    [1e21, "1e21"],
    [Number.NaN, "–"],
    [null, "–"],
    [Number.POSITIVE_INFINITY, "∞"],
    [true, "yes"],
    ["as it is", "as it is"],
  ])("writes %s as %s", (value, text) => {
    expect(cellText(value)).toBe(text);
  });
});

it("a table of no rows keeps its heads", () => {
  const table = layOut([], { columns: ["a", "b"] });
  expect(tableText(table)).toBe("a  b");
  expect(tableHtml(table)).toContain('<th scope="col" style="text-align: left">a</th>');
});
