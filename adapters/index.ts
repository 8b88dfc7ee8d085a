import type { Adapter } from "#adapter";
import carefox from "./carefox/adapter.ts";
import combine from "./combine/adapter.ts";
import lifecare from "./lifecare/adapter.ts";
import phoniro from "./phoniro/adapter.ts";
import standard from "./standard/adapter.ts";

/** Every adapter. The runner checks an adapter's settings with its own schema, so their types differ here. */
export const adapters: readonly Adapter[] = [
  lifecare as Adapter,
  combine as Adapter,
  carefox as Adapter,
  phoniro as Adapter,
  standard as Adapter,
];
