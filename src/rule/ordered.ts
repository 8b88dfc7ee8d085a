import type { Orders } from "#columns";

/** Whether an order may be a provider's: a unit that nobody has described may be any provider's. */
export function mayBeOrderOf(orders: Orders, order: number, provider: number): boolean {
  return provider < 0 || orders.provider(order) < 0 || orders.provider(order) === provider;
}
