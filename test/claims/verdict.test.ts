import { describe, expect, it } from "vitest";
import { headlineOf, wordCount } from "../../src/claims/parts/headline";
import type { Outcome } from "../../src/claims/parts/kinds";
import type { Part } from "../../src/claims/parts/part";
import {
  likelihoodWords,
  probabilityWords,
  resultWords,
  scoreWords,
  shareWords,
  thresholdWords,
  valueWords,
} from "../../src/claims/parts/part-words";
import { populationOf, weightedQuantile } from "../../src/claims/parts/population";
import { type Counted, countedParts, nearness, verdictOf, verdictScore, verdicts } from "../../src/claims/parts/verdict";

const part = (outcome: Outcome, stress: 0 | 1 | 2 | 3 = 1, stance: Counted["stance"] = "asserts"): Counted => ({ stance, stress, outcome });
const read = (...outcomes: Outcome[]): Counted => ({ ...part("depends", 2), readings: outcomes.map((outcome) => ({ outcome })) });

describe("the verdict of a claim", () => {
  it("is Right when all is right, Wrong when nothing is, and by fifths between", () => {
    expect(verdictOf([part("right"), part("right", 3)])).toBe("Right");
    expect(verdictOf([part("wrong")])).toBe("Wrong");
    // 3 of 5, 1 of 2, 2 of 5, 1 of 3.
    expect(verdictOf([part("right", 3), part("wrong", 2)])).toBe("Mostly right");
    expect(verdictOf([part("right"), part("wrong")])).toBe("Half right");
    expect(verdictOf([part("right", 2), part("wrong", 3)])).toBe("Mostly wrong");
    expect(verdictOf([part("right"), part("wrong", 2)])).toBe("Mostly wrong");
  });

  it("is one of seven, the best first, then those of which no score speaks", () => {
    const byScore = [
      [part("right")],
      [part("right", 3), part("wrong", 2)],
      [part("open")],
      [part("right", 2), part("wrong", 3)],
      [part("wrong")],
    ].map(verdictOf);
    expect(verdicts).toEqual([...byScore, verdictOf([read("right", "wrong")]), verdictOf([part("pending")])]);
  });

  it("counts an open part as a half, and a hedged one with half its stress", () => {
    expect(verdictOf([part("open")])).toBe("Half right");
    // (1 + 0) / (1 + 0.5) = 2/3.
    expect(verdictOf([part("right"), part("wrong", 1, "hedges")])).toBe("Mostly right");
  });

  it("counts what the author only asks where he asserts nothing, and findings of ours never", () => {
    expect(verdictOf([part("right"), part("wrong", 3, "asks")])).toBe("Right");
    expect(verdictOf([part("right", 1, "asks"), part("wrong", 1, "asks")])).toBe("Half right");
    expect(verdictOf([part("right"), part("wrong", 0)])).toBe("Right");
    expect(() => verdictOf([part("right", 0)])).toThrow("at least one that counts");
    // A finding of ours is nothing that the author asserts.
    expect(verdictOf([part("right", 0), part("wrong", 1, "asks")])).toBe("Wrong");
    expect(countedParts([part("right", 0), part("wrong")])).toEqual([{ part: part("wrong"), weight: 1 }]);
  });

  it("never averages readings: on two sides it depends on a word, on one side it is what holds under either", () => {
    expect(verdictOf([read("right", "wrong")])).toBe("Depends on a word");
    expect(verdictOf([read("right", "open")])).toBe("Depends on a word");
    // 3 right and 2 that depend: 5/5 or 3/5, both on the side of right; the lower holds under either.
    expect(verdictOf([part("right", 3), read("right", "wrong")])).toBe("Mostly right");
    expect(verdictOf([part("wrong", 3), read("right", "wrong")])).toBe("Wrong");
    // What a reading comes to is not known yet, or depends itself: the other one decides.
    expect([read("right", "pending"), read("depends", "right")].map((one) => verdictOf([one]))).toEqual(["Right", "Right"]);
  });

  it("is Not yet where half of the weight or more is not decided", () => {
    expect(verdictOf([part("pending"), part("right")])).toBe("Not yet");
    expect(verdictOf([part("pending"), part("right", 2)])).toBe("Right");
  });

  it("follows from a score: the worst and the best of its readings, none where it is not decided", () => {
    expect(verdictScore([part("right", 2), part("wrong", 3)])).toEqual({ worst: 0.4, best: 0.4 });
    expect(verdictScore([part("right"), part("right"), read("right", "wrong")])).toEqual({ worst: 0.5, best: 1 });
    expect(verdictScore([part("pending"), part("right")])).toBeUndefined();
    expect(scoreWords([part("right", 2), part("wrong", 3)])).toBe("0.40");
    expect(scoreWords([part("right"), part("right"), read("right", "wrong")])).toBe("0.50 to 1.00");
    expect(scoreWords([part("pending"), part("right")])).toBe("–");
  });

  it("is near where it lies on a border, or one step of one part carries it to another side", () => {
    // 2/5 and, hedged, 1 of 2.5.
    expect(nearness([part("right", 2), part("wrong", 3)])).toBe("border");
    expect(nearness([part("right"), part("wrong", 3, "hedges")])).toBe("border");
    expect(nearness([part("right", 3), part("wrong", 2)])).toBe("border");
    // 3/7, less a half of one part 2.5/7 = 0.36; 2/3, less a half 1.5/3.
    expect(nearness([part("right", 2), part("wrong", 2), part("wrong"), part("right"), part("wrong")])).toBe("one step");
    expect(nearness([part("right"), part("right"), part("wrong")])).toBe("one step");
    // 1/8, and with half of two more 2/8; all right, and with half of two less 4/5 and more.
    expect(nearness([part("wrong", 2), part("wrong", 2), part("wrong"), part("wrong", 2), part("right")])).toBeUndefined();
    expect(nearness([part("right", 2), part("right", 2), part("right")])).toBeUndefined();
    expect(nearness([read("right", "wrong")])).toBeUndefined();
    expect(nearness([part("pending")])).toBeUndefined();
  });

  it("is near by the steps that its parts can take, up and down, among what is decided", () => {
    const ones = (outcome: Outcome, count: number) => Array.from({ length: count }, () => part(outcome));
    // 1/3: the wrong part of two, half right, makes 2/3, while the right one less makes 1/6.
    expect(nearness([part("right"), part("wrong", 2)])).toBe("one step");
    // 3/10, 7/10: a part of one moves it by 1/20; the part of three would carry it over, but is as right, or as wrong, as can be.
    expect(nearness([part("right", 3), ...ones("wrong", 7)])).toBeUndefined();
    expect(nearness([part("wrong", 3), ...ones("right", 7)])).toBeUndefined();
    // 4.5/6 and 1.5/6: only the open part of three, wrong or right, makes a half; a part of one makes 4/6 and 2/6.
    expect(nearness([part("open", 3), ...ones("right", 3)])).toBe("one step");
    expect(nearness([part("open", 3), ...ones("wrong", 3)])).toBe("one step");
    // 3/4, less half of two 2/4; what is pending weighs nothing in it: 3/4 - 1/7 would still be right.
    expect(nearness([part("right", 2), part("right"), part("wrong"), part("pending", 3)])).toBe("one step");
  });
});

