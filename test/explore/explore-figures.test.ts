import { describe, expect, it } from "vitest";
import { movable } from "../../src/explore/movable";
import { pictureOf } from "../../src/explore/pictures";
import { setUp } from "../../src/explore/setup";
import { firstState } from "../../src/explore/state";
import { viewOf } from "../../src/explore/view";
import type { Figure } from "../../src/index";

/** A figure with four kinds of words: on a mark, beside one, on an arrow, and placed by the paper. */
const figure: Figure = {
  data: [{ type: "scatter", x: [1], y: [1] }],
  layout: {
    xaxis: { type: "log" },
    yaxis: { type: "linear" },
    annotations: [
      { text: "on it", x: 2, y: 5, showarrow: false, font: { size: 11, color: "#123456" } },
      { text: "beside it", x: 3, y: 6, showarrow: false, xanchor: "left", yanchor: "bottom" },
      { text: "pointing", x: 1, y: 1, showarrow: true },
      { text: "in the corner", x: 0, y: 1, xref: "paper", yref: "paper", showarrow: false },
      { text: "for a narrow report", x: 0, y: 1, xref: "paper", yref: "paper", showarrow: false, visible: false },
    ],
  },
  caption: "",
  alt: "",
};

describe("a figure whose words move", () => {
  const moved = movable(figure);

  it("has them in a trace, at the values where they stood, on the side that they stood on", () => {
    const words = moved.data.at(-1);
    expect(moved.data).toHaveLength(2);
    expect(words).toMatchObject({
      text: ["on it", "beside it"],
      x: [100, 1000],
      y: [5, 6],
      textposition: ["middle center", "top right"],
      textfont: { size: [11, 12], color: ["#123456", "#000000"] },
      hoverinfo: "skip",
    });
  });

  it("keeps a place in a trace that lists nothing, so that it is there when something comes", () => {
    const empty = movable({ ...figure, data: [{ type: "scatter", x: [], y: [], text: [] }] });
    expect(empty.data[0]).toEqual({ type: "scatter", x: [null], y: [null], text: [] });
  });

  it("leaves words placed by the paper where they are, and out what an arrow points with", () => {
    const texts = (moved.layout.annotations as { text: string }[]).map(({ text }) => text);
    expect(texts).toEqual(["in the corner"]);
  });
});

describe("the figures of the page", () => {
  /** All that is drawn but what traces list: if two are alike, Plotly moves marks and lays nothing out. */
  const frame = (name: Parameters<typeof pictureOf>[0], part: Partial<typeof firstState.a>) => {
    const made = pictureOf(name, [viewOf(setUp({ ...firstState.a, ...part }))]);
    if (!("figure" in made)) throw new Error(made.reason);
    const { data, layout } = made.figure;
    return [
      layout,
      data.map((trace) =>
        Object.entries(trace)
          .filter(([key, value]) => key !== "name" && !Array.isArray(value))
          .map(([key]) => key),
      ),
    ];
  };

  it.each(["tokens", "task", "access", "durations"] as const)("%s: another model, machine or count moves its marks alone", (name) => {
    const first = frame(name, {});
    for (const part of [{ model: "deepseek-v3" }, { model: "glm-4.5" }, { machine: "b200-sxm" }, { tokensInFlight: 512 }])
      expect(frame(name, part), JSON.stringify(part)).toEqual(first);
  });
});
