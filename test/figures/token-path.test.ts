import { expect, it } from "vitest";
import { layerDrawingFigure } from "../../src/figures/token-path";
import { model, models } from "../../src/model/registry";
import { traces } from "./figure-cases";

const named = (id: string) => {
  const figure = layerDrawingFigure(model(id));
  const [passed, taken] = traces(figure);
  const said = (figure.layout.annotations as { text: string }[]).map(({ text }) => text.replaceAll(/<\/?b>/g, ""));
  return { figure, passed: passed?.x.length, taken: taken?.x.length, said };
};

it("draws every expert of a layer once, those that the token goes through in another colour", () => {
  const { passed, taken, said } = named("deepseek-v3");
  expect([passed, taken]).toEqual([248, 8]);
  expect(said).toEqual([
    "One token: 7,168 numbers",
    "↓ the router picks 8 of 256 experts, orange",
    "↓ each of these, and 1 shared, multiplies it by its matrices",
    "up and gate",
    "4,096 × 7,168",
    "down",
    "7,168 × 2,048",
    "↓ the results are added up: 7,168 numbers",
  ]);
});

it("draws any model of the registry that has experts, in at most 64 columns, and refuses one without", () => {
  const sparse = models().filter(({ routedExperts }) => routedExperts > 1);
  expect(sparse.length).toBeGreaterThan(50);
  for (const one of sparse) {
    const [passed, taken] = traces(layerDrawingFigure(one));
    const places = [passed, taken].flatMap((t) => t?.x.map((x, i) => `${x} ${t.y[i]}`) ?? []);
    expect(new Set(places).size, one.id).toBe(one.routedExperts);
    expect(Math.max(...[passed, taken].flatMap((t) => t?.x ?? [])), one.id).toBeLessThan(64);
  }
  expect(() => layerDrawingFigure(model("llama-3.1-405b"))).toThrow(/has no routed experts to draw/);
});
