import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root, run } from "../../notebooks/jupyter/project.mjs";

/** A stranger's project that has the package as `npm pack` makes it, and only the dependencies that it names. */
const folder = mkdtempSync(join(tmpdir(), "a stranger's 项目 "));
const modules = join(folder, "node_modules");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: Record<string, string>; version: string };
const npm = (...args: string[]) => run("npm", args, { shell: process.platform === "win32" });
const node = (...args: string[]) => run(process.execPath, args, { cwd: folder });
let bytes = 0;

beforeAll(async () => {
  const { code, stderr } = await npm("pack", "--ignore-scripts", "--silent", "--pack-destination", folder);
  expect([code, stderr]).toEqual([0, ""]);
  const file = join(folder, `deepshock-${manifest.version}.tgz`);
  bytes = statSync(file).size;
  mkdirSync(modules);
  expect((await run("tar", ["-xzf", file, "-C", folder])).code).toBe(0);
  cpSync(join(folder, "package"), join(modules, "deepshock"), { recursive: true });
  for (const name of [...Object.keys(manifest.dependencies), "ml-array-max", "ml-array-min", "ml-array-rescale", "is-any-array"])
    if (statSync(join(root, "node_modules", name), { throwIfNoEntry: false }) !== undefined)
      symlinkSync(join(root, "node_modules", name), join(modules, name), "junction");
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the package that npm pack makes", () => {
  it("is under 5 MB and asks for nothing that only notebooks need", () => {
    expect(bytes).toBeLessThan(5e6);
    expect(Object.keys(manifest.dependencies)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/tslab|danfo|plotly|jupyter|typescript|tensor/)]),
    );
  });

  it("answers who requires it and who imports it, with one copy of the model behind both", async () => {
    const script = `import { model, addModel } from "deepshock";
import { tokensPerExpertFigure } from "deepshock/figures";
import { moeMeasurements } from "deepshock/published";
import { showText } from "deepshock/notebook";
import { createRequire } from "node:module";
const required = createRequire(import.meta.url)("deepshock");
addModel({ ...model("deepseek-v3"), id: "mine", aliases: [] });
console.log(required.model("mine").id, typeof tokensPerExpertFigure, moeMeasurements().length > 30000, typeof showText);`;
    writeFileSync(join(folder, "try.mjs"), script);
    const { stdout, stderr } = await node("try.mjs");
    expect([stdout, stderr]).toEqual(["mine function true function\n", ""]);
  }, 60_000);

  it("has types for both, under the strictest settings", async () => {
    const question =
      '{ model: model("deepseek-v3"), hardware: hardware("h800-sxm"), requestsPerGpu: 1, contextTokens: 1, expertParallel: 1 }';
    const lines = [
      'import { decodeStep, hardware, model } from "deepshock";',
      'import { releasesFigure } from "deepshock/figures";',
      'import { balanceGains } from "deepshock/published";',
      `export const seconds: number = decodeStep(${question}).seconds;`,
      "export const others = [releasesFigure, balanceGains];",
      "// @ts-expect-error a machine is no text",
      'decodeStep({ model: model("deepseek-v3"), hardware: "h800-sxm", requestsPerGpu: 1, contextTokens: 1, expertParallel: 1 });',
    ];
    for (const name of ["types.mts", "types.cts"]) writeFileSync(join(folder, name), lines.join("\n"));
    const options = ["--noEmit", "--strict", "--module", "node16", "--moduleResolution", "node16", "--target", "es2022"];
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const { code, stdout } = await node(tsc, ...options, "--skipLibCheck", "types.mts", "types.cts");
    expect([code, stdout]).toEqual([0, ""]);
  }, 60_000);

  it("brings the command", async () => {
    const { code, stdout } = await node(join(modules, "deepshock", "dist", "cli", "deepshock.js"), "machines", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).length).toBeGreaterThan(5);
  }, 60_000);

  it("reads the modules that a first answer needs, and no others", async () => {
    const script =
      'const loaded = () => Object.keys(require.cache).length; const { decodeStep } = require("deepshock"); console.log(loaded());';
    const { stdout } = await node("-e", `${script} require("deepshock").verdicts; console.log(loaded());`);
    const [first, all] = stdout.trim().split("\n").map(Number) as [number, number];
    // Of 300: the step with its kernels, links and models.
    expect(first).toBeLessThan(100);
    expect(all).toBeGreaterThan(first);
  }, 60_000);

  it("gives a first answer in a fifth of a second, a machine's other work aside", async () => {
    const script = `const { decodeStep, hardware, model } = require("deepshock");
decodeStep({ model: model("kimi-k2"), hardware: hardware("h200-sxm"), requests: 64, contextTokens: 4096, tensorParallel: 8 });`;
    const times: number[] = [];
    for (let i = 0; i < 20 && !times.some((time) => time < 200); i++) {
      const start = performance.now();
      expect((await node("-e", script)).code).toBe(0);
      times.push(performance.now() - start);
    }
    expect(Math.min(...times)).toBeLessThan(400);
  }, 60_000);
});
