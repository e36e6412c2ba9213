/**
 * Formulas to MathML: reads [{ latex, display }] as JSON from standard input, writes the MathML of each,
 * or { error } where KaTeX cannot read one.
 */
import { readFileSync } from "node:fs";
import katex from "katex";

const formulas = JSON.parse(readFileSync(0, "utf8"));
const drawn = formulas.map(({ latex, display }) => {
  try {
    const span = katex.renderToString(latex, { output: "mathml", displayMode: display, throwOnError: true, strict: "ignore" });
    return span.replace(/^<span class="katex">|<\/span>$/g, "");
  } catch (error) {
    return { error: error.message };
  }
});
process.stdout.write(JSON.stringify(drawn));
