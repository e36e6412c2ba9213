import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { verdictTable } from "../../src/claims/claim-tables";

const root = join(__dirname, "..", "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

it("README holds the verdict table as the claims give it (npm run readme writes it)", () => {
  expect(readme).toContain(`<!-- verdicts -->\n\n${verdictTable()}\n\n<!-- end of verdicts -->`);
});

it("README, CONTRIBUTING and data/README.md link only to files that are there", () => {
  for (const file of ["README.md", "CONTRIBUTING.md", "data/README.md"]) {
    const text = readFileSync(join(root, file), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map((match) => match[1] as string);
    for (const link of links) expect(existsSync(join(root, file, "..", link)), `${file}: ${link}`).toBe(true);
  }
});
