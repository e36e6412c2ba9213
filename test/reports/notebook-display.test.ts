import { createRequire } from "node:module";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { frame, showFigure, showTable, showText } from "../../src/notebook";
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
    expect(outputs[0]?.data["application/vnd.plotly.v1+json"]).toMatchObject({ layout: { height: 460 }, config: { responsive: true } });
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
