/** The object without some of its properties. */
export function without<From extends object, Key extends keyof From & string>(
  from: From,
  ...keys: Key[]
): Omit<From, Key> {
  const left: readonly string[] = keys;
  // Only the named keys are missing from what it was.
  return Object.fromEntries(Object.entries(from).filter(([key]) => !left.includes(key))) as Omit<From, Key>;
}
