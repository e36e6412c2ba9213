import { describe, expect, it } from "vitest";
import { parseRows } from "../../src/data/rows";
import { links, readLinks } from "../../src/machine/link-facts";

const find = (name: string, metric: string) => links().filter((l) => l.name === name && l.metric === metric);

describe("links", () => {
  it("gives bandwidths, rates and times in base units", () => {
    expect(find("NVLink 4", "unidirectional bandwidth per GPU")).toMatchObject([{ value: 450e9, unit: "GB/s", category: "scale-up" }]);
    expect(find("ConnectX-7", "throughput")).toMatchObject([{ value: 50e9, unit: "Gb/s" }]);
    expect(find("ConnectX-6", "message rate")).toMatchObject([{ value: 215e6, source: "nvidiaconnectx62026" }]);
    expect(find("DeepEP V1 low-latency EP256 dispatch", "time")[0]?.value).toBeCloseTo(194e-6, 12);
  });

  it("counts both directions as twice the one", () => {
    const oneWay = links().filter(
      (l) => l.metric.startsWith("unidirectional bandwidth") && find(l.name, l.metric.replace("uni", "bi")).length > 0,
    );
    expect(oneWay).toHaveLength(10);
    for (const { name, metric, value } of oneWay) expect(find(name, metric.replace("uni", "bi"))[0]?.value, name).toBe(2 * value);
  });

  it("has a condition, a source and no unverified row", () => {
    for (const l of links()) {
      expect(l.condition, l.name).not.toBe("");
      expect(l.source, l.name).not.toBe("");
      expect(l.confidence, l.name).not.toBe("low");
    }
  });

  it("is parsed once and frozen", () => {
    expect(links()).toBe(links());
    expect(Object.isFrozen(links()[0])).toBe(true);
  });
});

describe("readLinks", () => {
  const header = "category,name,metric,value,unit,condition,source,locator,confidence,note\n";
  const read = (value: string, unit: string) => readLinks(parseRows("links.csv", `${header}NIC,X,time,${value},${unit},c,s,,high,\n`));

  it("reads a row without condition, locator and note as one with none", () => {
    const [bare] = read("1", "us");
    expect(bare).toMatchObject({ condition: "c", locator: "", note: "", value: 1e-6 });
    const rows = `${header}NIC,X,time,2,us,,s,Table 1,low,by hand\n`;
    expect(readLinks(parseRows("links.csv", rows))).toMatchObject([
      { condition: "", locator: "Table 1", note: "by hand", confidence: "low" },
    ]);
  });

  it("refuses an unknown unit and a value not above zero, with file and line", () => {
    expect(() => read("1", "GBps")).toThrow('links.csv:2: unknown unit "GBps"');
    expect(() => read("0", "us")).toThrow("links.csv:2: expected a value above 0, got 0");
    expect(() => read("fast", "us")).toThrow('links.csv:2: expected a number for value, got "fast"');
  });
});
