import { eagerProblems, exchangeProblems, ringProblems, shotProblems } from "./collectives";
import { copyProblems, networkProblem, scaleUpProblems } from "./exchanges";
import { denseProblems, type LinkProblem } from "./product-fits";
import { solveFit } from "./solver";

/** Constants of a family of products or links, and how far they are from its rows. */
export interface LinkFit {
  readonly problem: LinkProblem;
  /** Fitted and set. */
  readonly constants: Readonly<Record<string, number>>;
  /** Relative standard errors, in the order of the problem's names. */
  readonly relativeErrors: readonly (number | undefined)[];
  /** |predicted / measured - 1| of each row, those held out too. */
  readonly errors: readonly number[];
}

/** Log error beyond which a row counts less and less: a few rows of a table are outliers. */
const softness = 0.1;
const iterations = 120;

/**
 * Fit one family on the rows that are not held out.
 *
 * @throws Error when it has fewer such rows than constants.
 * @example solveLink(denseProblems()[0]).constants.fixedSeconds
 */
export function solveLink(problem: LinkProblem): LinkFit {
  const { names, start, lower, upper, spreads, samples, predict, fixed } = problem;
  const constantsOf = (values: readonly number[]) => ({
    ...fixed,
    ...Object.fromEntries(names.map((name, i) => [name, values[i] as number])),
  });
  const fitted = samples.flatMap(({ held }, i) => (held ? [] : [i]));
  const solution = solveFit({
    names,
    start,
    lower,
    upper,
    priors: start.map((value, i) => {
      const spread = spreads?.[i];
      return spread === undefined ? undefined : { value, spread };
    }),
    measured: fitted.map((i) => (samples[i] as (typeof samples)[0]).seconds),
    predict: (values, seconds) => {
      const constants = constantsOf(values);
      fitted.forEach((i, row) => {
        seconds[row] = predict(constants, i);
      });
    },
    softness,
    iterations,
  });
  const constants = constantsOf(solution.constants);
  const errors = samples.map(({ seconds }, i) => Math.abs(predict(constants, i) / seconds - 1));
  return { problem, constants, relativeErrors: solution.relativeErrors, errors };
}

/**
 * Fit all families of products and links, each after those whose constants it needs.
 *
 * @param progress is told of each family as it is done.
 * @example fitLinks().map(({ problem }) => problem.family)
 */
export function fitLinks(progress: (fit: LinkFit) => void = () => {}): readonly LinkFit[] {
  const fits: LinkFit[] = [];
  const solve = (problem: LinkProblem) => {
    const fit = solveLink(problem);
    fits.push(fit);
    progress(fit);
    return fit;
  };
  const solveAll = (problems: readonly LinkProblem[]) =>
    new Map(
      problems.map((problem) => {
        const { implementation, operation, generation } = problem.family;
        return [`${implementation} ${operation} ${generation}`, solve(problem).constants as never];
      }),
    );
  for (const problem of [...denseProblems(), ...ringProblems(), ...exchangeProblems()]) solve(problem);
  for (const problem of eagerProblems(solveAll(shotProblems()))) solve(problem);
  solve(networkProblem(solveAll(scaleUpProblems())));
  for (const problem of copyProblems()) solve(problem);
  return fits;
}
