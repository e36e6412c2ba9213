import { expect, it } from "vitest";
import { decoder } from "../../src/model/decoder";
import { model } from "../../src/model/registry";
import { releases } from "../../src/model/release-sizes";

const v3 = model("deepseek-v3");
const llama = model("llama-3-70b");

it("gives of a release the tokens and the weights of one expert, and of a dense one all tokens and its feed-forward part", () => {
  expect(releases([v3, llama], 6144)).toEqual([
    {
      ...{ name: v3.name, released: v3.released, dense: false, unverified: false },
      tokensPerExpert: 192, // 6,144 tokens, 8 of 256 experts
      parametersPerExpert: 44_040_192, // 3 matrices of 7,168 x 2,048
    },
    {
      ...{ name: llama.name, released: llama.released, dense: true, unverified: false },
      tokensPerExpert: 6144,
      parametersPerExpert: 704_643_072, // 3 matrices of 8,192 x 28,672
    },
  ]);
});

it("marks what nobody could check, and counts no weights where no part is a feed-forward", () => {
  const unsure = { ...llama, confidence: "low" as const };
  expect(releases([unsure], 1)[0]?.unverified).toBe(true);
  const mixers = llama.runs.map(({ count, blocks }) => ({ count, blocks: blocks.slice(0, 1) }));
  expect(releases([decoder({ ...llama, runs: mixers })], 1)[0]).toMatchObject({ dense: true, parametersPerExpert: 0 });
});
