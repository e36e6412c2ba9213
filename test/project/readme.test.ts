import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { chineseAnswer, chineseVerdictsText, chineseVerdictTable } from "../../src/claims/chinese/chinese-tables";
import { verdictTable } from "../../src/claims/claim-tables";
import { frontAnswer, trustText, verdictsText } from "../../src/front-page";

const root = join(__dirname, "..", "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

it("README holds the verdict table as the claims give it (npm run readme writes it)", () => {
  expect(readme).toContain(`<!-- verdicts -->\n\n${verdictTable()}\n\n<!-- end of verdicts -->`);
});

it("README holds the answer and how far to trust the model as the code gives them", () => {
  expect(readme).toContain(`<!-- answer -->\n\n**${frontAnswer()}**\n\n<!-- end of answer -->`);
  expect(readme).toContain(`<!-- trust -->\n\n${trustText()}\n\n<!-- end of trust -->`);
  expect(readme).toContain(`<!-- verdicts trust -->\n\n${verdictsText()}\n\n<!-- end of verdicts trust -->`);
});

it("the Chinese README holds the answer and the table of the same claims", () => {
  const chinese = readFileSync(join(root, "README.zh-CN.md"), "utf8");
  expect(chinese).toContain(`<!-- 回答 -->\n\n**${chineseAnswer()}**\n\n<!-- 回答完 -->`);
  expect(chinese).toContain(`<!-- 结论 -->\n\n${chineseVerdictTable()}\n\n<!-- 结论完 -->`);
  expect(chinese).toContain(`<!-- 结论的依据 -->\n\n${chineseVerdictsText()}\n\n<!-- 结论的依据完 -->`);
});

it("both READMEs, CONTRIBUTING and data/README.md link only to files that are there", () => {
  for (const file of ["README.md", "README.zh-CN.md", "CONTRIBUTING.md", "data/README.md"]) {
    const text = readFileSync(join(root, file), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map((match) => match[1] as string);
    for (const link of links) expect(existsSync(join(root, file, "..", link)), `${file}: ${link}`).toBe(true);
  }
});
