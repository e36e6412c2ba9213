import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { root } from "../../notebooks/jupyter/project.mjs";
import { parseRows } from "../../src/data/rows";
import { limitSeconds } from "../../src/explore/gpu/measure-plan";

const read = (path: string): string => readFileSync(join(root, path), "utf8");
const manifest = JSON.parse(read("package.json")) as { version: string; license: string; scripts: Record<string, string> };
const pages = [
  "README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "SECURITY.md",
  "data/README.md",
  "data/NOTICE.md",
  "data/configs/README.md",
  "data/measurements/README.md",
];

describe.each(pages)("%s", (page) => {
  it("links to files that are there", () => {
    const links = [...read(page).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, link = ""]) => link).filter((link) => !/^[a-z]+:/.test(link));
    expect(links.filter((link) => !existsSync(join(root, dirname(page), link)) && !link.startsWith("reports/"))).toEqual([]);
  });

  it("names commands that package.json knows", () => {
    const named = [...read(page).matchAll(/npm run ([a-z]+)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });
});

it("CONTRIBUTING.md names every command of package.json", () => {
  const page = read("CONTRIBUTING.md");
  expect(Object.keys(manifest.scripts).filter((name) => !page.includes(`npm run ${name}`) && !page.includes(`npm ${name}`))).toEqual([]);
});

it.each(["data", "data/measurements"])("%s/README.md names every table of its folder", (folder) => {
  const page = read(`${folder}/README.md`);
  const tables = readdirSync(join(root, folder)).filter((file) => file.endsWith(".csv"));
  expect(tables.filter((file) => !page.includes(`\`${file}\``) && !page.includes(`\`../${file}\``))).toEqual([]);
});

it("SECURITY.md says for how long a GPU is measured at the most", () => {
  expect(read("SECURITY.md")).toContain(`runs its own shaders there for at most ${limitSeconds} seconds`);
});

it("the citation is of this version under this licence", () => {
  const citation = parse(read("CITATION.cff")) as Record<string, unknown>;
  expect(citation).toMatchObject({ "cff-version": "1.2.0", version: manifest.version, license: manifest.license, type: "software" });
  expect(citation.authors).not.toHaveLength(0);
});

describe("the notices for data", () => {
  const notice = read("data/NOTICE.md");
  const lines = notice.split("\n");
  const tables = readdirSync(join(root, "data"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".csv"));

  it("name every table", () => {
    const names = tables.map((file) => file.split(/[\\/]/).at(-1) ?? "");
    expect(names.filter((name) => !notice.includes(`\`${name}\``))).toEqual([]);
  });

  it("name every source of a measured table in the line of that table", () => {
    const missing = readdirSync(join(root, "data", "measurements"))
      .filter((file) => file.endsWith(".csv"))
      .flatMap((file) => {
        const text = read(`data/measurements/${file}`);
        const inRows = parseRows(file, text).map((row) => row.cells.source ?? "");
        const above = [...text.matchAll(/^#.*\bsource:? ([a-z]+\d{4}[\w]*)/gim)].map(([, id = ""]) => id);
        const line = lines.find((one) => one.includes(`\`${file}\``)) ?? "";
        return [...new Set([...inRows, ...above])].filter((id) => id !== "" && !line.includes(id)).map((id) => `${file}: ${id}`);
      });
    expect(missing).toEqual([]);
  });
});

describe("what is installed is pinned with its hash", () => {
  it("by npm, with no address of a registry", () => {
    const packages = (JSON.parse(read("package-lock.json")) as { packages: Record<string, Record<string, unknown>> }).packages;
    // Packages of the project's own folders are linked and not fetched.
    const installed = Object.entries(packages).filter(([path, entry]) => path.includes("node_modules/") && entry.link !== true);
    const resolved = Object.entries(packages).filter(([, entry]) => entry.link !== true && entry.resolved !== undefined);
    expect(installed.length).toBeGreaterThan(100);
    expect(installed.filter(([, entry]) => !/^sha512-/.test(String(entry.integrity))).map(([path]) => path)).toEqual([]);
    expect(resolved.map(([path]) => path)).toEqual([]);
  });

  it("by pip", () => {
    const entries = read("notebooks/jupyter/requirements.txt")
      .replaceAll("\\\n", "")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(entries.length).toBeGreaterThan(50);
    expect(entries.filter((line) => !/^[\w.-]+==[\w.]+.*--hash=sha256:[0-9a-f]{64}/.test(line))).toEqual([]);
  });
});

describe("the workflow", () => {
  interface Job {
    readonly permissions?: Record<string, string>;
    readonly steps: readonly { readonly uses?: string; readonly run?: string }[];
  }
  const workflow = parse(read(".github/workflows/site.yml")) as {
    on: Record<string, unknown> & { schedule: readonly { cron: string }[] };
    permissions: Record<string, string>;
    jobs: Record<string, Job>;
  };
  const jobs = Object.entries(workflow.jobs);

  it("runs everything that guards the project on push, on pull requests and once a month", () => {
    expect(Object.keys(workflow.on)).toEqual(expect.arrayContaining(["push", "pull_request", "schedule"]));
    expect(workflow.on.schedule.map(({ cron }) => cron)).toEqual([expect.stringMatching(/^\d+ \d+ \d+ \* \*$/)]);
    expect(workflow.jobs.check?.steps.map(({ run }) => run)).toContain(".ci/run");
  });

  it("may read, and only the job that publishes may write pages", () => {
    expect(workflow.permissions).toEqual({ contents: "read" });
    expect(jobs.filter(([, { permissions }]) => permissions !== undefined).map(([name]) => name)).toEqual(["publish"]);
  });

  it("pins every action by hash, with its version beside", () => {
    const lines = read(".github/workflows/site.yml")
      .split("\n")
      .filter((line) => line.includes("uses:"));
    expect(lines.filter((line) => !/uses: actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
    expect(lines).toContainEqual(expect.stringContaining("actions/deploy-pages@"));
  });

  it("tries every Node and Python that README promises", () => {
    const matrix = (workflow.jobs.check as unknown as { strategy: { matrix: { include: { node: string; python: string }[] } } }).strategy
      .matrix;
    expect(new Set(matrix.include.map(({ node }) => node))).toEqual(new Set(["20", "22", "24"]));
    expect(new Set(matrix.include.map(({ python }) => python))).toEqual(new Set(["3.10", "3.11", "3.12", "3.13"]));
  });
});

it("texts have the same line ends everywhere", () => {
  expect(read(".gitattributes")).toMatch(/^\* text=auto eol=lf$/m);
});
