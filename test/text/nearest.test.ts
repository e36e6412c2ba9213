import fc from "fast-check";
import { expect, it } from "vitest";
import { nearest, nearWords, unknownWords } from "../../src/text/nearest";

const known = ["deepseek-v2", "deepseek-v3", "kimi-k2", "kimi-k3", "mixtral-8x7b"];

it("puts ids that hold the asked one first, then those fewest edits away", () => {
  expect(nearest("kimi", known, 2)).toEqual(["kimi-k2", "kimi-k3"]); // both hold it; equally far, by name
  expect(nearest("deepseek-v4", known, 2)).toEqual(["deepseek-v2", "deepseek-v3"]); // one edit each
  expect(nearest("mixtral", known, 1)).toEqual(["mixtral-8x7b"]);
});

it("puts an id first that the asked one holds, though others are fewer edits away", () => {
  expect(nearest("kimi-k2-instruct-0905", ["kimi-k3-instruct-0905", "kimi-k2"], 2)).toEqual(["kimi-k2", "kimi-k3-instruct-0905"]);
});

it("looks past capitals, gives three when not told otherwise, and leaves the list as it was", () => {
  expect(nearest("DeepSeek-V3", known)[0]).toBe("deepseek-v3");
  expect(nearest("x", known)).toHaveLength(3);
  expect(known[0]).toBe("deepseek-v2");
  expect(nearest("x", [])).toEqual([]);
});

it("lists the ids that begin with a family's short name, else the nearest; a long family is cut and counted", () => {
  expect(unknownWords("model", "kimi", known)).toBe('unknown model "kimi"; nearest: kimi-k2, kimi-k3');
  expect(nearWords("DeepSeek", known)).toBe("nearest: deepseek-v2, deepseek-v3");
  expect(nearWords("deepsek", known)).toBe("nearest: deepseek-v2, deepseek-v3, kimi-k2");
  expect(nearWords("k", known)).toBe("nearest: kimi-k2, kimi-k3, deepseek-v2"); // one letter is no name
  const many = Array.from({ length: 14 }, (_, i) => `own-${i}`);
  expect(nearWords("own", many)).toMatch(/^nearest: (own-\d+, ){11}own-\d+ and 2 more$/);
});

it("gives known ids only, each once, in the same order however they are listed", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.uniqueArray(fc.stringMatching(/^[a-z0-9-]{1,8}$/), { maxLength: 8 }),
      fc.integer({ min: 0, max: 5 }),
      (asked, ids, count) => {
        const found = nearest(asked, ids, count);
        expect(found).toHaveLength(Math.min(count, ids.length));
        expect(new Set(found).size).toBe(found.length);
        for (const id of found) expect(ids).toContain(id);
        expect(nearest(asked, [...ids].reverse(), count)).toEqual(found);
      },
    ),
  );
});
