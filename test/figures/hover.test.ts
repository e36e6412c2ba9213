import { describe, expect, it } from "vitest";
import { withHover } from "../../src/figures/hover";

const source = "Measured: one table of data/measurements.";
const figure = (trace: object) => ({
  data: [{ x: [1], y: [2], ...trace }],
  layout: { xaxis: { title: { text: "Tokens" } }, yaxis: { title: { text: "Time" }, ticktext: ["1 µs"] } },
  caption: "",
  alt: "",
  source,
});
const wordsOf = (trace: object) => withHover(figure(trace)).data[0]?.hovertemplate;

describe("what a figure says under the pointer", () => {
  it("is name, axes and unit where the trace has no words, and the source for measured marks", () => {
    expect(wordsOf({ name: "H100", mode: "markers", marker: { color: "#0072B2" } })).toBe(
      `<b>H100</b><br>Tokens: %{x:,.4~r}<br>Time: %{y:.3~s}s<br><i>${source}</i><extra></extra>`,
    );
    expect(wordsOf({ name: "H100", mode: "lines" })).toBe("<b>H100</b><br>Tokens: %{x:,.4~r}<br>Time: %{y:.3~s}s<extra></extra>");
  });

  it("adds the source to measured marks that have words of their own, once, before what stands beside them", () => {
    const own = { mode: "markers", marker: { color: "#0072B2" }, hovertemplate: "%{text}<extra>measured</extra>" };
    const said = `%{text}<br><i>${source}</i><extra>measured</extra>`;
    expect(wordsOf(own)).toBe(said);
    expect(wordsOf({ ...own, hovertemplate: said })).toBe(said);
    expect(wordsOf({ ...own, mode: "lines" })).toBe("%{text}<extra>measured</extra>");
    expect(wordsOf({ ...own, marker: { color: "#FFFFFF" } })).toBe("%{text}<extra>measured</extra>");
  });

  it("stays silent where the trace is to", () => {
    expect(wordsOf({ hoverinfo: "skip" })).toBeUndefined();
  });
});
