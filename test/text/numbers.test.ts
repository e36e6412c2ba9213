import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatBytes, formatCount, formatLength, formatNumber, formatSeconds, formatShare } from "../../src/text/numbers";

describe("formatNumber", () => {
  it("sets thousands apart and keeps at most three significant digits, or as many as asked", () => {
    expect([6144, 295.37, 1.268, 0.012345, 128, 0].map((n) => formatNumber(n))).toEqual(["6,140", "295", "1.27", "0.0123", "128", "0"]);
    expect([6144, 123_456].map((n) => formatNumber(n, 4))).toEqual(["6,144", "123,500"]);
    expect(formatNumber(-1500)).toBe("-1,500");
  });
});

describe("formatCount", () => {
  it("keeps every digit of a count, and rounds to a whole one", () => {
    expect([0, 128, 6144, 1_048_576, 191.6].map(formatCount)).toEqual(["0", "128", "6,144", "1,048,576", "192"]);
  });
});

describe("formatShare", () => {
  it("is a percentage of two digits, or as many as asked", () => {
    expect([0, 0.5, 1, 0.43217, 0.0012].map((s) => formatShare(s))).toEqual(["0 %", "50 %", "100 %", "43 %", "0.12 %"]);
    expect(formatShare(0.43217, 3)).toBe("43.2 %");
  });

  it("says of a share too small to matter only that, but not of none", () => {
    expect(formatShare(6.65e-57)).toBe("less than 0.001 %");
    expect(formatShare(9.9e-6)).toBe("less than 0.001 %");
    expect(formatShare(1e-5)).toBe("0.001 %");
    expect(formatShare(0)).toBe("0 %");
  });
});

describe("formatLength", () => {
  it("has powers of two from 1 KiB on in binary prefixes, and all else in decimal ones", () => {
    expect([4, 512, 1024, 65_536, 2 ** 21, 2 ** 30, 2 ** 40].map(formatLength)).toEqual([
      "4 B",
      "512 B",
      "1 KiB",
      "64 KiB",
      "2 MiB",
      "1 GiB",
      "1,024 GiB",
    ]);
    expect([0, 656, 1e6, 1536, 1e9].map(formatLength)).toEqual(["0 B", "656 B", "1 MB", "1.54 kB", "1 GB"]);
  });
});

describe("formatBytes and formatSeconds", () => {
  it("use decimal bytes, in the largest prefix that keeps the number at one or more", () => {
    expect([0, 0.5, 656, 999, 1000, 73_728, 29_360_128, 1.85e9, 2e12].map((b) => formatBytes(b))).toEqual([
      "0 B",
      "0.5 B",
      "656 B",
      "999 B",
      "1 kB",
      "73.7 kB",
      "29.4 MB",
      "1.85 GB",
      "2,000 GB",
    ]);
    expect(formatBytes(14_680_064, 4)).toBe("14.68 MB");
  });

  it("use seconds from nano up", () => {
    expect([0, 4.5e-8, 1e-6, 13.14e-6, 9.999e-4, 1e-3, 0.25, 1, 61].map((s) => formatSeconds(s))).toEqual([
      "0 ns",
      "45 ns",
      "1 µs",
      "13.1 µs",
      "1,000 µs",
      "1 ms",
      "250 ms",
      "1 s",
      "61 s",
    ]);
    expect(formatSeconds(13.14e-6, 4)).toBe("13.14 µs");
  });

  it("say what can be read back: within half a unit of the third digit", () => {
    const bytes: Record<string, number> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 };
    const seconds: Record<string, number> = { ns: 1e-9, µs: 1e-6, ms: 1e-3, s: 1 };
    const back = (text: string, units: Record<string, number>) => {
      const [number, unit] = text.split(" ") as [string, string];
      return Number(number.replaceAll(",", "")) * (units[unit] as number);
    };
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e12, noNaN: true }), (value) => {
        expect(Math.abs(back(formatBytes(value), bytes) / value - 1)).toBeLessThan(0.0051);
        expect(Math.abs(back(formatSeconds(value * 1e-9), seconds) / (value * 1e-9) - 1)).toBeLessThan(0.0051);
      }),
    );
  });
});
