/** A Plotly figure, the sentences that read it, and one that stands in for the picture. */
export interface Figure {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly layout: Readonly<Record<string, unknown>>;
  /** What is drawn, how to read it, what follows. Numbers in it come from the model. */
  readonly caption: string;
  /** For who cannot see the picture: its conclusion in words. */
  readonly alt: string;
  /** What is found, in one sentence that stands above the picture: computed, and true of whatever is drawn. */
  readonly title?: string;
  /** For what it holds: machine, model, format, sizes. */
  readonly setting?: string;
  /** Where the marks that were measured or published are from. */
  readonly source?: string;
  /** For each choice of the figure's first menu, in its order; the first are those of the figure itself. */
  readonly choices?: readonly Choice[];
}

/** What a figure says once its menu shows something else. */
export interface Choice {
  readonly title: string;
  readonly caption: string;
}