describe("the words", () => {
  it("are the IPCC's, their limits included", () => {
    const said = [1, 0.99, 0.9, 0.66, 0.65, 0.33, 0.32, 0.1, 0.099, 0.01, 0.0099, 0].map(likelihoodWords);
    expect(said).toEqual([
      "virtually certain",
      "virtually certain",
      "very likely",
      "likely",
      "about as likely as not",
      "about as likely as not",
      "unlikely",
      "unlikely",
      "very unlikely",
      "very unlikely",
      "exceptionally unlikely",
      "exceptionally unlikely",
    ]);
    expect(() => likelihoodWords(1.1)).toThrow("between 0 and 1");
  });

  it("count a share of a population, their limits included, and leave a probability its likelihood", () => {
    const said = [1, 0.999, 0.9, 0.89, 0.66, 0.65, 0.33, 0.32, 0.1, 0.099, 0.0001, 0].map(shareWords);
    expect(said).toEqual([
      "in all",
      "in nearly all",
      "in nearly all",
      "in most",
      "in most",
      "in about half",
      "in about half",
      "in few",
      "in few",
      "in very few",
      "in very few",
      "in none",
    ]);
    expect(() => shareWords(-0.1)).toThrow("between 0 and 1");
    expect(resultWords({ words: "likely", probability: 0.7 })).toBe("likely");
    expect(resultWords({ words: "likely", probability: 0.7, population: {} })).toBe("in most");
    expect(resultWords({ words: "holds" })).toBe("holds");
  });

  it("give values, thresholds and probabilities as a reader expects them", () => {
    expect(thresholdWords({ threshold: { atLeast: 128, atMost: 128 }, unit: "token" })).toBe("exactly 128 tokens");
    expect(valueWords(5e10, "packet")).toBe("50 billion packets");
    expect([0, 1e-6, 0.001].map((value) => valueWords(value, "ratio"))).toEqual(["0", "less than 0.001", "0.001"]);
    expect(valueWords(1e-6, "s")).toBe("1 µs");
    expect(valueWords(1, "token")).toBe("1 token");
    expect(valueWords(Number.NaN, "share")).toBe("not known");
    expect(thresholdWords({ threshold: { atLeast: 64, atMost: 256 }, unit: "token" })).toBe("from 64 tokens to 256 tokens");
    expect(thresholdWords({ threshold: { atMost: 64 }, unit: "B" })).toBe("at most 64 B");
    expect([0, 0.001, 0.5, 0.999, 1, undefined].map(probabilityWords)).toEqual(["0 %", "under 1 %", "50 %", "over 99 %", "100 %", "–"]);
  });
});

