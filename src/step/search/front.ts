/** What a deployment gives: the two rates that are held against each other. */
export interface Rates {
  readonly tokensPerSecondPerGpu: number;
  readonly tokensPerSecondPerRequest: number;
}

/** The most tokens for each GPU first; of two alike, the one that gives a request more. */
export function sorted<T extends Rates>(deployments: readonly T[]): readonly T[] {
  return [...deployments].sort(
    (a, b) => b.tokensPerSecondPerGpu - a.tokensPerSecondPerGpu || b.tokensPerSecondPerRequest - a.tokensPerSecondPerRequest,
  );
}

/** Of deployments in falling order of the first rate, those that raise the second. */
export function frontOf<T extends Pick<Rates, "tokensPerSecondPerRequest">>(inOrder: readonly T[]): readonly T[] {
  const front: T[] = [];
  let most = 0;
  for (const one of inOrder) {
    if (one.tokensPerSecondPerRequest <= most) continue;
    most = one.tokensPerSecondPerRequest;
    front.push(one);
  }
  return front;
}

/** Whether rates are above both of a member of a front: of members with less for a GPU, the first gives a request the least. */
export function isBeaten(front: readonly Rates[], { tokensPerSecondPerGpu, tokensPerSecondPerRequest }: Rates): boolean {
  const first = front.find((member) => member.tokensPerSecondPerGpu < tokensPerSecondPerGpu);
  return first !== undefined && first.tokensPerSecondPerRequest < tokensPerSecondPerRequest;
}
