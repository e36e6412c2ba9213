import { describe, expect, it } from "vitest";
import { changes } from "../../src/claims/changes";
import { claims, evidence } from "../../src/claims/claims";
import { newestDay } from "../../src/claims/known-by";
import { exchangeMovers, fabrics } from "../../src/claims/listed";
import { wideArrays } from "../../src/claims/wide-arrays";
import { source, sources } from "../../src/data/sources";
import { machines } from "../../src/machine/hardware";
import { models } from "../../src/model/registry";
import { deploymentSources } from "../../src/published/deployment-sources";
import { publishedSetUps } from "../../src/published/deployments";
import { exchangePaths } from "../../src/published/exchange-paths";

describe("the evidence", () => {
  it("speaks to parts that there are, a hundred rows and more", () => {
    const parts = new Set(claims().flatMap((c) => c.parts.map((p) => p.id)));
    for (const e of evidence()) expect(parts, e.says).toContain(e.part);
    expect(evidence().length).toBeGreaterThan(120);
    for (const c of claims()) expect(c.evidence.for.length + c.evidence.against.length, c.id).toBeGreaterThan(0);
  });

  it("leads to a page, a file or a paper: no home page", () => {
    for (const id of new Set(evidence().map((e) => e.source))) {
      const { url } = source(id);
      expect(url, id).toBeDefined();
      expect(new URL(url as string).pathname.length, `${id}: ${url}`).toBeGreaterThan(1);
      expect(url, id).not.toMatch(/^https:\/\/github\.com\/[^/]+\/?$|\/blog\/?$/);
    }
  });

  it("has no two titles at one address", () => {
    const seen = new Map<string, string>();
    for (const { id, url } of sources()) {
      if (url === undefined) continue;
      expect(seen.get(url), `${id}: ${url}`).toBeUndefined();
      seen.set(url, id);
    }
  });

  it("grades press and second hand C or D", () => {
    for (const e of evidence()) if (/^(press|second hand)/.test(source(e.source).conditions)) expect("CD", e.says).toContain(e.grade);
  });
});

describe("tables that parts are counted over", () => {
  it("come from sources that there are, each row once", () => {
    for (const rows of [fabrics(newestDay()), exchangeMovers(newestDay()), wideArrays(newestDay())]) {
      expect(new Set(rows.map((r) => r.name)).size).toBe(rows.length);
      for (const { source: id } of rows) expect(source(id).url, id).toBeDefined();
    }
    for (const { source: id } of exchangePaths()) expect(source(id).id).toBe(id);
    // 187.5 us over 177.9 us.
    expect(exchangePaths().find((p) => p.gpus === 64 && p.direction === "dispatch")).toMatchObject({
      hostSeconds: 187.5e-6,
      gpuSeconds: 177.9e-6,
    });
  });

  it("hold all 755 published set-ups with their sources, of models and machines that the registries know", () => {
    expect(publishedSetUps()).toHaveLength(755);
    const known = [new Set(models().map((m) => m.id)), new Set(machines().map((m) => m.id))] as const;
    const from = deploymentSources();
    for (const s of publishedSetUps()) {
      if (s.model !== undefined) expect(known[0], s.id).toContain(s.model);
      expect(known[1], s.id).toContain(s.machine);
      expect(from.get(s.id)?.address, s.id).toMatch(/^https?:/);
      expect(s.weight).toBeGreaterThanOrEqual(0);
    }
    // 88 requests over 144 GPUs in two micro-batches, eight of 256 experts: 198.
    expect(publishedSetUps().some((s) => s.tokensPerExpert === 198 && s.kind === "production")).toBe(true);
  });

  it("tell what vendors changed, dated and sourced, for most claims", () => {
    expect(changes().length).toBeGreaterThanOrEqual(30);
    expect(new Set(changes().map((c) => c.claim)).size).toBeGreaterThanOrEqual(12);
  });
});