describe("a population", () => {
  const members = [
    { value: 10, weight: 1, group: "a" },
    { value: 20, weight: 1, group: "b" },
    { value: 30, weight: 2, group: "b" },
    { value: Number.NaN, weight: 5, group: "b" },
  ];

  it("weighs its members, leaves out and counts those without a value, and is shown by class", () => {
    const all = populationOf("rows", members, (v) => v >= 20);
    expect(all).toMatchObject({ count: 3, weight: 4, share: 0.75, low: 10, median: 20, high: 30, leftOut: 1 });
    expect(all.classes.map(({ name, count, share }) => [name, count, share])).toEqual([
      ["a", 1, 0],
      ["b", 2, 1],
    ]);
  });

  it("does not ask in which order its members stand, and leaves out those without weight", () => {
    const turned = [...members].reverse().concat({ value: 1, weight: 0, group: "c" });
    expect(populationOf("rows", turned, (v) => v >= 20)).toEqual({ ...populationOf("rows", members, (v) => v >= 20), leftOut: 2 });
  });

  it("is nothing where it is empty", () => {
    expect(populationOf("none", [], () => true)).toMatchObject({ count: 0, share: Number.NaN, median: Number.NaN });
    expect(weightedQuantile([], 0.5)).toBeNaN();
  });
});

describe("a headline", () => {
  const spoken = (id: string, outcome: Outcome, stress: 0 | 1 | 2 | 3, says: string) =>
    ({ ...part(outcome, stress), id, value: 1, says }) as unknown as Part;
  const say = (p: Part) => (p as unknown as { says: string }).says;

  it("has the first right and the first wrong part, in their order, then what fits in 25 words", () => {
    const long = Array.from({ length: 20 }, () => "word").join(" ");
    const parts = [spoken("a", "wrong", 1, "this is not so"), spoken("b", "right", 3, "that is"), spoken("c", "right", 2, long)];
    expect(headlineOf(parts, say, "Mostly right")).toBe("This is not so; that is.");
    expect(wordCount("a – 1–10 µs; 3 %")).toBe(5);
  });

  it("says so where nothing decides", () => {
    expect(headlineOf([{ ...spoken("a", "pending", 1, "x"), value: Number.NaN }], say, "Not yet")).toBe(
      "Nothing that was published decides it yet.",
    );
  });
});
