import { describe, expect, it } from "vitest";
import { judgePart } from "../../src/claims/parts/judge-part";
import type { PartRule } from "../../src/claims/parts/part";
import { asPrinted, meets, probabilityWords, valueWords } from "../../src/claims/parts/part-words";

/** A part of one share, as a claim would have it. */
const part = (probability: number) =>
  judgePart(
    {
      id: "0a.x",
      unit: "share",
      by: "2025-01-11",
      judge: () => ({ value: 1, probability, found: "" }),
      say: () => "",
    } as unknown as PartRule,
    {
      knownBy: "2026-01-01",
    } as never,
  );

describe("a number beside its limit", () => {
  it.each([
    ["s", 1.004e-5, { atMost: 1e-5 }, "10 µs", true],
    ["s", 1.006e-5, { atMost: 1e-5 }, "10.1 µs", false],
    ["share", 0.0996, { atLeast: 0.1 }, "10 %", true],
    ["share", 0.0994, { atLeast: 0.1 }, "9.9 %", false],
    ["token", 256.4, { atMost: 256 }, "256 tokens", true],
    ["B", 16_384.4, { atMost: 16_384 }, "16,384 B", true],
    ["ratio", 0.99951, { atLeast: 1 }, "1", true],
    ["ratio", 0.9994, { atLeast: 1 }, "0.999", false],
    // Bounds are printed, too: 8 / 384 / 2 is 0.0104167, and so is what is read as 0.0104.
    ["ratio", 0.0104, { atLeast: 8 / 384 / 2 }, "0.0104", true],
  ] as const)("%s: %d against %j is decided as it is printed, %s", (unit, value, bounds, words, holds) => {
    expect(valueWords(value, unit)).toBe(words);
    expect(meets(unit, bounds)(value)).toBe(holds);
  });

  it("is what valueWords writes, for every unit and size", () => {
    for (const unit of ["s", "share", "B", "ratio", "token"])
      for (const value of [0, 1e-9, 0.000123456, 0.4567, 1, 12.3456, 999.96, 123_456.7])
        expect(valueWords(asPrinted(value, unit), unit), `${value} ${unit}`).toBe(valueWords(value, unit));
    expect(asPrinted(2026.4, "year")).toBe(2026.4);
    expect(meets("s", { atMost: 1 })(Number.NaN)).toBe(false);
  });

  it("is printed with as many digits as the border needs where the outcome of a part turns on them", () => {
    expect([0.656, 0.664, 0.654, 0.6599, 0.324, 0.326, 0.899].map(probabilityWords)).toEqual([
      ...["65.6 %", "66 %", "65 %", "65.99 %", "32 %", "32.6 %", "89.9 %"],
    ]);
    expect([0.656, 0.66, 0.654].map((p) => part(p).outcome)).toEqual(["open", "right", "open"]);
    expect([0.33, 0.326].map((p) => part(p).outcome)).toEqual(["open", "wrong"]);
    expect(part(0.656).words).toBe("about as likely as not");
    expect([part(0.5).holds, part(0.496).holds, probabilityWords(0.496)]).toEqual([true, false, "49.6 %"]);
  });
});
