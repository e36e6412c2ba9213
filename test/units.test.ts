import { expect, it } from "vitest";
import { isUnit, toBase } from "../src/units";

it("turns published numbers into base units", () => {
  expect(toBase(3.35, "TB/s")).toBe(3.35e12);
  expect(toBase(400, "Gb/s")).toBe(50e9);
  expect(toBase(989, "TFLOP/s")).toBe(989e12);
  expect(toBase(1.83, "GHz")).toBe(1.83e9);
  expect(toBase(64, "bit")).toBe(8);
  expect(toBase(215, "1e6/s")).toBe(215e6);
  expect(toBase(12.5, "percent")).toBe(0.125);
});

it("tells decimal prefixes from binary ones", () => {
  expect(toBase(80, "GB")).toBe(80_000_000_000);
  expect(toBase(80, "GiB")).toBe(85_899_345_920);
  expect(toBase(64, "KiB") / toBase(64, "kB")).toBe(1.024);
});

it("knows the units of data files and no others", () => {
  expect(isUnit("GB/s")).toBe(true);
  expect(isUnit("GBps")).toBe(false);
  expect(isUnit("")).toBe(false);
  expect(isUnit("toString")).toBe(false);
});
