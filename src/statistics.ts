/** A quantile of values in ascending order, in a straight line between neighbours; NaN of no values. */
export function quantile(ascending: readonly number[], share: number): number {
  const position = share * (ascending.length - 1);
  const low = ascending[Math.floor(position)] as number;
  const high = ascending[Math.ceil(position)] as number;
  return low + (high - low) * (position - Math.floor(position));
}
