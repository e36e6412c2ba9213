import { describe, expect, it } from "vitest";
import { spokenSentence, withWords } from "../../src/explore/picture-words";
import { pictureOf } from "../../src/explore/pictures";
import { setUp } from "../../src/explore/setup";
import { firstState } from "../../src/explore/state";
import { viewOf } from "../../src/explore/view";

describe("the words of a picture", () => {
  it("are one sentence: what the figure finds, else the first sentence of the words that stand in for it", () => {
    expect(spokenSentence({ title: "An expert sees 128 tokens", alt: "Lines. More." })).toBe("An expert sees 128 tokens.");
    expect(spokenSentence({ alt: "It takes 1.5 ms on H100. The rest follows." })).toBe("It takes 1.5 ms on H100.");
    expect(spokenSentence({ alt: "No end" })).toBe("No end.");
  });

  it("follow the state: another model, another sentence, with its number", () => {
    const said = (model: string) => {
      const made = pictureOf("tokens", [viewOf(setUp({ ...firstState.a, model }))]);
      if (!("figure" in made)) throw new Error(made.reason);
      return spokenSentence(made.figure);
    };
    expect(said("kimi-k2")).toContain("128"); // 6,144 × 8 / 384
    expect(said("deepseek-v3")).toContain("192"); // 6,144 × 8 / 256
    expect(said("kimi-k2").match(/[.!?](\s|$)/g)).toHaveLength(1);
  });

  it("stand first in a saved SVG, and stay words whatever letters are in them", () => {
    const svg = withWords('<svg class="a" width="1"><g/></svg>', "a < b & c", "</desc><script>");
    expect(svg).toBe('<svg class="a" width="1"><title>a &lt; b &amp; c</title><desc>&lt;/desc&gt;&lt;script&gt;</desc><g/></svg>');
  });
});
